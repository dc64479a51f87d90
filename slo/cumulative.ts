import { addTallies, EMPTY_TALLY, isEmpty, isZero, subtractTallies, type Tally } from './tally.ts';

/**
 * Steps in the order of time, with what had been counted up to each of them: the sum of any stretch is one subtraction.
 * Whole numbers, so that adding and taking away again is exact.
 */
export class Cumulative {
  #starts: number[] = [];
  /** One more than starts: `#totals[i]` is all that stood before step i. Only differences mean anything. */
  #totals: Tally[] = [EMPTY_TALLY];

  /** Everything in steps that start before a moment. */
  before(atMs: number): Tally {
    return this.#total(this.#index(atMs));
  }

  /** What the step that starts at a moment counted; empty without one. */
  at(atMs: number): Tally {
    const index = this.#index(atMs);
    return this.#starts[index] === atMs ? subtractTallies(this.#total(index + 1), this.#total(index)) : EMPTY_TALLY;
  }

  /** Sets what one step counted, whatever it counted before. Cheap at the end, O(n) further back. */
  set(atMs: number, tally: Tally): void {
    const index = this.#index(atMs);
    const isKnown = this.#starts[index] === atMs;
    if (!isKnown && isEmpty(tally)) return;
    if (!isKnown) {
      this.#starts.splice(index, 0, atMs);
      this.#totals.splice(index, 0, this.#total(index));
    }
    const more = isKnown ? subtractTallies(tally, this.at(atMs)) : tally;
    if (isKnown && isZero(more)) return;
    for (let later = index + 1; later < this.#totals.length; later += 1) {
      this.#totals[later] = addTallies(this.#total(later), more);
    }
  }

  /** Start of the newest step before a moment with a bad event; null without one. */
  lastBad(toMs: number): number | null {
    const { bad } = this.before(toMs);
    // The last step before which one bad event less had been counted.
    let [low, high] = [0, this.#index(toMs)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#total(middle).bad < bad) low = middle + 1;
      else high = middle;
    }
    return this.#starts[low - 1] ?? null;
  }

  dropBefore(atMs: number): void {
    const index = this.#index(atMs);
    this.#starts.splice(0, index);
    this.#totals.splice(0, index);
  }

  #total(index: number): Tally {
    return this.#totals[index] ?? EMPTY_TALLY;
  }

  /** Of the first step that starts at or after a moment. */
  #index(atMs: number): number {
    const starts = this.#starts;
    let [low, high] = [0, starts.length];
    // Most questions are about the newest steps.
    if (high > 0 && (starts[high - 1] ?? 0) < atMs) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
