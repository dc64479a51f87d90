/**
 * What the probes measured in a stretch of time, gathered in one pass over any number of results and in bounded memory:
 * runs and their outcomes for every probe, and figures per bucket of time for the indicators that will be drawn.
 */
import { isTimed } from '../probes/probe.ts';
import type { Result } from '../store/result.ts';
import { momentOf, neverHappened } from './measured/moment.ts';
import { order } from './measured/order.ts';
import { countRun, finishRun, newRunCount, type ProbeRuns, type RunCount } from './measured/runs.ts';
import { addCounts, addEvent, finishSeries, newGathering, type Gathering, type Measured } from './measured/series.ts';

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

/** The round width that cuts a range into at most `most` buckets; a second or more. */
export function bucketWidth(fromMs: number, toMs: number, most = 180): number {
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
  add(result: Result): void;
  finish(): Measurements;
}

export function gatherer({ fromMs, toMs, stepMs, wanted, most }: GatherOptions): Gatherer {
  const runs = new Map<string, RunCount>();
  const series = new Map<string, Map<string, Gathering>>();
  const kept = new Set([...wanted.keys()].slice(0, most));
  const leftOut = new Set<string>();
  const bucketMs = bucketWidth(fromMs, toMs);
  // A run of the range may end, or have begun, beyond it.
  const place = (ms: number) => {
    const atMs = Math.min(Math.max(ms, fromMs), Math.max(fromMs, toMs - 1));
    return { atMs, bucket: Math.floor((atMs - fromMs) / bucketMs) };
  };

  const keeps = (probe: string): boolean => {
    if (kept.has(probe)) return true;
    if (kept.size >= most) leftOut.add(probe);
    else kept.add(probe);
    return kept.has(probe);
  };

  const seriesOf = (result: Result, indicator: string): Gathering => {
    const own = series.get(result.probe) ?? new Map<string, Gathering>();
    series.set(result.probe, own);
    const entry = own.get(indicator) ?? newGathering(result, indicator);
    own.set(indicator, entry);
    return entry;
  };

  const addReadings = (result: Result): void => {
    for (const reading of result.readings) {
      if (!isTimed(reading)) continue;
      const entry = seriesOf(result, reading.indicator);
      const moment = place(momentOf(reading, result, stepMs));
      if (reading.type === 'counts') addCounts(entry, reading, moment.bucket);
      else addEvent(entry, reading.ms, { ...moment, run: result });
    }
    const expected = new Set([...(wanted.get(result.probe) ?? []), ...(series.get(result.probe)?.keys() ?? [])]);
    for (const indicator of expected) {
      if (!neverHappened(result, indicator)) continue;
      addEvent(seriesOf(result, indicator), null, { ...place(result.scheduledMs), run: result });
    }
  };

  return {
    add(result) {
      if (result.cadence === 'once') return;
      const run = runs.get(result.probe) ?? newRunCount(result, fromMs);
      runs.set(result.probe, run);
      countRun(run, result);
      if (result.readings.length === 0 && result.outcome !== 'bad') return;
      if (keeps(result.probe)) addReadings(result);
    },
    finish() {
      return {
        runs: [...runs.values()].map((run) => finishRun(run, toMs)).toSorted((a, b) => order(a.probe, b.probe)),
        measured: [...series.values()]
          .flatMap((own) => [...own.values()])
          .filter(({ total }) => total.events > 0)
          .map((entry) => finishSeries(entry, { fromMs, toMs, bucketMs }))
          .toSorted(
            (a, b) => order(a.service, b.service) || order(a.probe, b.probe) || order(a.indicator, b.indicator),
          ),
        leftOut: [...leftOut].toSorted(order),
      };
    },
  };
}
