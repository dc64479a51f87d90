/**
 * Roll-ups of what reports read of results and of budget points: a row for each probe (and one for each objective's points)
 * and clock hour, and one for each clock day. An hour or a day that stands in `measured` has all of its rows; of any other,
 * the results themselves are read. Whoever stores a result, or a point, that falls into one takes it out of `measured` in
 * the same transaction.
 */
import { changedStretches, ruleText, type Stretch } from '../rules.ts';
import type { Rule } from '../judge.ts';
import { bytes, number, text, written } from '../rows.ts';
import type { Sql } from '../sql.ts';
import type { MeasuredStretch, MeasureQuery } from '../store.ts';
import { spanOf, type MeasureSpan } from './hour.ts';

/** Of two definitions of an objective, whether everything in a stretch is judged alike by both. */
export function judgesAlike(a: Rule, b: Rule, stretch: Stretch): boolean {
  if (ruleText(a) === ruleText(b)) return true;
  const changed = changedStretches(a, b);
  // An event may lie a day away from its run.
  const [fromMs, toMs] = [stretch.fromMs - FARTHEST_MS, stretch.toMs + FARTHEST_MS];
  return changed !== null && !changed.some((each) => each.fromMs < toMs && fromMs < each.toMs);
}

const FARTHEST_MS = 86_400_000;
/** Rows in one answer: a megabyte or two. */
const PAGE_ROWS = 1_000;

export interface MeasurePage {
  readonly stretches: readonly MeasuredStretch[];
  /** From where to ask on; null: that was all. */
  readonly nextMs: number | null;
}

export interface Marker {
  readonly span: MeasureSpan;
  readonly atMs: number;
  /** Of the definitions that its causes were judged by. */
  readonly rules: number;
  /** When the last of its results was stored. */
  readonly recordedMs: number;
  /** Results of it have expired: it cannot be made again. */
  readonly isExpired: boolean;
}

export class MeasureTable {
  readonly #sql: Sql;
  readonly #stepMs: number;
  /** They are written once, and thousands of rows name the same. */
  readonly #rules = new Map<number, readonly Rule[]>();

  constructor(sql: Sql, stepMs: number) {
    this.#sql = sql;
    this.#stepMs = stepMs;
  }

  startOf(span: MeasureSpan, atMs: number): number {
    const { lengthMs } = spanOf(span, this.#stepMs);
    return Math.floor(atMs / lengthMs) * lengthMs;
  }

  lengthOf(span: MeasureSpan): number {
    return spanOf(span, this.#stepMs).lengthMs;
  }

  /** Takes an hour or a day out of those that have all of their rows. Inside a transaction. */
  unmark({ span, atMs }: Pick<Marker, 'span' | 'atMs'>): void {
    this.#sql.run('DELETE FROM measured WHERE span = ? AND at_ms = ?', span, atMs);
  }

  marker(span: MeasureSpan, atMs: number): Marker | null {
    return this.markers(span, atMs, atMs + 1)[0] ?? null;
  }

  markers(span: MeasureSpan, fromMs = -Infinity, toMs = Infinity): readonly Marker[] {
    return this.#sql
      .all('SELECT * FROM measured WHERE span = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms', span, fromMs, toMs)
      .map((row) => ({
        span,
        atMs: number(row, 'at_ms'),
        rules: number(row, 'rules'),
        recordedMs: number(row, 'recorded_ms'),
        isExpired: number(row, 'expired') === 1,
      }));
  }

  /**
   * Of the hours of a stretch that hold results, the start of the first one that has no row yet; null: none. Results that
   * are about to be deleted must have their rows.
   */
  firstUnmeasured({ fromMs, toMs }: Stretch): number | null {
    let atMs = fromMs;
    for (const marker of this.markers('hour', this.startOf('hour', fromMs), toMs)) {
      const found = this.nextResult(atMs, Math.min(marker.atMs, toMs));
      if (found !== null) return this.startOf('hour', found);
      atMs = Math.max(atMs, marker.atMs + this.lengthOf('hour'));
    }
    const last = this.nextResult(atMs, toMs);
    return last === null ? null : this.startOf('hour', last);
  }

  /** Results of this stretch are being deleted: its rows are all that remains. Inside the same transaction. */
  expire({ fromMs, toMs }: Stretch): void {
    for (const span of SPANS) {
      this.#sql.run(
        'UPDATE measured SET expired = 1 WHERE span = ? AND at_ms >= ? AND at_ms < ?',
        span,
        this.startOf(span, fromMs),
        toMs,
      );
    }
  }

  /** Deletes about so many rows that are older. Inside a transaction. @returns how many */
  remove(beforeMs: number, most: number): number {
    // An hour leaves the list before its rows do.
    const hours = this.#sql.run('DELETE FROM measured WHERE at_ms < ?', beforeMs);
    if (hours > 0) return hours;
    for (const span of SPANS) {
      const rows = this.#sql.run(
        'DELETE FROM measures WHERE id IN (SELECT id FROM measures WHERE span = ? AND at_ms < ? LIMIT ?)',
        span,
        beforeMs,
        most,
      );
      if (rows > 0) return rows;
    }
    return this.#sql.run('DELETE FROM budget_spans WHERE at_ms < ?', beforeMs);
  }

  /** When the first result of a stretch was due. */
  nextResult(fromMs: number, toMs: number): number | null {
    const row = this.#sql.first(
      'SELECT scheduled_ms FROM results WHERE scheduled_ms >= ? AND scheduled_ms < ? ORDER BY scheduled_ms LIMIT 1',
      fromMs,
      toMs,
    );
    return row === undefined ? null : number(row, 'scheduled_ms');
  }

  lastSeq(): number {
    const row = this.#sql.first('SELECT ifnull(max(seq), 0) AS seq FROM results');
    return row === undefined ? 0 : number(row, 'seq');
  }

  lastResult(): number | null {
    const last = this.#sql.first('SELECT max(scheduled_ms) AS last FROM results')?.['last'];
    return typeof last === 'number' ? last : null;
  }

  /** Changes whenever another connection has written. */
  othersVersion(): number {
    const row = this.#sql.first('PRAGMA data_version');
    return row === undefined ? 0 : number(row, 'data_version');
  }

  /** Inside a transaction. */
  mark({ span, atMs, rules, recordedMs, isExpired }: Marker): void {
    const cells = [span, atMs, rules, recordedMs, isExpired ? 1 : 0];
    this.#sql.run('INSERT OR REPLACE INTO measured VALUES (?, ?, ?, ?, ?)', ...cells);
  }

  /** Inside a transaction. */
  clear(span: MeasureSpan, atMs: number): void {
    this.#sql.run('DELETE FROM measured WHERE span = ? AND at_ms = ?', span, atMs);
    this.#sql.run('DELETE FROM measures WHERE span = ? AND at_ms = ?', span, atMs);
  }

  /** Inside a transaction. */
  put(span: MeasureSpan, atMs: number, probe: string, body: Uint8Array): void {
    this.#sql.run(
      'INSERT OR REPLACE INTO measures (span, at_ms, probe, body) VALUES (?, ?, ?, ?)',
      span,
      atMs,
      probe,
      body,
    );
  }

  probes(span: MeasureSpan, fromMs: number, toMs: number): readonly string[] {
    return this.#sql
      .all(
        'SELECT DISTINCT probe FROM measures WHERE span = ? AND at_ms >= ? AND at_ms < ? ORDER BY probe',
        span,
        fromMs,
        toMs,
      )
      .map((row) => text(row, 'probe'));
  }

  body(span: MeasureSpan, atMs: number, probe: string): Uint8Array | null {
    const row = this.#sql.first(
      'SELECT body FROM measures WHERE span = ? AND at_ms = ? AND probe = ?',
      span,
      atMs,
      probe,
    );
    return row === undefined ? null : bytes(row, 'body');
  }

  /** The number under which a set of definitions is kept. Inside a transaction. */
  numberOf(rules: readonly Rule[]): number {
    const all = JSON.stringify(
      rules.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((rule) => JSON.parse(ruleText(rule))),
    );
    this.#sql.run('INSERT OR IGNORE INTO measure_rules (rules) VALUES (?)', all);
    const row = this.#sql.first('SELECT id FROM measure_rules WHERE rules = ?', all);
    return row === undefined ? 0 : number(row, 'id');
  }

  rulesOf(id: number): readonly Rule[] {
    const known = this.#rules.get(id);
    if (known !== undefined) return known;
    const row = this.#sql.first('SELECT rules FROM measure_rules WHERE id = ?', id);
    if (row === undefined) return [];
    const rules = written<readonly Rule[]>(row, 'rules', 'json');
    this.#rules.set(id, rules);
    return rules;
  }

  /** The whole hours and days of a stretch that have rows, in order of time. */
  page(query: MeasureQuery, startMs: number | null): MeasurePage {
    return this.#sql.read(() => {
      const stretches: MeasuredStretch[] = [];
      let rows = 0;
      for (const { span, atMs, rules } of this.#chosen({ ...query, fromMs: startMs ?? query.fromMs })) {
        if (rows >= PAGE_ROWS) return { stretches, nextMs: atMs };
        const found = this.#sql.all(
          'SELECT probe, body FROM measures WHERE span = ? AND at_ms = ? ORDER BY probe',
          span,
          atMs,
        );
        rows += found.length;
        stretches.push({
          span,
          fromMs: atMs,
          toMs: atMs + this.lengthOf(span),
          rules: this.rulesOf(rules),
          rows: found.map((row) => ({ probe: text(row, 'probe'), body: bytes(row, 'body') })),
        });
      }
      return { stretches, nextMs: null };
    });
  }

  /** Days where there are, and hours between them. */
  #chosen({ fromMs, toMs, cellMs, recordedBefore = Infinity }: MeasureQuery): readonly Marker[] {
    const within = (span: MeasureSpan): readonly Marker[] => {
      if (cellMs % spanOf(span, this.#stepMs).cellMs !== 0) return [];
      const lengthMs = this.lengthOf(span);
      return this.markers(span, fromMs, toMs).filter(
        (marker) => marker.atMs + lengthMs <= toMs && marker.recordedMs < recordedBefore,
      );
    };
    const days = within('day');
    const taken = new Set(days.map(({ atMs }) => atMs));
    const hours = within('hour').filter(({ atMs }) => !taken.has(this.startOf('day', atMs)));
    return [...days, ...hours].toSorted((a, b) => a.atMs - b.atMs);
  }
}

const SPANS = ['hour', 'day'] as const;
