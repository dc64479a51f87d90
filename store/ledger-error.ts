/** What can be wrong with the file that remembers everything. */
export type LedgerErrorCode =
  /** The folder or file cannot be written or read, or the disk fails. */
  | 'unwritable'
  /** Not a database, or a damaged one. */
  | 'corrupt'
  | 'full'
  /** Another process held it for longer than the patience of the busy timeout. */
  | 'locked'
  /** Another process runs the schedule on it. */
  | 'held'
  /** Written by a later version of this program. */
  | 'newer'
  /** A ledger of another step length, another program's database, or too old to be read without being written. */
  | 'mismatch'
  /** Asked to be read, and it does not exist. */
  | 'missing'
  /** The thread that keeps it has ended, or it was closed. */
  | 'closed';

/** The environment is unusable. The message is one line: what is wrong, where, and how to mend it. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;
  readonly path: string;
  readonly mend: string;

  constructor(code: LedgerErrorCode, path: string, what: string, mend: string, cause?: unknown) {
    super(`ledger ${path}: ${what}: ${mend}`, { cause });
    this.name = 'LedgerError';
    this.code = code;
    this.path = path;
    this.mend = mend;
  }
}

/** A LedgerError as plain data, to cross from one thread to another. */
export interface LedgerErrorData {
  readonly code: LedgerErrorCode;
  readonly path: string;
  readonly message: string;
  readonly mend: string;
}

export function toData(error: LedgerError): LedgerErrorData {
  return { code: error.code, path: error.path, message: error.message, mend: error.mend };
}

export function fromData(data: LedgerErrorData): LedgerError {
  const error = new LedgerError(data.code, data.path, '', data.mend);
  error.message = data.message;
  return error;
}

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

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const MEANINGS: ReadonlyMap<number, readonly [LedgerErrorCode, string, string]> = new Map([
  [3, ['unwritable', 'permission denied', 'give this user the right to write the file and its folder']],
  [5, ['locked', 'another process holds it', 'end the other process, or wait until it is done']],
  [6, ['locked', 'another connection holds it', 'wait until it is done']],
  [8, ['unwritable', 'it is read-only', 'give this user the right to write the file and its folder']],
  [10, ['unwritable', 'the disk failed to read or write', 'look at the disk and at the system log']],
  [11, ['corrupt', DAMAGED.what, DAMAGED.mend]],
  [13, ['full', 'the disk is full', 'free some space; nothing that was stored is lost']],
  [14, ['unwritable', 'cannot be opened', 'check that the folder exists and that this user may write in it']],
  [26, ['corrupt', 'the file is not a database', 'name another file in store.ledger']],
]);

/** Turns an error of SQLite that the environment caused into a LedgerError; anything else (a bug) comes back as it is. */
export function explain(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return error;
  const meaning = MEANINGS.get(error.errcode & 0xff);
  if (meaning === undefined) return error;
  const [code, what, mend] = meaning;
  return new LedgerError(code, path, what, mend, error);
}
