/**
 * Who runs the schedule on a ledger. A lock of the operating system on a file beside it, which is gone at the very moment at
 * which its holder is, killed or not: nothing in it depends on a clock or on a process id. SQLite takes it, since Node has no
 * call for it; a held write transaction lets others read who holds it.
 */
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolderOf } from './database.ts';
import { LedgerError } from './ledger-error.ts';
import { NO_DATABASE, explain } from './sqlite-error.ts';

export interface Holder {
  readonly pid: number;
  readonly location: string;
  /** Wall-clock ms, for people. */
  readonly startedMs: number;
}

export interface Lease extends Disposable {
  readonly holder: Holder;
}

/** One that is just ending is waited for. */
const PATIENCE_MS = 2_000;
/** Two that start together may each overwrite who holds it; whoever holds it at the end writes again. */
const ROUNDS = 5;

/** Held until it is disposed of, or the process ends. @throws LedgerError naming the one that holds it */
export function holdLedger(ledger: string, holder: Holder, patienceMs = PATIENCE_MS): Lease {
  refuseForeign(ledger);
  makeFolderOf(ledger);
  const path = leasePath(ledger);
  const db = openLease(path, patienceMs);
  try {
    db.exec('CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT');
    const body = JSON.stringify(holder);
    for (let round = 0; round < ROUNDS; round += 1) {
      db.exec('BEGIN IMMEDIATE');
      if (bodyOf(db) === body) return { holder, [Symbol.dispose]: () => db.close() };
      db.prepare('INSERT OR REPLACE INTO holder VALUES (1, ?)').run(body);
      db.exec('COMMIT');
    }
    throw held(ledger, holderIn(db));
  } catch (error) {
    const found = holderIn(db);
    db.close();
    const known = explain(error, path);
    if (known instanceof LedgerError && known.code === 'locked') throw held(ledger, found);
    if (known instanceof LedgerError && known.code === 'corrupt') throw spoiled(path, known);
    throw known;
  }
}

/** Who runs the schedule on this ledger right now; null when nobody does. */
export function holderOf(ledger: string): Holder | null {
  const path = leasePath(ledger);
  if (!existsSync(path)) return null;
  const db = openLease(path, 0);
  try {
    db.exec('BEGIN IMMEDIATE');
    db.exec('ROLLBACK');
    return null;
  } catch (error) {
    const known = explain(error, path);
    if (known instanceof LedgerError && known.code === 'locked') return holderIn(db);
    throw known;
  } finally {
    db.close();
  }
}

export function holderText({ pid, location, startedMs }: Holder): string {
  return `process ${pid}, location ${location}, since ${new Date(startedMs).toISOString()}`;
}

function held(ledger: string, holder: Holder | null): LedgerError {
  const who = holder === null ? '' : ` (${holderText(holder)})`;
  return new LedgerError(
    'held',
    ledger,
    `another "pulsedrill run" keeps it${who}`,
    'end that one first, or give this one a ledger of its own in store.ledger',
  );
}

function spoiled(path: string, cause: LedgerError): LedgerError {
  const mend = 'remove it; it only says who keeps the ledger';
  return new LedgerError('corrupt', path, NO_DATABASE.what, mend, cause);
}

/** Beside what can never be a ledger nothing is written. @throws LedgerError */
function refuseForeign(ledger: string): void {
  const found = existsSync(ledger) ? statSync(ledger) : null;
  if (found === null || (found.isFile() && found.size === 0)) return;
  if (!found.isFile()) throw new LedgerError('unwritable', ledger, 'this is not a file', 'name a file in store.ledger');
  if (!isDatabase(ledger)) throw new LedgerError('corrupt', ledger, NO_DATABASE.what, NO_DATABASE.mend);
}

/** Every SQLite file begins with these sixteen bytes. */
const HEADER = 'SQLite format 3\0';

function isDatabase(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    // Who may not read it is told so, in its own words, by whoever opens it.
    return true;
  }
  try {
    const head = Buffer.alloc(HEADER.length);
    readSync(descriptor, head);
    return head.toString('latin1') === HEADER;
  } finally {
    closeSync(descriptor);
  }
}

/** By its real name: a link to a ledger is the same ledger. */
function leasePath(ledger: string): string {
  const folder = dirname(ledger);
  if (existsSync(ledger)) return `${realpathSync(ledger)}-run`;
  return `${existsSync(folder) ? join(realpathSync(folder), basename(ledger)) : ledger}-run`;
}

function openLease(path: string, timeout: number): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout });
  } catch (error) {
    throw explain(error, path);
  }
}

function bodyOf(db: DatabaseSync): string {
  return String(db.prepare('SELECT body FROM holder').get()?.['body'] ?? '');
}

function holderIn(db: DatabaseSync): Holder | null {
  try {
    const value: unknown = JSON.parse(bodyOf(db));
    if (typeof value !== 'object' || value === null) return null;
    const { pid, location, startedMs }: Partial<Record<keyof Holder, unknown>> = value;
    if (typeof pid !== 'number' || typeof location !== 'string' || typeof startedMs !== 'number') return null;
    return { pid, location, startedMs };
  } catch {
    return null;
  }
}
