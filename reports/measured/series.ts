/** What one probe measured of one indicator, summed up per bucket of time in bounded memory. */
import type { Reading } from '../../probes/probe.ts';
import type { Result } from '../../store/result.ts';
import { quantiles, type Quantiles } from '../quantiles.ts';
import type { Point } from '../thin.ts';
import { byCount } from './order.ts';

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
  readonly indicator: string;
  readonly counted: boolean;
  readonly bucketMs: number;
  readonly buckets: readonly Bucket[];
  /** Each single duration, in order, while they are few enough to be drawn one by one; `null` = never. */
  readonly each: readonly Point[] | null;
  /** Those of `each` whose run was bad. */
  readonly troubles: readonly Point[];
  /** Over the whole range; p50 and p95 within 0.5 %. */
  readonly total: {
    readonly events: number;
    readonly never: number;
    readonly p50Ms: number | null;
    readonly upperMs: number | null;
    readonly maxMs: number | null;
  };
  /** Reason code → how many of the events that never happened gave it. */
  readonly neverBecause: Readonly<Record<string, number>>;
}

interface Cell {
  readonly values: Quantiles;
  events: number;
  never: number;
  worstP99Ms: number | null;
  maxMs: number | null;
}

export interface Gathering {
  readonly probe: string;
  readonly service: string;
  readonly indicator: string;
  readonly cells: Map<number, Cell>;
  readonly total: Cell;
  readonly neverBecause: Map<string, number>;
  counted: boolean;
  each: Point[] | null;
  troubles: Point[];
}

function newCell(): Cell {
  return { values: quantiles(), events: 0, never: 0, worstP99Ms: null, maxMs: null };
}

export function newGathering({ probe, service }: Result, indicator: string): Gathering {
  return {
    probe,
    service,
    indicator,
    cells: new Map(),
    total: newCell(),
    neverBecause: new Map(),
    counted: false,
    each: [],
    troubles: [],
  };
}

/** Singles up to here are drawn one by one: nothing is summed up that can be shown. */
const MOST_SINGLES = 600;

type Counts = Extract<Reading, { type: 'counts' }>;

/** `bucket` is the number of the stretch of time that `atMs` lies in. */
export function addCounts(entry: Gathering, reading: Counts, bucket: number): void {
  // It looked and could not tell: nothing to draw.
  if (reading.valid === 0) return;
  entry.counted = true;
  entry.each = null;
  for (const cell of [cellOf(entry, bucket), entry.total]) addCounted(cell, reading);
}

/** One event of a run; `ms` null: it never happened. */
export function addEvent(
  entry: Gathering,
  ms: number | null,
  { atMs, bucket, run }: { atMs: number; bucket: number; run: Pick<Result, 'outcome' | 'reason'> },
): void {
  if (ms === null) {
    const because = run.reason ?? 'no reason given';
    entry.neverBecause.set(because, (entry.neverBecause.get(because) ?? 0) + 1);
  }
  for (const cell of [cellOf(entry, bucket), entry.total]) addSingle(cell, ms);
  if (entry.each === null) return;
  entry.each.push([atMs, ms]);
  if (ms !== null && run.outcome === 'bad') entry.troubles.push([atMs, ms]);
  if (entry.counted || entry.each.length > MOST_SINGLES) [entry.each, entry.troubles] = [null, []];
}

function cellOf(entry: Gathering, bucket: number): Cell {
  const cell = entry.cells.get(bucket) ?? newCell();
  entry.cells.set(bucket, cell);
  return cell;
}

function addSingle(cell: Cell, ms: number | null): void {
  cell.events += 1;
  if (ms === null) {
    cell.never += 1;
    return;
  }
  cell.values.add(ms);
  cell.maxMs = largest(cell.maxMs, ms);
}

function addCounted(cell: Cell, reading: Counts): void {
  cell.events += reading.valid;
  if (reading.p50Ms !== null) cell.values.add(reading.p50Ms, reading.valid);
  cell.worstP99Ms = largest(cell.worstP99Ms, reading.p99Ms);
  cell.maxMs = largest(cell.maxMs, reading.maxMs);
}

function largest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

/** A percentile of a handful is its maximum: neighbours are put together until a bucket holds about this many. */
const ENOUGH = 20;

export function finishSeries(
  entry: Gathering,
  { fromMs, toMs, bucketMs: finestMs }: { fromMs: number; toMs: number; bucketMs: number },
): Measured {
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
    // The last bucket may reach beyond the range; its middle must not.
    .map(([index, cell]) => ({
      atMs: Math.min(fromMs + (index + 0.5) * bucketMs, toMs),
      ...figuresOf(cell, counted),
    }));
  return {
    probe,
    service,
    indicator,
    counted,
    bucketMs,
    buckets,
    each: each === null ? null : inOrder(each),
    troubles: inOrder(entry.troubles),
    total: figuresOf(entry.total, counted),
    neverBecause: byCount(entry.neverBecause),
  };
}

function inOrder(points: readonly Point[]): readonly Point[] {
  return points.toSorted(([a], [b]) => a - b);
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
