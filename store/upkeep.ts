/**
 * What a ledger that runs for years needs: rows that are too old leave, and their pages leave the file. In slices, each
 * one small transaction of the writing thread, so that no append waits for more than one of them.
 */
import { cursor } from './record-tables.ts';
import { expiredThroughMs, expiredThroughSeq } from './expired.ts';
import type { Measures } from './measures/measures.ts';
import { number, text } from './rows.ts';
import type { OutboxStream } from './outbox.ts';
import type { Sql } from './sql.ts';

/** Ages beyond which rows are deleted, ms. */
export interface Retention {
  readonly resultsMs: number;
  /** Of tallies, roll-ups and the points of burn-downs. */
  readonly talliesMs: number;
}

export interface UpkeepOrder {
  readonly retention: Retention;
  /** The present, wall-clock ms; null: nobody can vouch for it, and nothing is deleted for its age. */
  readonly nowMs: number | null;
  /** Names of the cursors of those who are to be given every row before it is deleted. */
  readonly followers: readonly Readonly<Record<OutboxStream, string>>[];
}

/** What one slice did. `what` is null when there is nothing to do now. */
export interface UpkeepDone {
  readonly what: 'measured' | 'expired' | 'results' | 'tallies' | 'measures' | 'budgets' | 'orders' | 'pages' | null;
  /** Rows, or pages of 4,096 bytes. */
  readonly count: number;
}

/** A slice aims at this long, without its flush to the disk. */
const SLICE_MS = 4;
const LEAST_ROWS = 10;
const MOST_ROWS = 1_000;
/** The part of the file that may be empty: pages that come and go need no moving about. */
const FREE_SHARE = 0.1;
const LEAST_FREE_PAGES = 64;
const MINUTES_A_DAY = 1_440;

export class Upkeep {
  readonly #sql: Sql;
  readonly #stepMs: number;
  readonly #monotonicMs: () => number;
  readonly #measures: Measures;
  /** Grows while slices are short, and shrinks when one was long. */
  #rows = 50;
  /** Orders have no index by age: they are looked through in the order of their ids, a stretch a slice. */
  #afterOrder = '';

  constructor(sql: Sql, stepMs: number, monotonicMs: () => number, measures: Measures) {
    this.#measures = measures;
    this.#sql = sql;
    this.#stepMs = stepMs;
    this.#monotonicMs = monotonicMs;
  }

  /** @throws LedgerError */
  slice(order: UpkeepOrder): UpkeepDone {
    const beganMs = this.#monotonicMs();
    let tookMs = 0;
    const done = this.#sql.write(() => {
      const worked = this.#work(order);
      tookMs = this.#monotonicMs() - beganMs;
      return worked;
    });
    if (tookMs > SLICE_MS) this.#rows = Math.max(LEAST_ROWS, Math.floor(this.#rows / 2));
    else if (tookMs < SLICE_MS / 2) this.#rows = Math.min(MOST_ROWS, this.#rows * 2);
    return done;
  }

  #work({ retention, nowMs, followers }: UpkeepOrder): UpkeepDone {
    const served = (stream: OutboxStream): number =>
      Math.min(Number.MAX_SAFE_INTEGER, ...followers.map((names) => cursor(this.#sql, names[stream])));
    const resultsMs = nowMs === null ? -Infinity : nowMs - retention.resultsMs;
    const dayMs = MINUTES_A_DAY * this.#stepMs;
    const talliesMs = nowMs === null ? -Infinity : Math.floor((nowMs - retention.talliesMs) / dayMs) * dayMs;
    const steps = [
      ['results', () => this.#removeResults()],
      ['expired', () => this.#expire(nowMs ?? 0, resultsMs, served('results'))],
      ['tallies', () => this.#removeTallies(talliesMs, served('tallies'))],
      ['measures', () => this.#measures.remove(talliesMs, this.#rows)],
      ['budgets', () => this.#removeBudgets(talliesMs, served('budgets'))],
      ['orders', () => this.#removeOrders(resultsMs)],
      ['pages', () => this.#removePages()],
    ] as const;
    for (const [what, step] of steps) {
      const count = step();
      if (count > 0) return { what, count };
    }
    return { what: null, count: 0 };
  }

  /** Says of a segment that its results go, before the first of them does: it is never half there without a word. */
  #expire(nowMs: number, beforeMs: number, servedSeq: number): number {
    const row = this.#sql.first(
      `SELECT number, results, last_seq, first_scheduled_ms, last_scheduled_ms FROM segments WHERE expired_ms IS NULL AND closed_ms IS NOT NULL
         AND last_scheduled_ms < ? AND last_seq <= ? ORDER BY number LIMIT 1`,
      beforeMs,
      servedSeq,
    );
    if (row === undefined) return 0;
    const stretch = { fromMs: number(row, 'first_scheduled_ms'), toMs: number(row, 'last_scheduled_ms') + 1 };
    // What reports read of them must have been added up before.
    if (this.#measures.firstUnmeasured(stretch) !== null) return 0;
    this.#measures.expire(stretch);
    const segment = number(row, 'number');
    this.#sql.run('UPDATE segments SET expired_ms = ? WHERE number = ?', Math.floor(nowMs), segment);
    const throughMs = Math.max(expiredThroughMs(this.#sql), number(row, 'last_scheduled_ms'));
    this.#sql.setMeta('expired_through_ms', String(throughMs));
    this.#sql.setMeta('expired_through_seq', String(Math.max(expiredThroughSeq(this.#sql), number(row, 'last_seq'))));
    this.#sql.setMeta('removing', String(segment));
    return number(row, 'results');
  }

  #removeResults(): number {
    const removing = this.#sql.meta('removing');
    if (removing === null) return 0;
    const count = this.#sql.run(
      `DELETE FROM results WHERE seq IN (SELECT r.seq FROM segments s JOIN results r ON r.seq BETWEEN s.first_seq AND s.last_seq
         WHERE s.number = ? ORDER BY r.seq LIMIT ?)`,
      Number(removing),
      this.#rows,
    );
    if (count < this.#rows) this.#sql.run("DELETE FROM meta WHERE key = 'removing'");
    return count;
  }

  #removeTallies(beforeMs: number, servedRevision: number): number {
    for (const id of this.#objectives()) {
      const count = this.#removeOldest('tallies', 'objective = ? AND revision <= ?', [id, servedRevision], beforeMs);
      if (count > 0) {
        this.#sql.setMeta('tallied_from_ms', String(beforeMs));
        return count;
      }
      if (this.#sql.first('SELECT 1 FROM tallies WHERE objective = ? AND at_ms < ?', id, beforeMs)) continue;
      for (const span of ['hour', 'day']) {
        const rolled = this.#removeOldest('rollups', 'objective = ? AND span = ?', [id, span], beforeMs);
        if (rolled > 0) return rolled;
      }
    }
    return 0;
  }

  #removeBudgets(beforeMs: number, servedSeq: number): number {
    for (const id of this.#objectives()) {
      const count = this.#removeOldest('budgets', 'objective = ? AND seq <= ?', [id, servedSeq], beforeMs);
      if (count > 0) return count;
    }
    return 0;
  }

  /** At least as many rows as a slice has, where there are that many: rows of one moment go together. */
  #removeOldest(table: string, where: string, cells: readonly [string, number | string], beforeMs: number): number {
    const last = this.#sql.first(
      `SELECT max(at_ms) AS at FROM (SELECT at_ms FROM ${table} WHERE ${where} AND at_ms < ? ORDER BY at_ms LIMIT ?)`,
      ...cells,
      beforeMs,
      this.#rows,
    )?.['at'];
    if (last === undefined || last === null) return 0;
    return this.#sql.run(`DELETE FROM ${table} WHERE ${where} AND at_ms <= ?`, ...cells, last);
  }

  /** One that nobody has proven closed stays. */
  #removeOrders(beforeMs: number): number {
    const rows = this.#sql.all(
      'SELECT client_order_id, at_ms, closed_ms FROM orders WHERE client_order_id > ? ORDER BY client_order_id LIMIT ?',
      this.#afterOrder,
      this.#rows,
    );
    const last = rows.length < this.#rows ? undefined : rows.at(-1);
    this.#afterOrder = last === undefined ? '' : text(last, 'client_order_id');
    const old = rows.filter((row) => row['closed_ms'] !== null && number(row, 'at_ms') < beforeMs);
    for (const row of old) {
      this.#sql.run('DELETE FROM orders WHERE client_order_id = ?', text(row, 'client_order_id'));
    }
    return old.length;
  }

  /** Gives pages back to the file system. @returns how many */
  #removePages(): number {
    const pragma = (name: string): number => {
      const row = this.#sql.first(`PRAGMA ${name}`);
      return row === undefined ? 0 : number(row, name);
    };
    const before = pragma('freelist_count');
    if (pragma('auto_vacuum') !== 2 || before <= Math.max(LEAST_FREE_PAGES, FREE_SHARE * pragma('page_count')))
      return 0;
    this.#sql.db.exec(`PRAGMA incremental_vacuum(${Math.ceil(this.#rows / 2)})`);
    return before - pragma('freelist_count');
  }

  #objectives(): readonly string[] {
    return this.#sql.all('SELECT id FROM objectives ORDER BY id').map((row) => text(row, 'id'));
  }
}
