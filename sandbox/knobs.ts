import type { z } from 'zod';

export type Patched<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** What can be turned while a process runs. Every change is validated as a whole before any of it takes effect. */
export class Knobs<T extends object> {
  readonly #schema: z.ZodType<T>;
  readonly #start: T;
  #current: T;

  /** `start`: the values to begin with and to come back to; missing ones take the schema's defaults. */
  constructor(schema: z.ZodType<T>, start: object) {
    this.#schema = schema;
    this.#start = schema.parse(start);
    this.#current = this.#start;
  }

  get current(): T {
    return this.#current;
  }

  patch(change: unknown): Patched<T> {
    if (typeof change !== 'object' || change === null || Array.isArray(change)) {
      return { ok: false, message: 'expected a JSON object of knobs' };
    }
    const parsed = this.#schema.safeParse({ ...this.#current, ...change });
    if (!parsed.success) return { ok: false, message: problems(parsed.error) };
    this.#current = parsed.data;
    return { ok: true, value: parsed.data };
  }

  reset(): void {
    this.#current = this.#start;
  }
}

/** `errorRatio: Too big: expected number to be <=1; Unrecognized key: "bogus"`. */
export function problems(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`))
    .join('; ');
}
