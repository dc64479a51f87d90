/**
 * Cursors of followers that stand beyond the last row there is, as of another file than this one: what is stored next would
 * take numbers that they have passed, and never be given to them.
 */
import type { DatabaseSync } from 'node:sqlite';
import { OUTBOX_STREAMS, type OutboxStream } from './outbox.ts';
import { number, text } from './rows.ts';

export interface CursorAhead {
  readonly cursor: string;
  readonly position: number;
  /** Number of the last row that there ever was, as far as the file knows. */
  readonly last: number;
}

/** Also those that have left: a number is never given twice. */
const LAST: Readonly<Record<OutboxStream, string>> = {
  results: 'SELECT max(last_seq) AS last FROM segments',
  events: given('events'),
  budgets: given('budgets'),
  tallies: `SELECT max(last) AS last FROM (SELECT CAST(value AS INTEGER) AS last FROM meta WHERE key = 'revision'
    UNION ALL SELECT max(revision) FROM tallies)`,
};

function given(table: string): string {
  return `SELECT max(last) AS last FROM (SELECT seq AS last FROM sqlite_sequence WHERE name = '${table}'
    UNION ALL SELECT max(seq) FROM ${table})`;
}

export function cursorsAhead(db: DatabaseSync): readonly CursorAhead[] {
  const rows = db.prepare('SELECT name, position FROM cursors ORDER BY name').all();
  return rows.flatMap((row) => {
    const [cursor, position] = [text(row, 'name'), number(row, 'position')];
    const stream = OUTBOX_STREAMS.find((each) => cursor.endsWith(` ${each}`));
    if (stream === undefined) return [];
    const last = Number(db.prepare(LAST[stream]).get()?.['last'] ?? 0);
    return position > last ? [{ cursor, position, last }] : [];
  });
}

/** Inside a transaction. Everything there is was given to them; what comes next will be. */
export function setBack(db: DatabaseSync, ahead: readonly CursorAhead[]): void {
  const put = db.prepare('UPDATE cursors SET position = ? WHERE name = ?');
  for (const { cursor, last } of ahead) put.run(last, cursor);
}
