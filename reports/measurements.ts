/**
 * What the probes measured in a stretch of time, gathered in one pass over any number of results and in bounded memory:
 * runs and their outcomes for every probe, and figures per bucket of time for the indicators that will be drawn.
 */
import {
  addReadings,
  countRun,
  mergeReadings,
  mergeRuns,
  newMeasure,
  type Grid,
  type Measure,
  type MeasurePart,
} from '../store/measures/measure.ts';
import type { Result } from '../store/result.ts';
import type { Stretch } from '../store/rules.ts';
import { order } from './measured/order.ts';
import { finishRun, type ProbeRuns } from './measured/runs.ts';
import { finishSeries, missingSingles, MOST_SINGLES, type Measured } from './measured/series.ts';

export type { ProbeRuns } from './measured/runs.ts';
export type { Bucket, Measured } from './measured/series.ts';

export interface Measurements {
  readonly runs: readonly ProbeRuns[];
  readonly measured: readonly Measured[];
  /** Probes with readings that were not kept because `most` was reached. */
  readonly leftOut: readonly string[];
}

const SECOND = 1000;
const WIDTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * SECOND,
);

/**
 * The round width that cuts a range into about `most` buckets at most; a second or more. Buckets are counted from the
 * beginning of time, so that those of hours and days are hours and days of the clock.
 */
function bucketWidth(fromMs: number, toMs: number, most = 180): number {
  const longest = WIDTHS.at(-1) ?? SECOND;
  return (
    WIDTHS.find((width) => (toMs - fromMs) / width <= most) ?? Math.ceil((toMs - fromMs) / most / longest) * longest
  );
}

export interface GatherOptions {
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of a tally step. */
  readonly stepMs: number;
  /** Probes to keep series of, most wanted first, with the indicators they are to measure; others follow while there is room. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
  /** Most probes that series are kept of. */
  readonly most: number;
}

export interface Gatherer {
  readonly bucketMs: number;
  /** In order of time, as are the stretches that are taken. */
  add(result: Result): void;
  /** What a probe measured in a whole hour or day, added up before. */
  take(measure: MeasurePart, stretch: Stretch): void;
  /** Of series that will be drawn event by event, where events are missing; to be read and given to `complete`. */
  missing(): readonly (Stretch & { readonly probe: string })[];
  complete(results: readonly Result[], stretch: Stretch): void;
  finish(): Measurements;
}

export function gatherer({ fromMs, toMs, stepMs, wanted, most }: GatherOptions): Gatherer {
  const measures = new Map<string, Measure>();
  const chosen = choice([...wanted.keys()].slice(0, most), most);
  const bucketMs = bucketWidth(fromMs, toMs);
  // A run of the range may end, or have begun, beyond it.
  const placeOf = (atMs: number) => Math.min(Math.max(atMs, fromMs), Math.max(fromMs, toMs - 1));
  const cellOf = (atMs: number) => Math.floor(placeOf(atMs) / bucketMs) * bucketMs;
  const grid: Grid = { cellOf, placeOf, stepMs, mostSingles: MOST_SINGLES };

  const measureOf = (of: Pick<Measure, 'probe' | 'kind' | 'service'>): Measure => {
    let own = measures.get(of.probe);
    if (own === undefined) measures.set(of.probe, (own = newMeasure(of, fromMs)));
    return own;
  };

  const keeps = (probe: string): boolean => {
    const { isKept, dropped } = chosen.take(probe);
    if (dropped !== null) {
      measures.get(dropped)?.series.clear();
      measures.get(dropped)?.lacks.clear();
    }
    return isKept;
  };

  const indicatorsOf = ({ probe, series }: Measure): ReadonlySet<string> =>
    chosen.has(probe) ? new Set([...(wanted.get(probe) ?? []), ...series.keys()]) : new Set();

  return {
    bucketMs,
    add(result) {
      if (result.cadence === 'once') return;
      const measure = measureOf(result);
      countRun(measure, result);
      if (result.readings.length === 0 && result.outcome !== 'bad') return;
      if (keeps(result.probe)) addReadings(measure, result, grid);
    },
    take(part, stretch) {
      const measure = measureOf(part);
      mergeRuns(measure, part);
      if (part.isDrawn && keeps(part.probe)) mergeReadings(measure, part, grid, stretch);
    },
    missing() {
      return [...measures.values()].flatMap((measure) => {
        const gaps = [...indicatorsOf(measure)].flatMap((indicator) => missingSingles(measure, indicator));
        return [...new Set(gaps)].map((gap) => ({ probe: measure.probe, ...gap }));
      });
    },
    complete(results, { fromMs, toMs }) {
      const own = measures.get(results[0]?.probe ?? '');
      if (own === undefined || results[0] === undefined) return;
      const part = newMeasure(results[0], fromMs);
      for (const result of results) {
        if (result.cadence !== 'once') addReadings(part, result, { ...grid, mostSingles: Number.POSITIVE_INFINITY });
      }
      for (const [key, { each, gaps }] of [...own.series, ...own.lacks]) {
        if (!gaps.some((gap) => gap.fromMs === fromMs && gap.toMs === toMs)) continue;
        each?.push(...((part.series.get(key) ?? part.lacks.get(key))?.each ?? []));
      }
    },
    finish() {
      return {
        measured: [...measures.values()]
          .flatMap((measure) =>
            [...indicatorsOf(measure)].map((each) => finishSeries(measure, each, { fromMs, toMs, bucketMs })),
          )
          .filter((measured) => measured !== null)
          .toSorted(
            (a, b) => order(a.service, b.service) || order(a.probe, b.probe) || order(a.indicator, b.indicator),
          ),
        runs: [...measures.values()].map((each) => finishRun(each, toMs)).toSorted((a, b) => order(a.probe, b.probe)),
        leftOut: chosen.leftOut().toSorted(order),
      };
    },
  };
}

/**
 * The probes that series are kept of: those that are wanted, then the first ones by name, in whatever order they are met. A
 * probe that was dropped, or never taken, does not come back, because from then on none after it is taken.
 */
function choice(first: readonly string[], most: number) {
  const kept = new Set(first);
  const more = new Set<string>();
  const leftOut = new Set<string>();
  return {
    has: (probe: string): boolean => kept.has(probe) || more.has(probe),
    leftOut: (): readonly string[] => [...leftOut],
    take(probe: string): { readonly isKept: boolean; readonly dropped: string | null } {
      if (kept.has(probe) || more.has(probe)) return { isKept: true, dropped: null };
      if (kept.size + more.size < most && !leftOut.has(probe)) {
        more.add(probe);
        return { isKept: true, dropped: null };
      }
      const last = [...more].reduce<string | null>((a, b) => (a === null || order(b, a) > 0 ? b : a), null);
      if (last === null || order(probe, last) > 0) {
        leftOut.add(probe);
        return { isKept: false, dropped: null };
      }
      more.delete(last);
      leftOut.add(last);
      more.add(probe);
      return { isKept: true, dropped: last };
    },
  };
}
