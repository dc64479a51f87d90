/** Mends of a ledger what its own results can: tallies, and cursors that stand beyond the last row. */
import { areRollupsWhole, type LedgerFinding } from './check.ts';
import { cursorsAhead, setBack } from './cursors-ahead.ts';
import { openDatabase } from './database.ts';
import { Ledger } from './ledger.ts';
import { Sql } from './sql.ts';
import { TallyTable } from './tally-table.ts';

/**
 * Counts the hours anew in which tallies are not what their results say. Where hours and days do not come to their minutes
 * after that, nobody knows which: such an objective is judged anew as a whole, as far as its results are there.
 * @param found what a check found. @returns what its owner should know, a line each. @throws LedgerError
 */
export function mendLedger(path: string, { tallies }: Pick<LedgerFinding, 'tallies'>): readonly string[] {
  const found = tallies ?? [];
  {
    using ledger = new Ledger({ path });
    for (const { objective, within } of found) if (within.length > 0) ledger.countAgain(objective, within);
  }
  {
    using db = openDatabase({ path });
    const sql = new Sql(db, path, false);
    const stored = new TallyTable(db, 'main', Number(sql.meta('step_ms') ?? 60_000));
    const wrong = found.filter((each) => !each.areRollupsWhole && !areRollupsWhole(stored, each.objective));
    sql.write(() => {
      for (const { objective } of wrong) sql.run("UPDATE objectives SET hash = '' WHERE id = ?", objective);
      setBack(db, cursorsAhead(db));
    });
  }
  // Opened once more, it judges those that lost their hash.
  using ledger = new Ledger({ path });
  return ledger.notices;
}
