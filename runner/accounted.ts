import { LedgerError } from '../store/ledger-error.ts';

/** The last line of a process whose results are not in the ledger says how many there are and where. */
export function accounted(cause: unknown, account: string | null): unknown {
  if (account === null || !(cause instanceof Error)) return cause;
  const message = `${cause.message}; ${account}`;
  if (!(cause instanceof LedgerError)) return new Error(message, { cause });
  const told = new LedgerError(cause.code, cause.path, '', cause.mend, cause);
  told.message = message;
  return told;
}
