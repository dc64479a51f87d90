/** What a ledger is given when it is made, and keeps. */
import { LedgerError } from './ledger-error.ts';
import type { Sql } from './sql.ts';

/** @returns the length of its tally steps, ms. @throws LedgerError when they are not of the length `wanted` */
export function adoptStep(sql: Sql, wanted: number | undefined): number {
  if (sql.meta('step_ms') === null && !sql.readOnly) {
    const stepMs = wanted ?? 60_000;
    if (!Number.isSafeInteger(stepMs) || stepMs < 1)
      throw new RangeError(`a step is whole milliseconds, got ${stepMs}`);
    sql.write(() => {
      sql.run("INSERT INTO meta VALUES ('step_ms', ?) ON CONFLICT DO NOTHING", String(stepMs));
    });
  }
  const kept = Number(sql.meta('step_ms') ?? wanted ?? 60_000);
  if (wanted !== undefined && kept !== wanted) {
    throw new LedgerError(
      'mismatch',
      sql.path,
      `its tally steps are ${kept} ms long, the configuration's are ${wanted} ms`,
      'name another file in store.ledger, or use the time scale it was made with',
    );
  }
  return kept;
}

/** @returns a word that no other ledger has; '' where an older one has none and is only read */
export function adoptIdentity(sql: Sql): string {
  if (sql.meta('identity') === null && !sql.readOnly) {
    sql.write(() => {
      sql.run("INSERT INTO meta VALUES ('identity', lower(hex(randomblob(8)))) ON CONFLICT DO NOTHING");
    });
  }
  return sql.meta('identity') ?? '';
}
