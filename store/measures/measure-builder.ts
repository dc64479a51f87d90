/**
 * Makes the roll-ups of hours and days that are over, a slice at a time, so that no commit has to wait for long. What was
 * stored meanwhile is found before an hour is declared whole.
 */
import type { Rule } from '../judge.ts';
import type { PageStart, ResultTable } from '../result-table.ts';
import type { Sql } from '../sql.ts';
import type { BudgetSpans } from './budget-spans.ts';
import { HourRows, joinedRows, spanOf, type MeasureSpan } from './hour.ts';
import { judgesAlike, type Marker, type MeasureTable } from './measure-table.ts';
import { packRow, rowOf } from './packed-row.ts';
import type { MeasureRow } from './text.ts';

export interface BuilderParts {
  readonly sql: Sql;
  readonly results: ResultTable;
  readonly table: MeasureTable;
  readonly budgets: BudgetSpans;
  /** The definitions that causes are judged by now. */
  readonly rules: () => readonly Rule[];
  readonly stepMs: number;
}

/** Results in a slice, and rows: each a few milliseconds of work. */
const SLICE_RESULTS = 100;
const SLICE_ROWS = 25;
/** Hours that are looked at in a slice. */
const SLICE_HOURS = 200;
/** An hour is over so many steps after it: what was due in it has ended by then. */
const CLOSED_AFTER_STEPS = 10;

/** `worked`: there may be more. `done`: everything that is over has its rows, as far as was looked. */
export type Slice = 'worked' | 'done';

export class MeasureBuilder {
  readonly #parts: BuilderParts;
  #work: Generator<Slice, never, void>;
  /** When everything that was due before has ended. */
  #closedMs = -Infinity;
  /** What the ledger was like when all of it was looked at, and nothing was left to do. */
  #settled = '';
  #late = 0;

  constructor(parts: BuilderParts) {
    this.#parts = parts;
    this.#work = this.#forEver();
  }

  /** Something was stored that was due at this moment. */
  heard(atMs: number): void {
    // Of an hour that was looked at before.
    if (atMs < this.#closedMs) this.#late += 1;
  }

  /** @throws LedgerError; what was under way then is begun again */
  slice(nowMs: number | null): Slice {
    try {
      const { table, stepMs } = this.#parts;
      const presentMs = Math.max(table.lastResult() ?? -Infinity, nowMs ?? -Infinity);
      this.#closedMs = presentMs - CLOSED_AFTER_STEPS * stepMs;
      if (this.#settled === this.#state()) return 'done';
      return this.#work.next().value;
    } catch (error) {
      this.#work = this.#forEver();
      throw error;
    }
  }

  *#forEver(): Generator<Slice, never, void> {
    for (;;) {
      const before = this.#state();
      yield* this.#hours();
      yield* this.#days();
      this.#settled = before;
      yield 'done';
    }
  }

  #state(): string {
    const { table } = this.#parts;
    return JSON.stringify([table.startOf('hour', this.#closedMs), this.#late, table.othersVersion()]);
  }

  *#hours(): Generator<Slice, void, void> {
    const { table } = this.#parts;
    const lengthMs = table.lengthOf('hour');
    const closedMs = this.#closedMs;
    const known = new Map(table.markers('hour').map((marker) => [marker.atMs, marker]));
    const isCurrent = this.#currency();
    let looked = 0;
    for (let atMs = -Infinity; ;) {
      const next = table.nextResult(atMs, closedMs);
      if (next === null) return;
      const hourMs = table.startOf('hour', next);
      if (hourMs + lengthMs > closedMs) return;
      const marker = known.get(hourMs);
      if (marker === undefined || !(marker.isExpired || isCurrent(marker))) yield* this.#buildHour(hourMs);
      else if ((looked += 1) % SLICE_HOURS === 0) yield 'worked';
      atMs = hourMs + lengthMs;
    }
  }

  /** Whether the causes of an hour were judged as they would be now. */
  #currency(): (marker: Marker) => boolean {
    const { table, rules } = this.#parts;
    const now = rules();
    const before = new Map<number, readonly Rule[]>();
    return ({ span, atMs, rules: id }) => {
      const old = before.get(id) ?? table.rulesOf(id);
      before.set(id, old);
      const stretch = { fromMs: atMs, toMs: atMs + table.lengthOf(span) };
      return now.every((rule) => old.some((each) => each.id === rule.id && judgesAlike(each, rule, stretch)));
    };
  }

  *#buildHour(atMs: number): Generator<Slice, void, void> {
    const { results, table, budgets, rules, stepMs } = this.#parts;
    const toMs = atMs + table.lengthOf('hour');
    const judgedBy = rules();
    const lastSeq = table.lastSeq();
    const hour = new HourRows(judgedBy, stepMs);
    let recordedMs = 0;
    let start: PageStart | null = null;
    do {
      const page = results.page({ fromMs: atMs, toMs }, start, SLICE_RESULTS);
      for (const result of page.results) {
        hour.add(result);
        recordedMs = Math.max(recordedMs, result.recordedMs ?? 0);
      }
      start = page.next;
      yield 'worked';
    } while (start !== null);
    const points = yield* budgets.build('hour', atMs);
    yield* this.#write('hour', atMs, hour.rows, () => {
      if (budgets.countOf(atMs, toMs) !== points || results.hasLater(lastSeq, { fromMs: atMs, toMs })) return null;
      return { span: 'hour', atMs, rules: table.numberOf(judgedBy), recordedMs, isExpired: false };
    });
  }

  *#days(): Generator<Slice, void, void> {
    const { table } = this.#parts;
    const closedMs = this.#closedMs;
    const lengthMs = table.lengthOf('day');
    const known = new Map(table.markers('day').map((marker) => [marker.atMs, marker]));
    const hours = Map.groupBy(table.markers('hour'), ({ atMs }) => table.startOf('day', atMs));
    for (const [dayMs, own] of hours) {
      if (dayMs + lengthMs > closedMs) continue;
      const newest = Math.max(...own.map(({ rules }) => rules));
      const marker = known.get(dayMs);
      if (marker !== undefined && (marker.isExpired || marker.rules === newest)) continue;
      // A day of hours that were judged by several definitions waits until they are judged by one.
      if (own.some(({ rules }) => rules !== newest)) continue;
      if (table.firstUnmeasured({ fromMs: dayMs, toMs: dayMs + lengthMs }) === null) yield* this.#buildDay(dayMs, own);
    }
  }

  *#buildDay(dayMs: number, hours: readonly Marker[]): Generator<Slice, void, void> {
    const { table, budgets, stepMs } = this.#parts;
    const toMs = dayMs + table.lengthOf('day');
    const { grid } = spanOf('day', stepMs);
    const rows = new Map<string, MeasureRow>();
    for (const probe of table.probes('hour', dayMs, toMs)) {
      const [first, ...rest] = hours.flatMap(({ atMs }) => {
        const body = table.body('hour', atMs, probe);
        return body === null ? [] : [rowOf(probe, body)];
      });
      if (first !== undefined) rows.set(probe, joinedRows([first, ...rest], grid));
      yield 'worked';
    }
    const points = yield* budgets.build('day', dayMs);
    yield* this.#write('day', dayMs, rows, () => {
      const still = table.markers('hour', dayMs, toMs);
      if (budgets.countOf(dayMs, toMs) !== points || JSON.stringify(still) !== JSON.stringify(hours)) return null;
      const recordedMs = Math.max(...hours.map((hour) => hour.recordedMs));
      return { span: 'day', atMs: dayMs, rules: hours[0]?.rules ?? 0, recordedMs, isExpired: false };
    });
  }

  /** Rows by the slice, and the word that they are whole with the last of them. @param whole null: something came in between */
  *#write(
    span: MeasureSpan,
    atMs: number,
    rows: ReadonlyMap<string, MeasureRow>,
    whole: () => Marker | null,
  ): Generator<Slice, void, void> {
    const { sql, table } = this.#parts;
    const all = [...rows];
    sql.writeSoon(() => table.clear(span, atMs));
    for (let from = 0; from < all.length; from += SLICE_ROWS) {
      const bodies = all.slice(from, from + SLICE_ROWS).map(([probe, row]) => [probe, packRow(row)] as const);
      sql.writeSoon(() => bodies.forEach(([probe, body]) => table.put(span, atMs, probe, body)));
      yield 'worked';
    }
    sql.writeSoon(() => {
      const marker = whole();
      if (marker !== null) table.mark(marker);
    });
    yield 'worked';
  }
}
