/**
 * What the probes measured in a stretch of time, gathered in one pass over any number of results and in bounded memory:
 * runs and their outcomes for every probe, and figures per bucket of time for the indicators that will be drawn.
 */
import type { Indicator, Reading } from '../probes/probe.ts';
import { runsOf, type Result } from '../store/result.ts';
import { quantiles, type Quantiles } from './quantiles.ts';
import type { Point } from './thin.ts';

/** How the runs of one probe ended. Runs asked for by hand are not among them. */
export interface ProbeRuns {
  readonly probe: string;
  readonly kind: string;
  readonly service: string;
  readonly good: number;
  readonly bad: number;
  readonly excluded: number;
  readonly faults: number;
  readonly skipped: number;
  /** Reason code → how many bad, faulty and skipped runs gave it. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Cadence → runs scheduled at it. */
  readonly cadences: Readonly<Record<string, number>>;
  /** Longest stretch within the report's range in which no run was even due; from its start. */
  readonly longestSilence: { readonly fromMs: number; readonly ms: number };
}

/** One bucket. `upperMs` is the p95 of single durations; of events that were only counted, the worst p99 of a reading. */
export interface Bucket {
  readonly atMs: number;
  readonly events: number;
  readonly p50Ms: number | null;
  readonly upperMs: number | null;
  readonly maxMs: number | null;
  /** Events that never happened: +∞. */
  readonly never: number;
}

export interface Measured {
  readonly probe: string;
  readonly service: string;
  readonly indicator: Indicator;
  readonly counted: boolean;
  readonly bucketMs: number;
  readonly buckets: readonly Bucket[];
  /** Each single duration, in order, while they are few enough to be drawn one by one; `null` = never. */
  readonly each: readonly Point[] | null;
  /** Over the whole range; p50 and p95 within 0.5 %. */
  readonly total: {
    readonly events: number;
    readonly never: number;
    readonly p50Ms: number | null;
    readonly upperMs: number | null;
    readonly maxMs: number | null;
  };
}

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
  /** Probes to keep series of, most wanted first; others follow while there is room. */
  readonly wanted: readonly string[];
  /** Most probes that series are kept of. */
  readonly most: number;
}

export async function gather(results: AsyncIterable<Result>, options: GatherOptions): Promise<Measurements> {
  const gathering = gatherer(options);
  for await (const result of results) gathering.add(result);
  return gathering.finish();
}

interface Gatherer {
  add(result: Result): void;
  finish(): Measurements;
}

export function gatherer({ fromMs, toMs, wanted, most }: GatherOptions): Gatherer {
  const runs = new Map<string, RunCount>();
  const series = new Map<string, Gathering>();
  const kept = new Set(wanted.slice(0, most));
  const leftOut = new Set<string>();
  const bucketMs = bucketWidth(fromMs, toMs);

  const keeps = (probe: string): boolean => {
    if (kept.has(probe)) return true;
    if (kept.size >= most) leftOut.add(probe);
    else kept.add(probe);
    return kept.has(probe);
  };

  return {
    add(result) {
      if (result.cadence === 'once') return;
      const run = runs.get(result.probe) ?? newRunCount(result, fromMs);
      runs.set(result.probe, run);
      countRun(run, result);
      if (result.readings.length === 0 || !keeps(result.probe)) return;
      for (const reading of result.readings) {
        if (reading.type === 'quantity') continue;
        const atMs = reading.atMs ?? result.scheduledMs;
        if (atMs < fromMs || atMs >= toMs) continue;
        const key = `${result.probe}\n${reading.indicator}`;
        const entry = series.get(key) ?? newGathering(result, reading.indicator);
        series.set(key, entry);
        addReading(entry, reading, atMs, Math.floor((atMs - fromMs) / bucketMs));
      }
    },
    finish() {
      return {
        runs: [...runs.values()].map((run) => finishRun(run, toMs)).toSorted((a, b) => order(a.probe, b.probe)),
        measured: [...series.values()]
          .map((entry) => finishSeries(entry, fromMs, bucketMs))
          .toSorted(
            (a, b) => order(a.service, b.service) || order(a.probe, b.probe) || order(a.indicator, b.indicator),
          ),
        leftOut: [...leftOut].toSorted(order),
      };
    },
  };
}

/** By code unit, which no locale changes. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface RunCount {
  readonly probe: string;
  readonly kind: string;
  readonly service: string;
  readonly counts: Record<Result['outcome'], number>;
  readonly reasons: Map<string, number>;
  readonly cadences: Map<string, number>;
  lastMs: number;
  silence: { fromMs: number; ms: number };
}

function newRunCount({ probe, kind, service }: Result, fromMs: number): RunCount {
  return {
    probe,
    kind,
    service,
    counts: { good: 0, bad: 0, excluded: 0, fault: 0, skipped: 0 },
    reasons: new Map(),
    cadences: new Map(),
    lastMs: fromMs,
    silence: { fromMs, ms: 0 },
  };
}

function countRun(run: RunCount, result: Result): void {
  const runs = runsOf(result);
  run.counts[result.outcome] += runs;
  run.cadences.set(result.cadence, (run.cadences.get(result.cadence) ?? 0) + runs);
  if (result.outcome !== 'good' && result.reason !== null) {
    run.reasons.set(result.reason, (run.reasons.get(result.reason) ?? 0) + runs);
  }
  hear(run, result.scheduledMs);
}

function hear(run: RunCount, atMs: number): void {
  if (atMs - run.lastMs > run.silence.ms) run.silence = { fromMs: run.lastMs, ms: atMs - run.lastMs };
  run.lastMs = Math.max(run.lastMs, atMs);
}

function finishRun(run: RunCount, toMs: number): ProbeRuns {
  hear(run, toMs);
  const byCount = (counts: Map<string, number>) =>
    Object.fromEntries([...counts].toSorted(([a, x], [b, y]) => y - x || order(a, b)));
  return {
    probe: run.probe,
    kind: run.kind,
    service: run.service,
    good: run.counts.good,
    bad: run.counts.bad,
    excluded: run.counts.excluded,
    faults: run.counts.fault,
    skipped: run.counts.skipped,
    reasons: byCount(run.reasons),
    cadences: byCount(run.cadences),
    longestSilence: run.silence,
  };
}

interface Cell {
  readonly values: Quantiles;
  events: number;
  never: number;
  worstP99Ms: number | null;
  maxMs: number | null;
}

interface Gathering {
  readonly probe: string;
  readonly service: string;
  readonly indicator: Indicator;
  readonly cells: Map<number, Cell>;
  readonly total: Cell;
  counted: boolean;
  each: Point[] | null;
}

function newCell(): Cell {
  return { values: quantiles(), events: 0, never: 0, worstP99Ms: null, maxMs: null };
}

function newGathering({ probe, service }: Result, indicator: Indicator): Gathering {
  return { probe, service, indicator, cells: new Map(), total: newCell(), counted: false, each: [] };
}

/** Singles up to here are drawn one by one: nothing is summed up that can be shown. */
const MOST_SINGLES = 600;

function addReading(
  entry: Gathering,
  reading: Exclude<Reading, { type: 'quantity' }>,
  atMs: number,
  bucket: number,
): void {
  const cell = entry.cells.get(bucket) ?? newCell();
  entry.cells.set(bucket, cell);
  if (reading.type === 'counts') entry.counted = true;
  else entry.each?.push([atMs, reading.ms]);
  if (entry.counted || (entry.each?.length ?? 0) > MOST_SINGLES) entry.each = null;
  for (const target of [cell, entry.total]) addTo(target, reading);
}

function addTo(cell: Cell, reading: Exclude<Reading, { type: 'quantity' }>): void {
  if (reading.type === 'duration') {
    cell.events += 1;
    if (reading.ms === null) {
      cell.never += 1;
      return;
    }
    cell.values.add(reading.ms);
    cell.maxMs = largest(cell.maxMs, reading.ms);
    return;
  }
  cell.events += reading.valid;
  if (reading.p50Ms !== null) cell.values.add(reading.p50Ms, Math.max(1, reading.valid));
  cell.worstP99Ms = largest(cell.worstP99Ms, reading.p99Ms);
  cell.maxMs = largest(cell.maxMs, reading.maxMs);
}

function largest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

/** A percentile of a handful is its maximum: neighbours are put together until a bucket holds about this many. */
const ENOUGH = 20;

function finishSeries(entry: Gathering, fromMs: number, finestMs: number): Measured {
  const { probe, service, indicator, counted, each } = entry;
  const usual = entry.total.events / Math.max(1, entry.cells.size);
  const together = counted ? 1 : Math.max(1, Math.ceil(ENOUGH / usual));
  const bucketMs = finestMs * together;
  const cells = new Map<number, Cell>();
  for (const [index, cell] of entry.cells) {
    const place = Math.floor(index / together);
    const whole = cells.get(place) ?? newCell();
    cells.set(place, whole);
    mergeInto(whole, cell);
  }
  const buckets = [...cells]
    .toSorted(([a], [b]) => a - b)
    .map(([index, cell]) => ({ atMs: fromMs + (index + 0.5) * bucketMs, ...figuresOf(cell, counted) }));
  return {
    probe,
    service,
    indicator,
    counted,
    bucketMs,
    buckets,
    each: each?.toSorted(([a], [b]) => a - b) ?? null,
    total: figuresOf(entry.total, counted),
  };
}

function mergeInto(whole: Cell, part: Cell): void {
  whole.values.merge(part.values);
  whole.events += part.events;
  whole.never += part.never;
  whole.worstP99Ms = largest(whole.worstP99Ms, part.worstP99Ms);
  whole.maxMs = largest(whole.maxMs, part.maxMs);
}

/** Nearest rank, with what never happened as +∞ at the end: a percentile that falls among those has no value. */
function figuresOf(cell: Cell, counted: boolean) {
  const finite = cell.values.samples;
  const rank = (q: number) => {
    const all = finite + cell.never;
    const place = Math.max(1, Math.ceil(q * all));
    return place > finite ? null : cell.values.atRank(place);
  };
  return {
    events: cell.events,
    never: cell.never,
    p50Ms: rank(0.5),
    upperMs: counted ? cell.worstP99Ms : rank(0.95),
    maxMs: cell.maxMs,
  };
}
