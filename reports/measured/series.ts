/** What one probe measured of one indicator, as it is drawn. */
import { addNever, cellAt, mergeCell, newCell, type Cell } from '../../store/measures/cell.ts';
import { addTo, type Measure, type Single, type Singles } from '../../store/measures/measure.ts';
import type { Stretch } from '../../store/rules.ts';
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

/** Singles up to here are drawn one by one: nothing is summed up that can be shown. */
export const MOST_SINGLES = 600;

/** One indicator with the bad runs that never came to measure it. */
interface Whole {
  readonly counted: boolean;
  readonly cells: ReadonlyMap<number, Cell>;
  readonly total: Cell;
  readonly neverBecause: ReadonlyMap<string, number>;
  /** Whose single events make up those of the series. */
  readonly singles: readonly Singles[];
}

/**
 * A bad run without any reading of an indicator that it was to measure: the event never happened, and the objectives count
 * it as bad (`store/judge.ts`). Left out of a chart, an outage would be an empty place.
 */
function wholeOf({ series, lacks }: Measure, indicator: string): Whole {
  const own = series.get(indicator);
  const without = [...lacks.values()].filter(({ has }) => !has.includes(indicator));
  const cells = new Map<number, Cell>();
  const total = newCell();
  const neverBecause = new Map(own?.neverBecause);
  for (const [atMs, cell] of own?.cells ?? []) {
    // Its values are only looked at; what never happened is counted beside them.
    cells.set(atMs, { ...cell });
    mergeCell(total, cell);
  }
  for (const lack of without) {
    for (const [atMs, runs] of lack.cells) {
      addNever(cellAt(cells, atMs), runs);
      addNever(total, runs);
      addTo(neverBecause, lack.reason, runs);
    }
  }
  const singles = [...(own === undefined ? [] : [own]), ...without];
  return { counted: own?.counted ?? false, cells, total, neverBecause, singles };
}

function eventsOf({ series, lacks }: Measure, indicator: string): number {
  let events = 0;
  for (const cell of series.get(indicator)?.cells.values() ?? []) events += cell.events;
  for (const { has, cells } of lacks.values()) {
    if (!has.includes(indicator)) for (const runs of cells.values()) events += runs;
  }
  return events;
}

/** Stretches of which single events would be drawn one by one, and are not there. */
export function missingSingles(measure: Measure, indicator: string): readonly Stretch[] {
  if ((measure.series.get(indicator)?.counted ?? false) || eventsOf(measure, indicator) > MOST_SINGLES) return [];
  return wholeOf(measure, indicator).singles.flatMap(({ gaps }) => gaps);
}

/** A percentile of a handful is its maximum: neighbours are put together until a bucket holds about this many. */
const ENOUGH = 20;

/** Null: nothing happened that could be drawn. */
export function finishSeries(
  measure: Measure,
  indicator: string,
  { fromMs, toMs, bucketMs: finestMs }: { fromMs: number; toMs: number; bucketMs: number },
): Measured | null {
  const { counted, cells: fine, total, neverBecause, singles } = wholeOf(measure, indicator);
  if (total.events === 0) return null;
  const usual = total.events / Math.max(1, fine.size);
  const together = counted ? 1 : Math.max(1, Math.ceil(ENOUGH / usual));
  const bucketMs = finestMs * together;
  const cells = together === 1 ? fine : joinedCells(fine, bucketMs);
  const buckets = [...cells]
    .toSorted(([a], [b]) => a - b)
    // The first and the last bucket may reach beyond the range; their middle must not.
    .map(([atMs, cell]) => ({
      atMs: Math.min(Math.max(atMs + bucketMs / 2, fromMs), toMs),
      ...figuresOf(cell, counted),
    }));
  const each = counted ? null : eachOf(singles, total.events);
  return {
    probe: measure.probe,
    service: measure.service,
    indicator,
    counted,
    bucketMs,
    buckets,
    each: each && each.map(({ atMs, ms }) => [atMs, ms]),
    troubles: (each ?? []).filter(({ ms, isBad }) => isBad && ms !== null).map(({ atMs, ms }) => [atMs, ms]),
    total: figuresOf(total, counted),
    neverBecause: byCount(neverBecause),
  };
}

function joinedCells(fine: ReadonlyMap<number, Cell>, bucketMs: number): ReadonlyMap<number, Cell> {
  const cells = new Map<number, Cell>();
  for (const [atMs, cell] of fine) mergeCell(cellAt(cells, Math.floor(atMs / bucketMs) * bucketMs), cell);
  return cells;
}

/** In order of time; null unless all of them are there, and few. */
function eachOf(singles: readonly Singles[], events: number): readonly Single[] | null {
  const each = singles.flatMap((own) => own.each ?? []);
  if (events > MOST_SINGLES || each.length !== events) return null;
  return each.toSorted((a, b) => a.atMs - b.atMs || (a.ms ?? Infinity) - (b.ms ?? Infinity) || 0);
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
