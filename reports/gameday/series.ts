/** From runs of probes to what a game-day's journal keeps of them, and its report draws. */
import { isTimed } from '../../probes/probe.ts';
import type { MeasuredSeries } from '../../scenarios/journal.ts';
import type { Result } from '../../store/result.ts';
import { momentOf, neverHappened } from '../../store/measures/moment.ts';
import { thin } from '../thin.ts';

export interface SeriesOptions {
  /** Length of a tally step. */
  readonly stepMs: number;
  /** Probe → indicators that it is to measure: a bad run without one of them is an event that never happened. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
}

export interface SeriesGatherer {
  add(result: Result): void;
  /** What came in since the last time, at most about `most` points a series. */
  take(most?: number): readonly MeasuredSeries[];
}

interface Gathering {
  readonly probe: string;
  readonly indicator: string;
  runs: MeasuredSeries['runs'][number][];
  counts: MeasuredSeries['counts'][number][];
}

export function gatherSeries({ stepMs, wanted }: SeriesOptions): SeriesGatherer {
  const all = new Map<string, Gathering>();
  const of = (probe: string, indicator: string): Gathering => {
    const key = `${probe}\n${indicator}`;
    const found = all.get(key) ?? { probe, indicator, runs: [], counts: [] };
    all.set(key, found);
    return found;
  };
  return {
    add(result) {
      const { probe, outcome, readings, scheduledMs } = result;
      for (const indicator of wanted.get(probe) ?? []) of(probe, indicator);
      for (const reading of readings) {
        if (!isTimed(reading)) continue;
        const series = of(probe, reading.indicator);
        const atMs = Math.round(momentOf(reading, result, stepMs));
        if (reading.type === 'duration') series.runs.push([atMs, fine(reading.ms), outcome === 'bad']);
        else if (reading.valid > 0) {
          series.counts.push([atMs, fine(reading.p50Ms), fine(reading.p99Ms), fine(reading.maxMs)]);
        }
      }
      for (const series of all.values()) {
        if (series.probe === probe && neverHappened(result, series.indicator)) {
          series.runs.push([Math.round(scheduledMs), null, true]);
        }
      }
    },
    take(most = Number.POSITIVE_INFINITY) {
      const taken = [...all.values()].flatMap(({ probe, indicator, runs, counts }): readonly MeasuredSeries[] => {
        if (runs.length === 0 && counts.length === 0) return [];
        const troubles = runs.flatMap(([, , isBad], index) => (isBad ? [index] : [])).slice(0, most);
        return [
          {
            probe,
            indicator,
            runs: thinned(runs, ([, ms]) => ms, most, troubles),
            counts: thinned(counts, ([, , , maxMs]) => maxMs, most, []),
          },
        ];
      });
      for (const series of all.values()) Object.assign(series, { runs: [], counts: [] });
      return taken;
    },
  };
}

/** Nothing finer than a microsecond was measured. */
function fine(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}

/** First, last, smallest and largest of each stretch, and what must not be lost. */
function thinned<Row>(
  rows: readonly Row[],
  value: (row: Row) => number | null,
  most: number,
  kept: readonly number[],
): readonly Row[] {
  if (rows.length <= most) return rows;
  const places = thin(
    rows.map((row, index) => [index, value(row)]),
    most,
  ).map(([index]) => index);
  const wanted = new Set([...places, ...kept]);
  return rows.filter((_, index) => wanted.has(index));
}

/** Each series as a whole, in the order in which they first came. */
export function joined(parts: readonly MeasuredSeries[]): readonly MeasuredSeries[] {
  const groups = Map.groupBy(parts, ({ probe, indicator }) => `${probe}\n${indicator}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { probe, indicator } = first;
    const [runs, counts] = [group.flatMap((each) => each.runs), group.flatMap((each) => each.counts)];
    return [{ probe, indicator, runs, counts }];
  });
}

/** Of all runs at once: also those count as never happened that came before the first that measured it. */
export function seriesOf(results: readonly Result[], { stepMs, wanted }: SeriesOptions): readonly MeasuredSeries[] {
  const known = new Map([...wanted].map(([probe, indicators]) => [probe, new Set(indicators)]));
  for (const { probe, readings } of results) {
    const indicators = known.get(probe) ?? new Set();
    for (const reading of readings) if (isTimed(reading)) indicators.add(reading.indicator);
    known.set(probe, indicators);
  }
  const all = new Map([...known].map(([probe, indicators]) => [probe, [...indicators]] as const));
  const gathering = gatherSeries({ stepMs, wanted: all });
  for (const result of results) gathering.add(result);
  return gathering.take();
}
