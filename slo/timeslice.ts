/**
 * Medians. As an event budget a median has T = 0.50, which can never burn faster than 2×, so time is cut into slices, each
 * judged by its own median, and the promise is about the share of good slices.
 */
import { compare, fromNumber, rational, type Rational } from './decimal.ts';
import { consumed, type Share } from './budget.ts';
import { nearestRank, type Sample } from './percentile.ts';

export type SliceVerdict = 'good' | 'bad' | 'no-data';

/** A slice is good iff its median is at or below the limit; without samples it is neither good nor bad. */
export function judgeSlice(samples: readonly Sample[], limitMs: number, q: Rational = rational(1, 2)): SliceVerdict {
  const median = nearestRank(samples, q);
  if (median === null) return 'no-data';
  if (median === Number.POSITIVE_INFINITY) return 'bad';
  return compare(fromNumber(median), fromNumber(limitMs)) <= 0 ? 'good' : 'bad';
}

export interface SliceCounts {
  readonly good: bigint;
  readonly bad: bigint;
  readonly noData: bigint;
}

export function countSlices(verdicts: Iterable<SliceVerdict>): SliceCounts {
  const counts = { good: 0n, bad: 0n, noData: 0n };
  for (const verdict of verdicts) counts[verdict === 'no-data' ? 'noData' : verdict] += 1n;
  return counts;
}

export interface SliceBudget {
  readonly share: Share;
  readonly consumed: Rational | null;
  /** Slices with data ÷ all slices; null without slices. */
  readonly coverage: Rational | null;
}

export function sliceBudget(counts: SliceCounts, outerTarget: Rational): SliceBudget {
  const valid = counts.good + counts.bad;
  const all = valid + counts.noData;
  const share = { bad: counts.bad, valid };
  return { share, consumed: consumed(share, outerTarget), coverage: all === 0n ? null : { num: valid, den: all } };
}
