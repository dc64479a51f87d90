/** All that a ledger does for its roll-ups of measures: makes them behind the appends, keeps them true, answers from them. */
import type { Rule } from '../judge.ts';
import type { ResultTable } from '../result-table.ts';
import type { Result } from '../result.ts';
import type { Stretch } from '../rules.ts';
import type { Sql } from '../sql.ts';
import type { BudgetPoint, BudgetQuery, MeasureQuery } from '../store.ts';
import { BudgetSpans } from './budget-spans.ts';
import { HourRows, joinedRows, spanOf } from './hour.ts';
import { MeasureBuilder, type Slice } from './measure-builder.ts';
import { MeasureTable, type Marker, type MeasurePage } from './measure-table.ts';
import { packRow, rowOf } from './packed-row.ts';

export interface MeasuresOptions {
  readonly sql: Sql;
  readonly results: ResultTable;
  readonly stepMs: number;
  readonly rules: () => readonly Rule[];
}

export class Measures {
  readonly #table: MeasureTable;
  readonly #budgets: BudgetSpans;
  readonly #builder: MeasureBuilder;
  readonly #stepMs: number;

  constructor(options: MeasuresOptions) {
    const { sql, stepMs } = options;
    this.#stepMs = stepMs;
    this.#table = new MeasureTable(sql, stepMs);
    this.#budgets = new BudgetSpans(sql, this.#table, stepMs);
    this.#builder = new MeasureBuilder({ ...options, table: this.#table, budgets: this.#budgets });
  }

  /** Some milliseconds of work on what is over and has no rows yet. @param nowMs the present; null: nobody knows. @throws LedgerError */
  slice(nowMs: number | null): Slice {
    return this.#builder.slice(nowMs);
  }

  /** These results are new. Inside the transaction that stores them. */
  stored(results: readonly Result[], recordedMs: number): void {
    for (const [marker, own] of this.#hit(results, ({ scheduledMs }) => scheduledMs)) {
      // The others of its hour are gone: what is known of them is in the row, and nowhere else.
      if (marker.isExpired) this.#takeIn(marker, own, recordedMs);
      else this.#table.unmark(marker);
    }
    for (const { scheduledMs } of results) this.#builder.heard(scheduledMs);
  }

  /** So are these points. */
  recorded(points: readonly BudgetPoint[]): void {
    for (const [marker] of this.#hit(points, ({ atMs }) => atMs)) if (!marker.isExpired) this.#table.unmark(marker);
    for (const { atMs } of points) this.#builder.heard(atMs);
  }

  page(query: MeasureQuery, startMs: number | null): MeasurePage {
    return this.#table.page(query, startMs);
  }

  budgets({ objective, fromMs, toMs }: BudgetQuery, most: number): readonly BudgetPoint[] {
    return this.#budgets.thinned(objective, fromMs, toMs, most);
  }

  /** As all of the next, for who deletes what is too old, inside his transaction; see `MeasureTable`. */
  firstUnmeasured(stretch: Stretch): number | null {
    return this.#table.firstUnmeasured(stretch);
  }

  expire(stretch: Stretch): void {
    this.#table.expire(stretch);
  }

  remove(beforeMs: number, most: number): number {
    return this.#table.remove(beforeMs, most);
  }

  /** The hours and days that have all their rows and that something falls into. */
  #hit<T>(items: readonly T[], momentOf: (item: T) => number): ReadonlyMap<Marker, readonly T[]> {
    const found = new Map<Marker, readonly T[]>();
    for (const span of ['hour', 'day'] as const) {
      const groups = Map.groupBy(items, (item) => this.#table.startOf(span, momentOf(item)));
      for (const [atMs, own] of groups) {
        const marker = this.#table.marker(span, atMs);
        if (marker !== null) found.set(marker, own);
      }
    }
    return found;
  }

  /** Adds late results to rows that cannot be made again. The longest silence stays as long as it was. */
  #takeIn(marker: Marker, results: readonly Result[], recordedMs: number): void {
    const { span, atMs, rules } = marker;
    const { grid } = spanOf(span, this.#stepMs);
    const late = new HourRows(this.#table.rulesOf(rules), this.#stepMs);
    for (const result of results.toSorted((a, b) => a.scheduledMs - b.scheduledMs)) late.add(result);
    for (const [probe, row] of late.rows) {
      const body = this.#table.body(span, atMs, probe);
      const whole = body === null ? row : joinedRows([rowOf(probe, body), row], grid);
      this.#table.put(span, atMs, probe, packRow(whole));
    }
    this.#table.mark({ ...marker, recordedMs: Math.max(marker.recordedMs, recordedMs) });
  }
}
