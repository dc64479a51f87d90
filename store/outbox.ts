import { budgetLine, eventLine, runLine, tallyLine } from './influx/lines.ts';
import { integer, number, text, toBudget, toEvent, toResult, written } from './rows.ts';
import type { Row } from './rows.ts';
import { SELECT_RESULTS } from './select-results.ts';
import type { Sql } from './sql.ts';
import type { Rule } from './judge.ts';
import type { Weighing } from '../slo/objective.ts';
import { tallyOf } from './tally-table.ts';

/** What the ledger ships, each in the order in which it became durable. */
export const OUTBOX_STREAMS = ['results', 'events', 'budgets', 'tallies'] as const;
export type OutboxStream = (typeof OUTBOX_STREAMS)[number];

export interface OutboxPage {
  readonly lines: readonly string[];
  /** The cursor's next position, once these lines have arrived; null when nothing is left. */
  readonly upTo: number | null;
  /** Whether rows may wait after these. */
  readonly more: boolean;
}

interface Source {
  readonly select: string;
  /** The column that only ever grows. A tally row gets a new revision whenever it changes, and so is shipped again. */
  readonly order: string;
  /** How many rows come after a position, at most; cheap on a backlog of any length. */
  readonly count: string;
  /** Since when the first row after a position has been there, wall-clock ms; null: nobody can say. */
  readonly oldest: string | null;
  readonly toLine: (row: Row, by: Shipping) => string | null;
}

const SOURCES: Readonly<Record<OutboxStream, Source>> = {
  results: {
    select: `${SELECT_RESULTS} WHERE r.seq > ? ORDER BY r.seq LIMIT ?`,
    order: 'seq',
    count: 'SELECT ifnull(max(seq), 0) - ? AS n FROM results',
    oldest: `SELECT CASE WHEN recorded_ms > 0 THEN recorded_ms ELSE scheduled_ms END AS ms FROM results
      WHERE seq > ? ORDER BY seq LIMIT 1`,
    toLine: (row) => runLine(toResult(row), integer(row, 'ts_ns'), number(row, 'seq')),
  },
  events: {
    select: 'SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?',
    order: 'seq',
    count: 'SELECT ifnull(max(seq), 0) - ? AS n FROM events',
    oldest: `SELECT CASE WHEN recorded_ms > 0 THEN recorded_ms ELSE at_ms END AS ms FROM events
      WHERE seq > ? ORDER BY seq LIMIT 1`,
    toLine: (row, { location }) => {
      const at = { location, seq: number(row, 'seq'), recordedMs: number(row, 'recorded_ms') };
      return eventLine(toEvent(row), integer(row, 'ts_ns'), at);
    },
  },
  budgets: {
    select: 'SELECT * FROM budgets WHERE seq > ? ORDER BY seq LIMIT ?',
    order: 'seq',
    count: 'SELECT ifnull(max(seq), 0) - ? AS n FROM budgets',
    oldest: 'SELECT at_ms AS ms FROM budgets WHERE seq > ? ORDER BY seq LIMIT 1',
    toLine: (row, { location }) => budgetLine(toBudget(row), location),
  },
  tallies: {
    select: `SELECT t.*, o.rule FROM tallies t JOIN objectives o ON o.id = t.objective
      WHERE t.revision > ? ORDER BY t.revision LIMIT ?`,
    order: 'revision',
    count: 'SELECT count(*) AS n FROM (SELECT 1 FROM tallies WHERE revision > ? LIMIT 100000)',
    // When a row was written is nowhere; its results say it as well.
    oldest: null,
    toLine: (row, by) => {
      const step = { atMs: number(row, 'at_ms'), split: text(row, 'split'), ...tallyOf(row) };
      return tallyLine(text(row, 'objective'), weighingOf(row), step, by);
    },
  },
};

function weighingOf(row: Row): Weighing {
  return written<Rule>(row, 'rule', 'json').weighing;
}

/** What a line says beside its record. */
export interface Shipping {
  /** Where this ledger's prober stands. */
  readonly location: string;
  readonly nowMs: number;
}

/** A follower of the ledger: a place that is written to. */
export interface Follower extends Shipping {
  /** Its cursor's name. */
  readonly name: string;
}

/** What of a stream waits after a position. */
export interface Waiting {
  /** At most so many rows. */
  readonly rows: number;
  /** Since when the first of them does, wall-clock ms; null: nothing waits, or nobody can say. */
  readonly oldestMs: number | null;
}

export function waitingRows(sql: Sql, stream: OutboxStream, position: number): Waiting {
  const { count, oldest } = SOURCES[stream];
  const waiting = sql.first(count, position);
  const rows = waiting === undefined ? 0 : Math.max(0, number(waiting, 'n'));
  const first = rows === 0 || oldest === null ? undefined : sql.first(oldest, position);
  return { rows, oldestMs: first === undefined ? null : number(first, 'ms') };
}

/** The lines of a stream after `position`, at most `limit` rows. */
export function pendingLines(
  sql: Sql,
  stream: OutboxStream,
  { position, limit, ...by }: Shipping & { readonly position: number; readonly limit: number },
): OutboxPage {
  const source = SOURCES[stream];
  const rows = sql.all(source.select, position, limit);
  const last = rows.at(-1);
  const upTo = last === undefined ? null : number(last, source.order);
  const lines = rows.map((row) => source.toLine(row, by)).filter((line) => line !== null);
  return { lines, upTo, more: rows.length === limit };
}
