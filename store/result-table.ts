import type { Link } from './chain.ts';
import { cellsOf } from './crossing.ts';
import type { Result } from './result.ts';
import { nanoseconds, number, toResult } from './rows.ts';
import type { Cell } from './rows.ts';
import { SELECT_BY_TIME, SELECT_RESULTS } from './select-results.ts';
import { freeNs } from './sql.ts';
import type { Sql } from './sql.ts';
import type { Stretch } from './rules.ts';
import type { ResultQuery } from './store.ts';

/** A page of results and where the next one starts. */
export interface ResultPage {
  readonly results: readonly Result[];
  readonly next: PageStart | null;
}

export interface PageStart {
  readonly scheduledMs: number;
  readonly seq: number;
}

/** No event of a run is further from its due time than this: runs are bounded, and a watch reports as it goes. */
export const FARTHEST_MS = 86_400_000;

/** `cells`: probe, kind, service, location, endpoint, venue, as they are stored. No endpoint and an empty one are the same. */
interface Series {
  readonly id: number;
  readonly cells: readonly Cell[];
}

type Described = Pick<Result, 'kind' | 'service' | 'location' | 'endpoint' | 'venue'>;

function isSame(a: Described, b: Described): boolean {
  return (
    a.endpoint === b.endpoint &&
    a.venue === b.venue &&
    a.location === b.location &&
    a.service === b.service &&
    a.kind === b.kind
  );
}

const INSERT = `INSERT INTO results (seq, run_id, series, ts_ns, scheduled_ms, started_ms, lateness_ms, duration_ms, cadence,
    weight_ms, outcome, reason, detail, dns_ms, connect_ms, tls_ms, sent_ms, first_byte_ms, transfer_ms, readings,
    "values", trail, loop_delay_ms, gameday, recorded_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

/** Every run, once. What repeats from run to run is its series. */
export class ResultTable {
  readonly #sql: Sql;
  readonly #series = new Map<string, Series>();
  /** By probe, what its last result was of. */
  readonly #last = new Map<string, { readonly of: Described; readonly series: Series }>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** @param seq its number, one past the last. @returns what the chain needs of it; null: it was there already */
  insert(result: Result, seq: number, recordedMs: number): Link | null {
    const series = this.#seriesOf(result);
    const cells = cellsOf(result);
    let tsNs = nanoseconds(result.scheduledMs);
    const put = (): number => this.#sql.run(INSERT, seq, result.runId, series.id, tsNs, ...cells, recordedMs);
    // Seldom is a run stored already, or its nanosecond taken: only then is it looked up.
    if (put() === 0) {
      if (this.#sql.first('SELECT 1 FROM results WHERE run_id = ?', result.runId) !== undefined) return null;
      tsNs = freeNs(this.#sql, 'results', tsNs, 'series = ?', series.id);
      if (put() === 0) throw new Error(`run ${result.runId} cannot be stored as result ${seq}`);
    }
    const chained = [seq, result.runId, ...series.cells, String(tsNs), ...cells, recordedMs];
    return { seq, scheduledMs: result.scheduledMs, cells: chained };
  }

  /** A transaction was undone: what was learnt inside it did not happen. */
  forget(): void {
    this.#series.clear();
    this.#last.clear();
  }

  /** The next results of a query, ascending by scheduled time. */
  page(query: ResultQuery, start: PageStart | null, limit: number): ResultPage {
    const where = ['r.scheduled_ms < ?', '(r.scheduled_ms, r.seq) > (?, ?)'];
    const cells: Cell[] = [query.toMs, start?.scheduledMs ?? query.fromMs, start?.seq ?? -1];
    for (const [column, value] of [
      ['s.probe', query.probe],
      ['s.service', query.service],
      ['r.gameday', query.gameday],
    ] as const) {
      if (value === undefined) continue;
      where.push(`${column} = ?`);
      cells.push(value);
    }
    if (query.probes !== undefined) {
      where.push(`s.probe IN (${query.probes.map(() => '?').join(', ')})`);
      cells.push(...query.probes);
    }
    if (query.recordedBefore !== undefined) {
      where.push('r.recorded_ms < ?');
      cells.push(query.recordedBefore);
    }
    const rows = this.#sql.all(
      `${SELECT_BY_TIME} WHERE ${where.join(' AND ')} ORDER BY r.scheduled_ms, r.seq LIMIT ?`,
      ...cells,
      limit,
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      results: rows.map(toResult),
      next: last === undefined ? null : { scheduledMs: number(last, 'scheduled_ms'), seq: number(last, 'seq') },
    };
  }

  /** The results of some probes that were stored after `seq`, in the order in which they were stored. */
  *storedAfter(seq: number, probes: readonly string[]): Iterable<Result> {
    const places = probes.map(() => '?').join(', ');
    const sql = `${SELECT_RESULTS} WHERE r.seq > ? AND s.probe IN (${places}) ORDER BY r.seq`;
    for (const row of this.#sql.walk(sql, seq, ...probes)) yield toResult(row);
  }

  /** The results of some probes that may have events within a stretch. */
  *near({ fromMs, toMs }: Stretch, probes: readonly string[]): Iterable<Result> {
    const places = probes.map(() => '?').join(', ');
    const sql = `${SELECT_RESULTS} WHERE r.scheduled_ms >= ? AND r.scheduled_ms < ? AND s.probe IN (${places})`;
    for (const row of this.#sql.walk(sql, fromMs - FARTHEST_MS, toMs + FARTHEST_MS, ...probes)) yield toResult(row);
  }

  /** Whether something that was stored after `seq` was due in a stretch. */
  hasLater(seq: number, { fromMs, toMs }: Stretch): boolean {
    // By their numbers, which are few, not by their times.
    const sql = 'SELECT 1 FROM results WHERE seq > ? AND +scheduled_ms >= ? AND +scheduled_ms < ? LIMIT 1';
    return this.#sql.first(sql, seq, fromMs, toMs) !== undefined;
  }

  #seriesOf(result: Result): Series {
    const { probe, kind, service, location, endpoint, venue } = result;
    // A probe seldom has more than one, and comparing is cheaper than a key of all six.
    const last = this.#last.get(probe);
    if (last !== undefined && isSame(last.of, result)) return last.series;
    const series = this.#stored([probe, kind, service, location, endpoint, venue]);
    this.#last.set(probe, { of: { kind, service, location, endpoint, venue }, series });
    return series;
  }

  #stored(cells: readonly (string | null)[]): Series {
    const key = JSON.stringify(cells.map((cell) => cell ?? ''));
    const cached = this.#series.get(key);
    if (cached !== undefined) return cached;
    this.#sql.run(
      `INSERT INTO series (probe, kind, service, location, endpoint, venue) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
      ...cells,
    );
    const row = this.#sql.first(
      `SELECT * FROM series WHERE probe = ? AND kind = ? AND service = ? AND location = ?
         AND ifnull(endpoint, '') = ? AND ifnull(venue, '') = ?`,
      ...cells.map((cell) => cell ?? ''),
    );
    if (row === undefined) throw new Error('a series that was just written is not there');
    const columns = ['probe', 'kind', 'service', 'location', 'endpoint', 'venue'];
    const series = { id: number(row, 'id'), cells: columns.map((column) => row[column] ?? null) };
    this.#series.set(key, series);
    return series;
  }
}
