import { openDatabase } from './database.ts';
import { explain } from './sqlite-error.ts';

/** Writes the whole file anew, without free pages and such that pages can leave it from then on. @throws LedgerError */
export function compactLedger(path: string): void {
  using db = openDatabase({ path });
  try {
    db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE);');
  } catch (error) {
    throw explain(error, path);
  }
}
