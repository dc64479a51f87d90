/** A number this far behind is no late tick: the exchange began to count anew. */
const RESTART = 1000;
/** Symbols that are followed; a venue that invents symbols must not eat the memory. */
const MOST_SYMBOLS = 10_000;
/** Symbols that are named in a run's values, those with the most missing first. */
const MOST_NAMED = 20;

class Followed {
  last: number;
  gaps = 0;
  missed = 0;
  duplicates = 0;
  reorders = 0;

  constructor(last: number) {
    this.last = last;
  }

  take(sequence: number): void {
    const step = sequence - this.last;
    if (step === 1) {
      this.last = sequence;
    } else if (step === 0) {
      this.duplicates++;
    } else if (step > 1) {
      this.gaps++;
      this.missed += step - 1;
      this.last = sequence;
    } else if (step > -RESTART) {
      // It had been taken for missing.
      this.reorders++;
      if (this.missed > 0) this.missed--;
    } else {
      // Counting began anew, there or (NaN) here.
      this.last = sequence;
    }
  }

  reset(): void {
    this.gaps = this.missed = this.duplicates = this.reorders = 0;
  }
}

/** Follows the contiguous numbers of each symbol. */
export class Sequences {
  private readonly symbols = new Map<string, Followed>();

  take(symbol: string, sequence: number): void {
    const followed = this.symbols.get(symbol);
    if (followed !== undefined) followed.take(sequence);
    else if (this.symbols.size < MOST_SYMBOLS) this.symbols.set(symbol, new Followed(sequence));
  }

  /** After a reconnection nobody promised that the numbers go on. */
  forget(): void {
    for (const followed of this.symbols.values()) followed.last = Number.NaN;
  }

  /** The counts since the last drain, summed and for each symbol that has any: `gaps`, `gaps:BTCUSD`, … */
  drain(): Readonly<Record<string, number>> {
    const sum = { gaps: 0, missed: 0, duplicates: 0, reorders: 0 };
    const values: Record<string, number> = {};
    const ill = [...this.symbols].filter(([, { gaps, duplicates, reorders }]) => gaps + duplicates + reorders > 0);
    for (const [index, [symbol, followed]] of ill.toSorted(([, a], [, b]) => b.missed - a.missed).entries()) {
      for (const what of ['gaps', 'missed', 'duplicates', 'reorders'] as const) {
        sum[what] += followed[what];
        if (index < MOST_NAMED && followed[what] > 0) values[`${what}:${symbol}`] = followed[what];
      }
      followed.reset();
    }
    return { ...sum, ...values };
  }
}
