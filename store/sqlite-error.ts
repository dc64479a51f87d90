/** What SQLite says is wrong, in words that name what is still good and what mends it. */
import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LedgerError, type LedgerErrorCode } from './ledger-error.ts';

interface SqliteError extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** Of a file whose pages are damaged. */
export const DAMAGED = {
  what: 'the file is damaged',
  mend: '"pulsedrill ledger recover --to FILE" saves what can be read; or restore it from a copy',
};

/** Of something else, or of a ledger that lost its first page, by which SQLite finds everything. */
export const NO_DATABASE = {
  what: 'the file is not a database',
  mend:
    'name another file in store.ledger; if this was a ledger, its first page is damaged: "pulsedrill ledger recover ' +
    '--to FILE" finds that page in the -wal where one is left beside it, else only a copy helps',
};

const BUSY = 5;
const READ_ONLY = 8;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
/** What SQLite adds to a -shm at once, bytes: where a disk has less, it calls that a failure of the disk. */
const SHARED_BYTES = 32_768;
/** Primary result codes, https://www.sqlite.org/rescode.html. */
const MEANINGS: ReadonlyMap<number, readonly [LedgerErrorCode, string, string]> = new Map([
  [3, ['unwritable', 'permission denied', 'give this user the right to write the file and its folder']],
  [
    BUSY,
    [
      'locked',
      'another process holds it',
      'end the other process ("fuser -v %file" names it), or wait until it is done',
    ],
  ],
  [6, ['locked', 'another connection holds it', 'wait until it is done']],
  [READ_ONLY, ['unwritable', 'it is read-only', 'give this user the right to write the file and its folder']],
  [IO_ERROR, ['unwritable', 'the disk failed to read or write', 'look at the disk and at the system log']],
  [11, ['corrupt', DAMAGED.what, DAMAGED.mend]],
  [FULL, ['full', 'the disk is full', 'free some space ("df -h %folder" shows it); nothing that was stored is lost']],
  [CANNOT_OPEN, ['unwritable', 'cannot be opened', 'check that the folder exists and that this user may write in it']],
  [26, ['corrupt', NO_DATABASE.what, NO_DATABASE.mend]],
]);

/** Turns an error of SQLite that the environment caused into a LedgerError; anything else (a bug) comes back as it is. */
export function explain(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return error;
  const meaning = MEANINGS.get(codeOf(error, path));
  if (meaning === undefined) return error;
  const [code, what, mend] = meaning;
  const state = code === 'locked' || code === 'full' ? lastStored(path) : null;
  const command = mend.replace('%file', path).replace('%folder', dirname(path));
  return new LedgerError(code, path, state === null ? what : `${what}; ${state}`, command, error);
}

/**
 * The same of who only reads, who needs no right to write the file. In a folder where nothing can be made a copy elsewhere
 * is all that can be read: whoever writes a ledger has a -shm there, and then it can be read without making one.
 */
export function explainReading(error: unknown, path: string): unknown {
  if (!isSqliteError(error) || ![READ_ONLY, CANNOT_OPEN].includes(error.errcode & 0xff) || !isReadable(path))
    return explain(error, path);
  const copy = `mkdir -p /tmp/pulsedrill && cp '${resolve(path)}'* /tmp/pulsedrill`;
  return new LedgerError(
    'unwritable',
    path,
    `reading it makes a -shm beside it, and nothing can be written in ${dirname(resolve(path))}`,
    `read a copy: "${copy}", and let store.ledger of another configuration name it`,
    error,
  );
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** A command that only reads has to make the -shm, too, where no other process has it. */
function codeOf({ errcode }: SqliteError, path: string): number {
  const code = errcode & 0xff;
  return code === IO_ERROR && freeBytes(dirname(path)) < SHARED_BYTES ? FULL : code;
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

/** Up to where a ledger that takes nothing just now is good; null: the file is none, but something that belongs to one. */
function lastStored(path: string): string | null {
  try {
    using db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    const row = db.prepare('SELECT seq, scheduled_ms FROM results ORDER BY seq DESC LIMIT 1').get();
    if (row === undefined) return 'it holds no result';
    const due = new Date(Number(row['scheduled_ms'])).toISOString();
    return `all is stored up to result ${Number(row['seq'])}, which was due ${due}`;
  } catch (error) {
    return isSqliteError(error) && (error.errcode & 0xff) === BUSY ? 'it cannot even be read meanwhile' : null;
  }
}
