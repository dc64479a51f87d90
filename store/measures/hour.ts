/** The rows of one hour as its results are read, and of one day as its hours are. */
import type { Rule } from '../judge.ts';
import type { Result } from '../result.ts';
import { addCause, badParts, mergeCause, type CauseSums } from './causes.ts';
import { addReadings, countRun, gridOf, mergeMeasure, newMeasure, type Grid } from './measure.ts';
import { addOrders, mergeOrders } from './orders.ts';
import type { MeasureRow, PartRow } from './text.ts';

const MINUTES_AN_HOUR = 60;
const HOURS_A_DAY = 24;
/** A day's row has cells of this length: what a chart of three months shows. */
const HOURS_A_CELL = 6;

/** Of a series that is as sparse as this, each event can be drawn however long the range of a report is. */
const SINGLES_AN_HOUR = 12;
const SINGLES_A_DAY = 48;

export type MeasureSpan = 'hour' | 'day';

/** How long a row is, how long its cells are, and how many single events of a series it keeps. */
export function spanOf(span: MeasureSpan, stepMs: number): { lengthMs: number; cellMs: number; grid: Grid } {
  const hourMs = MINUTES_AN_HOUR * stepMs;
  const [lengthMs, cellMs, singles] =
    span === 'hour' ? [hourMs, hourMs, SINGLES_AN_HOUR] : [HOURS_A_DAY * hourMs, HOURS_A_CELL * hourMs, SINGLES_A_DAY];
  return { lengthMs, cellMs, grid: gridOf(cellMs, stepMs, singles) };
}

/** Gathers results in order of time. Those that were asked for by hand are left out. */
export class HourRows {
  readonly rows = new Map<string, MeasureRow>();
  readonly #rules: readonly Rule[];
  readonly #grid: Grid;

  constructor(rules: readonly Rule[], stepMs: number) {
    this.#rules = rules;
    this.#grid = spanOf('hour', stepMs).grid;
  }

  add(result: Result): void {
    if (result.cadence === 'once') return;
    let row = this.rows.get(result.probe);
    if (row === undefined) {
      row = { measure: newMeasure(result, result.scheduledMs), orders: new Map(), causes: new Map() };
      this.rows.set(result.probe, row);
    }
    countRun(row.measure, result);
    addReadings(row.measure, result, this.#grid);
    addOrders(row.orders, result);
    for (const rule of this.#rules) {
      const bad = badParts(rule, result, this.#grid.stepMs);
      if (bad.length === 0) continue;
      const sums: CauseSums = row.causes.get(rule.id) ?? new Map();
      row.causes.set(rule.id, sums);
      addCause(sums, bad, result);
    }
  }
}

/** One row of several, of the same probe and in order of time. */
export function joinedRows(rows: readonly [PartRow, ...PartRow[]], grid: Grid): MeasureRow {
  const [first] = rows;
  const whole: MeasureRow = {
    measure: newMeasure(first.measure, first.measure.firstMs),
    orders: new Map(),
    causes: new Map(),
  };
  for (const row of rows) {
    mergeMeasure(whole.measure, row.measure, grid, null);
    for (const orders of row.orders.values()) mergeOrders(whole.orders, orders);
    for (const [objective, from] of row.causes) {
      const sums: CauseSums = whole.causes.get(objective) ?? new Map();
      whole.causes.set(objective, sums);
      for (const cause of from.values()) mergeCause(sums, cause);
    }
  }
  return whole;
}
