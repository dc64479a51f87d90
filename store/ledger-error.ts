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
