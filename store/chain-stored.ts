import type { DatabaseSync } from 'node:sqlite';
import { linkOf } from './chain.ts';
import type { Link } from './chain.ts';
import { SegmentTable } from './segment-table.ts';
import { SELECT_RESULTS } from './select-results.ts';

/** How many results are read before they are chained: memory stays flat however long the ledger is. */
const BATCH = 2_000;

/** Chains all results that a ledger holds, which nobody recorded the time of. Inside a transaction. */
export function chainStored(db: DatabaseSync): void {
  const segments = new SegmentTable(db);
  const walk = db.prepare(`${SELECT_RESULTS} ORDER BY r.seq`);
  walk.setReadBigInts(true);
  let batch: Link[] = [];
  for (const row of walk.iterate()) {
    batch.push(linkOf(row));
    if (batch.length < BATCH) continue;
    segments.link(batch, 0);
    batch = [];
  }
  segments.link(batch, 0);
}
