/** Quantiles of any number of samples in bounded memory, for charts and text; judgements use exact counts. */
export interface Quantiles {
  add(value: number, weight?: number): void;
  /** Takes in all samples of another one. */
  merge(other: Pick<Quantiles, 'parts' | 'samples' | 'max' | 'min'>): void;
  /** By nearest rank, within 0.5 % of the true sample; null without samples. */
  at(q: number): number | null;
  /** The sample of this rank, from 1 for the smallest; the same precision. */
  atRank(rank: number): number | null;
  /** What `merge` reads, and what is kept of it. */
  readonly parts: Parts;
  readonly samples: number;
  readonly max: number | null;
  readonly min: number | null;
}

/** All that there is to a sketch besides its extremes. */
export interface Parts {
  readonly bins: ReadonlyMap<number, number>;
  /** Samples below the smallest bin. */
  readonly low: number;
}

// Bins grow by 1 %, so that the middle of one is within 0.5 % of anything in it.
const GROWTH = Math.log(1.01);
// Below a microsecond (and for ages that a skewed clock makes negative) there is one bin: the smallest sample stands for it.
const FLOOR = 1e-3;

export function quantiles(): Quantiles {
  const bins = new Map<number, number>();
  let low = 0;
  let samples = 0;
  let max: number | null = null;
  let min: number | null = null;

  const within = (value: number) => Math.min(max ?? value, Math.max(min ?? value, value));

  const atRank = (rank: number): number | null => {
    if (samples === 0 || rank >= samples) return max;
    let seen = low;
    if (seen >= rank) return min;
    for (const bin of [...bins.keys()].toSorted((a, b) => a - b)) {
      seen += bins.get(bin) ?? 0;
      if (seen >= rank) return within(Math.exp((bin + 0.5) * GROWTH));
    }
    return max;
  };

  return {
    add(value, weight = 1) {
      if (!Number.isFinite(value) || weight <= 0) return;
      samples += weight;
      max = max === null ? value : Math.max(max, value);
      min = min === null ? value : Math.min(min, value);
      if (value < FLOOR) {
        low += weight;
        return;
      }
      const bin = Math.floor(Math.log(value) / GROWTH);
      bins.set(bin, (bins.get(bin) ?? 0) + weight);
    },
    merge(other) {
      for (const [bin, weight] of other.parts.bins) bins.set(bin, (bins.get(bin) ?? 0) + weight);
      low += other.parts.low;
      samples += other.samples;
      if (other.max !== null) max = Math.max(max ?? other.max, other.max);
      if (other.min !== null) min = Math.min(min ?? other.min, other.min);
    },
    get parts() {
      return { bins, low };
    },
    at: (q) => atRank(Math.max(1, Math.ceil(q * samples))),
    atRank,
    get samples() {
      return samples;
    },
    get max() {
      return max;
    },
    get min() {
      return min;
    },
  };
}
