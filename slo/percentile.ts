/** Percentiles over samples that may weigh differently and may never have ended. */
import { add, compare, fromNumber, multiply, rational, subtract, ZERO, type Rational } from './decimal.ts';
import { binomialCdf } from './interval.ts';

export interface Sample {
  /** Null = never happened: +∞. */
  readonly ms: number | null;
  /** Events, or time stood for; not negative. */
  readonly weight: bigint;
}

interface Ended {
  readonly ms: number;
  readonly weight: bigint;
}

function ascending(samples: readonly Sample[]): Ended[] {
  return samples
    .filter((sample) => sample.weight > 0n)
    .map((sample) => ({ ms: sample.ms ?? Number.POSITIVE_INFINITY, weight: sample.weight }))
    .toSorted((a, b) => (a.ms === b.ms ? 0 : a.ms < b.ms ? -1 : 1));
}

export function totalWeight(samples: readonly Sample[]): bigint {
  return samples.reduce((sum, sample) => sum + sample.weight, 0n);
}

/**
 * Nearest rank, x(⌈q·n⌉): the smallest value at or below which at least q of the weight lies. `Infinity` when that sample
 * never ended, null without samples. It is within a limit exactly when the share within that limit is at least q.
 * @param q in (0, 1)
 */
export function nearestRank(samples: readonly Sample[], q: Rational): number | null {
  const needed = multiply(q, rational(totalWeight(samples)));
  let below = 0n;
  for (const sample of ascending(samples)) {
    below += sample.weight;
    if (compare(rational(below), needed) >= 0) return sample.ms;
  }
  return null;
}

/**
 * The linear interpolation that numpy's, R's and Prometheus' users expect. Shown beside the nearest rank and never judged
 * by: it may fail a window that keeps its promise. Null while a sample never ended, and without samples.
 * @param samples their weights are counts
 */
export function type7(samples: readonly Sample[], q: Rational): Rational | null {
  const sorted = ascending(samples);
  const count = totalWeight(sorted);
  if (count === 0n || sorted.at(-1)?.ms === Number.POSITIVE_INFINITY) return null;
  const position = multiply(q, rational(count - 1n));
  const rank = position.num / position.den;
  const lower = valueAt(sorted, rank);
  const upper = valueAt(sorted, rank + 1n);
  return add(lower, multiply(subtract(position, rational(rank)), subtract(upper, lower)));
}

/** The value at a zero-based rank; past the end, the last one. */
function valueAt(sorted: readonly Ended[], rank: bigint): Rational {
  let below = 0n;
  let value = ZERO;
  for (const sample of sorted) {
    below += sample.weight;
    value = fromNumber(sample.ms);
    if (below > rank) break;
  }
  return value;
}

export interface RankInterval {
  /** 1-based ranks into the sorted sample; null: no finite bound at this confidence. */
  readonly lowerRank: number | null;
  readonly upperRank: number | null;
  /** P(the quantile lies between them), at least the confidence asked for. */
  readonly coverage: number;
}

/**
 * The distribution-free interval of a quantile: order statistics, equal tails. With B ~ Binomial(n, q), the lower rank is
 * the largest l with P(B < l) ≤ α/2, the upper the smallest u with P(B < u) ≥ 1 − α/2.
 */
export function rankInterval(n: number, q: number, confidence = 0.95): RankInterval {
  const tail = (1 - confidence) / 2;
  const under = (rank: number): number => binomialCdf(rank - 1, n, q);
  // `under` never falls with the rank: both bounds are found by halving.
  const lower = firstRank(n + 1, (rank) => under(rank) > tail) - 1;
  const upper = firstRank(n + 1, (rank) => under(rank) >= 1 - tail);
  const lowerRank = lower < 1 ? null : lower;
  const upperRank = upper > n ? null : upper;
  const coverage = (upperRank === null ? 1 : under(upperRank)) - (lowerRank === null ? 0 : under(lowerRank));
  return { lowerRank, upperRank, coverage };
}

/** The smallest integer in [1, end] that satisfies a condition which, once true, stays true; `end` when none below does. */
export function firstRank(end: number, holds: (rank: number) => boolean): number {
  let [low, high] = [1, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
