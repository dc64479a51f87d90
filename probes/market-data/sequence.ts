/** A number this far behind is no late tick: the exchange began to count anew. */
const RESTART = 1000;

export interface SequenceCounts {
  /** Places where numbers are missing. */
  readonly gaps: number;
  /** Numbers that are missing, less those that came late. */
  readonly missed: number;
  readonly duplicates: number;
  readonly reorders: number;
}

/** Follows the contiguous numbers of one symbol. A tick has one number, or a range of them. */
export class Sequence {
  /** NaN: nothing came since counting began. */
  last = Number.NaN;
  gaps = 0;
  missed = 0;
  duplicates = 0;
  reorders = 0;

  take(first: number, last: number): void {
    const step = first - this.last;
    if (step === 1) {
      this.last = last;
    } else if (step > 1) {
      this.gaps++;
      this.missed += step - 1;
      this.last = last;
    } else if (last === this.last || (step <= 0 && last > this.last)) {
      // The same again, or a range of which a part had come before.
      this.duplicates++;
      this.last = last;
    } else if (last - this.last > -RESTART) {
      // It had been taken for missing.
      this.reorders++;
      this.missed = Math.max(0, this.missed - (last - first + 1));
    } else {
      // Counting began anew, there or (NaN) here.
      this.last = last;
    }
  }

  /** After a reconnection nobody promised that the numbers go on. */
  forget(): void {
    this.last = Number.NaN;
  }

  /** The counts since the last drain. */
  drain(): SequenceCounts {
    const { gaps, missed, duplicates, reorders } = this;
    this.gaps = this.missed = this.duplicates = this.reorders = 0;
    return { gaps, missed, duplicates, reorders };
  }
}
