import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { transaction } from './database.ts';
import { LedgerError } from './ledger-error.ts';
import type { Cell, Row } from './rows.ts';
import { explain } from './sqlite-error.ts';

/** One connection to the ledger, with its statements kept prepared. Every integer comes back as a bigint. */
export class Sql {
  readonly path: string;
  readonly db: DatabaseSync;
  readonly readOnly: boolean;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string, readOnly: boolean) {
    this.db = db;
    this.path = path;
    this.readOnly = readOnly;
  }

  /** @throws LedgerError */
  all(sql: string, ...cells: readonly Cell[]): readonly Row[] {
    try {
      return this.#prepare(sql).all(...cells);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  /** @throws LedgerError */
  first(sql: string, ...cells: readonly Cell[]): Row | undefined {
    try {
      return this.#prepare(sql).get(...cells);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  /** For results of any length. Not kept prepared: two walks over one query would disturb each other. */
  walk(sql: string, ...cells: readonly Cell[]): Iterable<Row> {
    const statement = this.db.prepare(sql);
    statement.setReadBigInts(true);
    return statement.iterate(...cells);
  }

  /** Only inside {@link write}. @returns how many rows changed */
  run(sql: string, ...cells: readonly Cell[]): number {
    return Number(this.#prepare(sql).run(...cells).changes);
  }

  /** `work` sees one state of the ledger, whoever writes meanwhile. @throws LedgerError */
  read<T>(work: () => T): T {
    const isPinned = this.db.isTransaction;
    try {
      if (!isPinned) this.db.exec('BEGIN');
      return work();
    } catch (error) {
      throw explain(error, this.path);
    } finally {
      // Nothing is to be kept, and on damaged pages a commit would fail, and say less than what came before.
      if (!isPinned && this.db.isTransaction) this.db.exec('ROLLBACK');
    }
  }

  /** From here on this connection sees the ledger as it is now. Only for reading. @throws LedgerError */
  pin(): void {
    try {
      this.db.exec('BEGIN');
      // A transaction begins to see when it first looks.
      this.meta('identity');
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  /** All of `work` in one durable transaction, or nothing of it. @throws LedgerError */
  write<T>(work: () => T): T {
    if (this.readOnly) {
      throw new LedgerError('unwritable', this.path, 'it was opened for reading only', 'open it for writing');
    }
    return transaction(this.db, this.path, work);
  }

  /** The same without waiting for the disk: after a power cut it may not have happened, and nothing after it has. For what can be made again. */
  writeSoon<T>(work: () => T): T {
    this.db.exec('PRAGMA synchronous = NORMAL');
    try {
      return this.write(work);
    } finally {
      this.db.exec('PRAGMA synchronous = FULL');
    }
  }

  meta(key: string): string | null {
    const value = this.first('SELECT value FROM meta WHERE key = ?', key)?.['value'];
    return typeof value === 'string' ? value : null;
  }

  setMeta(key: string, value: string): void {
    this.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', key, value);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      statement.setReadBigInts(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/**
 * `atMs` in nanoseconds, or, where the series has that moment already, one past the last it has within the same
 * millisecond. By rule, not by chance: a point in InfluxDB is its series and its timestamp.
 * @param same the condition that says which rows are of the same series, for `cells`
 */
export function freeNs(
  sql: Sql,
  table: 'results' | 'events',
  wantedNs: bigint,
  same: string,
  ...cells: Cell[]
): bigint {
  const row = sql.first(
    `SELECT max(ts_ns) AS last, max(ts_ns = ?) AS taken FROM ${table} WHERE ${same} AND ts_ns BETWEEN ? AND ?`,
    wantedNs,
    ...cells,
    wantedNs,
    wantedNs - (wantedNs % 1_000_000n) + 999_999n,
  );
  return row?.['taken'] === 1n && typeof row['last'] === 'bigint' ? row['last'] + 1n : wantedNs;
}
