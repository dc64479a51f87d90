import { Cumulative } from './cumulative.ts';
import type { Hours } from './history.ts';
import type { Tally } from './tally.ts';

/** Asked about this often, a row is worth adding up step by step: who evaluates once hardly does, who goes on each minute does. */
const OFTEN = 8;

/** What a row of steps had counted up to any of them: added up anew for each question at first, then kept step by step. */
export class RowSums {
  readonly #row: Hours;
  #sums: Cumulative | null = null;
  #asked = 0;

  constructor(row: Hours) {
    this.#row = row;
  }

  /** Everything in steps that start before a moment. */
  before(atMs: number): Tally {
    this.#asked += 1;
    return this.#sums === null && this.#asked <= OFTEN ? this.#row.before(atMs) : this.each.before(atMs);
  }

  /** Step by step, to be looked at and changed. */
  get each(): Cumulative {
    if (this.#sums === null) {
      this.#sums = new Cumulative();
      for (const step of this.#row.all) this.#sums.set(step.atMs, step);
    }
    return this.#sums;
  }
}
