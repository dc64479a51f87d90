/** A request as it is about to leave, for those who sign it. */
export interface Unsigned {
  readonly method: string;
  readonly url: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Wall-clock ms, for timestamps. */
  readonly nowMs: number;
}

type Texts = Readonly<Record<string, string>>;

/** Headers to add, or `{ headers, query }` where a venue wants its signature in the address. */
export type Signature = Texts | { readonly headers?: Texts; readonly query?: Texts };

/** `secrets`: the probe's own, filled in from the environment. */
export type Sign = (request: Unsigned, secrets: Texts) => Signature | Promise<Signature>;

/** @throws TypeError when the function gave back something else */
export function partsOf(signature: unknown): { readonly headers: Texts; readonly query: Texts } {
  if (typeof signature !== 'object' || signature === null) throw new TypeError('it gave back no headers');
  const { headers, query, ...others } = { headers: undefined, query: undefined, ...signature };
  const isParted = typeof headers === 'object' || typeof query === 'object';
  if (!isParted) return { headers: texts(signature), query: {} };
  if (Object.keys(others).length > 0) throw new TypeError('it gave back headers or a query, and something else');
  return { headers: texts(headers ?? {}), query: texts(query ?? {}) };
}

function texts(group: object): Texts {
  return Object.fromEntries(
    Object.entries(group).map(([name, value]: readonly [string, unknown]) => {
      if (typeof value !== 'string') throw new TypeError(`its ${name} is no text`);
      return [name, value];
    }),
  );
}
