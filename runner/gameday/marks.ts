/** The moments of one exercise: what was measured, and what people said. Times are monotonic ms since its start. */
import type { GoalMark } from '../../scenarios/charter.ts';
import type { MarkName } from '../../scenarios/journal.ts';
import type { Journal } from './journal.ts';

export class Marks {
  readonly #journal: Journal;
  readonly #sinceStartMs: () => number;
  readonly #since: { readonly since?: 'began' };
  readonly #measured = new Map<MarkName, number>();
  readonly #first = new Map<MarkName, number>();
  #originMs: number | null = null;

  /** @param isDrill nothing is injected: the clock counts from the beginning */
  constructor(journal: Journal, sinceStartMs: () => number, isDrill = false) {
    this.#journal = journal;
    this.#sinceStartMs = sinceStartMs;
    this.#since = isDrill ? { since: 'began' } : {};
  }

  /** The first injection, or the beginning of a drill without one: zero of all marks. Null: not yet. */
  get originMs(): number | null {
    return this.#originMs;
  }

  begin(atMs: number): void {
    this.#originMs ??= atMs;
  }

  has(what: MarkName): boolean {
    return this.#measured.has(what);
  }

  /** When it was measured; null: it was not. */
  measuredAtMs(what: MarkName): number | null {
    return this.#measured.get(what) ?? null;
  }

  /** By whoever was the first to tell, machine or person. */
  firstAtMs(what: GoalMark): number | null {
    return this.#first.get(what) ?? null;
  }

  sinceOrigin(atMs: number): number {
    return atMs - (this.#originMs ?? atMs);
  }

  /** Each once: the first time is the one that counts. */
  async set(what: MarkName, source: string, uncertaintyMs: number, atMs?: number): Promise<void> {
    const momentMs = atMs ?? this.#sinceStartMs();
    const isFirst = !this.#measured.has(what);
    if (isFirst) this.#measured.set(what, momentMs);
    else if (what !== 'injected' && what !== 'lifted') return;
    this.#noticed(what, momentMs);
    const after = { afterMs: this.sinceOrigin(momentMs), ...this.#since };
    await this.#journal.append({ type: 'mark', what, source, uncertaintyMs, ...after });
  }

  /** It may come about again, and then counts anew. */
  reopen(what: MarkName): void {
    this.#measured.delete(what);
  }

  /** Somebody says so: beside what is measured, never instead of it. */
  async said(what: MarkName, by: string, note: string | null, how = 'by hand'): Promise<void> {
    const momentMs = this.#sinceStartMs();
    const after = this.#originMs === null ? {} : { afterMs: this.sinceOrigin(momentMs), ...this.#since };
    if (this.#originMs !== null) this.#noticed(what, momentMs);
    const source = note === null ? `${by}, ${how}` : `${by}, ${how}: ${note}`;
    await this.#journal.append({ type: 'mark', what, source, uncertaintyMs: 0, ...after, by, note });
  }

  #noticed(what: MarkName, atMs: number): void {
    this.#first.set(what, Math.min(this.#first.get(what) ?? atMs, atMs));
  }
}
