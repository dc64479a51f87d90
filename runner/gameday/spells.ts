/**
 * The spells of an exercise: each begins when a fault is put where none was, and ends when the last one is lifted. The worst of
 * what was seen at their lifts is what the exercise comes to.
 */
import type { State } from '../../scenarios/quantile.ts';

/** Not known is worse than met: it may have been broken. */
const WORST: readonly State[] = ['met', 'unknown', 'unmet'];
const worse = (a: State, b: State): State => (WORST.indexOf(b) > WORST.indexOf(a) ? b : a);

export class Spells {
  /** Of the present spell; null: nothing was seen at a lift of it yet. */
  #now: State | null = null;
  #worst: State | null = null;
  #told = 0;
  readonly #untold: string[] = [];

  /** A fault is about to be lifted, and this is what is seen of the steady state. */
  see(state: State): void {
    // Right after another lift nobody has looked yet: what was seen before that one still tells.
    if (this.#now === null || this.#now === 'unknown') this.#now = state;
    else if (state !== 'unknown') this.#now = worse(this.#now, state);
  }

  /** Nothing is there any more. @param what was lifted last */
  end(what: string): void {
    const state = this.#now ?? 'unknown';
    if (state === 'unknown') this.#untold.push(what);
    else this.#told += 1;
    this.#worst = this.#worst === null ? state : worse(this.#worst, state);
    this.#now = null;
  }

  /** Of all that are over: `met` when the steady state held at the end of each. */
  get worst(): State {
    return this.#worst ?? 'unknown';
  }

  /** Of which no probe could tell, by what was lifted last; empty where that is so of all of them. */
  get untold(): readonly string[] {
    return this.#told === 0 ? [] : this.#untold;
  }
}
