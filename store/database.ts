import { statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder, systemCode } from '../probes/folder.ts';
import { goneText, lastNoted, type Noted } from './last-noted.ts';
import { LedgerError } from './ledger-error.ts';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';
import type { Migration } from './schema.ts';
import { explain, explainReading } from './sqlite-error.ts';

export interface DatabaseOptions {
  readonly path: string;
  readonly readOnly?: boolean;
  /** How long to wait for another process's lock, ms. Default 5,000. */
  readonly busyMs?: number;
  /** A ceiling for the file, in pages of 4,096 bytes; beyond it the ledger behaves as on a full disk. */
  readonly maxPages?: number;
  /** For tests of the mechanism itself. */
  readonly migrations?: readonly Migration[];
}

/** Opens the file, or makes it, and brings its schema up to date. @throws LedgerError */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  const { path, readOnly = false } = options;
  if (readOnly) mustHoldSomething(path);
  else {
    makeFolderOf(path);
    mustNotBeEmptied(path);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly, timeout: options.busyMs ?? 5_000, enableForeignKeyConstraints: true });
    mustBeOurs(db, path);
    if (!readOnly) {
      // Pages that nobody needs can then leave the file. Takes effect in a new file, and in an older one at its next VACUUM.
      db.exec('PRAGMA auto_vacuum = INCREMENTAL');
      // WAL: readers never wait for the writer. FULL: a commit is on the disk before append() resolves.
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;');
      if (options.maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${Math.trunc(options.maxPages)}`);
    }
    migrate(db, path, readOnly, options.migrations ?? MIGRATIONS);
    return db;
  } catch (error) {
    db?.close();
    throw readOnly ? explainReading(error, path) : explain(error, path);
  }
}

/** Runs `work` in one write transaction: all of it is durable, or none of it happened. @throws LedgerError */
export function transaction<T>(db: DatabaseSync, path: string, work: () => T): T {
  try {
    db.exec('BEGIN IMMEDIATE');
    const value = work();
    db.exec('COMMIT');
    return value;
  } catch (error) {
    // SQLite has already rolled back after some errors (a full disk among them).
    if (db.isTransaction) db.exec('ROLLBACK');
    throw explain(error, path);
  }
}

function numberOf(db: DatabaseSync, pragma: string): number {
  const row = db.prepare(`PRAGMA ${pragma}`).get();
  return Number(row?.[pragma] ?? 0);
}

function mustBeOurs(db: DatabaseSync, path: string): void {
  const id = numberOf(db, 'application_id');
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get();
  if (id !== APPLICATION_ID && Number(tables?.['n']) > 0) {
    throw new LedgerError(
      'mismatch',
      path,
      'this database belongs to another program',
      'name another file in store.ledger',
    );
  }
}

function migrate(db: DatabaseSync, path: string, readOnly: boolean, migrations: readonly Migration[]): void {
  const current = numberOf(db, 'user_version');
  if (current > migrations.length) {
    throw new LedgerError(
      'newer',
      path,
      `its schema is version ${current}, this program knows ${migrations.length}`,
      'use the pulsedrill that wrote it, or a later one',
    );
  }
  if (current === migrations.length) return;
  if (readOnly) {
    const noted = current === 0 ? lastNoted(path) : null;
    if (noted !== null) throw bereft(path, noted);
    throw new LedgerError(
      'mismatch',
      path,
      `its schema is version ${current}, this program reads ${migrations.length}`,
      'open it once for writing (pulsedrill run) to bring it up to date',
    );
  }
  transaction(db, path, () => {
    // Read again under the lock: another process may have done it meanwhile.
    for (let version = numberOf(db, 'user_version'); version < migrations.length; version += 1) {
      const migration = migrations[version] ?? '';
      if (typeof migration === 'string') db.exec(migration);
      else migration(db);
      db.exec(`PRAGMA user_version = ${version + 1}`);
    }
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  });
}

/** Of a ledger that was killed before its -wal was ever moved into it, and lost that. */
function bereft(path: string, noted: Noted): LedgerError {
  return new LedgerError(
    'corrupt',
    path,
    `it holds nothing, and ${goneText({ ...noted, firstSeq: 1, lastSeq: noted.seq })}`,
    'restore it from a copy, or with its -wal where that is somewhere; or "pulsedrill run" begins a new record in it',
  );
}

/** Whether it is there and holds nothing. */
export function isEmpty(path: string): boolean {
  return seen(path)?.size === 0;
}

/** Undefined also where this user may not look: opening it will say why. */
function seen(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** @throws LedgerError when there is nothing to read */
export function mustHoldSomething(path: string): void {
  const found = seen(path);
  if (found === undefined)
    throw new LedgerError('missing', path, 'there is no such file', 'run pulsedrill run first, or name the right file');
  if (!found.isFile()) throw new LedgerError('unwritable', path, 'this is not a file', 'name a file in store.ledger');
  mustNotBeEmptied(path);
  if (found.size === 0)
    throw new LedgerError(
      'missing',
      path,
      'the file is empty',
      'restore it from a copy if it ever held results; if not, "pulsedrill run" begins it',
    );
}

/** SQLite would take an empty file for a new one, and remove what stands beside it. @throws LedgerError */
function mustNotBeEmptied(path: string): void {
  if (!isEmpty(path) || (seen(`${path}-wal`)?.size ?? 0) === 0) return;
  throw new LedgerError(
    'corrupt',
    path,
    'somebody emptied the file: it holds nothing, and its -wal holds the newest of what it held',
    'keep both as they are, and restore the file from a copy; or name another one in store.ledger',
  );
}

/** @throws LedgerError */
export function makeFolderOf(path: string): void {
  const folder = dirname(path);
  try {
    makeFolder(folder);
  } catch (error) {
    throw new LedgerError(
      'unwritable',
      path,
      `the folder ${folder} cannot be made (${systemCode(error)})`,
      'name a folder that can be written in store.ledger',
      error,
    );
  }
}
