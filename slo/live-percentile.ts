/** The percentile of a row's sliding window, and whether it has regressed: what only samples can tell. */
import { decimal, divide, fromNumber, rational, toNumber, type Rational } from './decimal.ts';
import { nearestRank, rankInterval, totalWeight, type Sample } from './percentile.ts';
import { hasLatencyRegressed } from './regression.ts';
import type { LivePercentile, LiveWindow, Status } from './status.ts';
import { kish } from './weighted.ts';

/** Samples of the sliding window by split; '' without splits. */
export type SlidingSamples = ReadonlyMap<string, readonly Sample[]>;

/** Adds what the samples say to a percentile row's status. A split that is null takes all of them: the row's own figure. */
export function withPercentile(status: Status, samples: SlidingSamples): Status {
  const { objective, live, own, splits, worstSplit } = status;
  if (live === null || objective.sli.type !== 'threshold') return status;
  const q = decimal(objective.target);
  const of = (window: LiveWindow | null, split: string | null): LiveWindow | null =>
    window === null ? null : { ...window, percentile: livePercentile(samplesOf(samples, split), q) };
  const governing = of(live, worstSplit?.split ?? '');
  const detailed = splits.map((split) => ({ ...split, live: of(split.live, split.split) }));
  const limit = fromNumber(objective.sli.ms);
  const percentile = governing?.percentile ?? null;
  return {
    ...status,
    live: governing,
    own: own === null ? null : { ...own, live: of(own.live, null) },
    splits: detailed,
    worstSplit: detailed.find(({ split }) => split === worstSplit?.split) ?? null,
    regression:
      live.pass === true || percentile === null
        ? status.regression
        : hasLatencyRegressed(percentile.ms === null ? null : fromNumber(percentile.ms), limit),
  };
}

function samplesOf(samples: SlidingSamples, split: string | null): readonly Sample[] {
  return split === null ? [...samples.values()].flat() : (samples.get(split) ?? []);
}

/**
 * The interval's ranks are those of as many equally weighted samples as these are worth (Kish), taken as shares of the
 * weight: with equal weights, exactly the order statistics.
 */
export function livePercentile(samples: readonly Sample[], q: Rational): LivePercentile | null {
  const weighing = samples.filter(({ weight }) => weight > 0n);
  const value = nearestRank(weighing, q);
  if (value === null) return null;
  const squares = weighing.reduce((sum, { weight }) => sum + weight ** 2n, 0n);
  const worth = kish(rational(totalWeight(weighing)), rational(squares));
  const n = worth === null ? 0 : Number(worth.num / worth.den);
  const { lowerRank, upperRank } = rankInterval(n, toNumber(q));
  const at = (rank: number | null): number | null =>
    rank === null ? null : finite(nearestRank(weighing, divide(rational(rank), rational(n))));
  return { ms: finite(value), samples: weighing.length, lowerMs: at(lowerRank), upperMs: at(upperRank) };
}

function finite(ms: number | null): number | null {
  return ms === null || !Number.isFinite(ms) ? null : ms;
}
