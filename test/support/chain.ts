import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { Ledger } from '../../store/ledger.ts';
import type { Segment } from '../../store/store.ts';

const finite = (_key: string, cell: unknown) =>
  typeof cell === 'number' && !Number.isFinite(cell) ? String(cell) : cell;

/** As docs/ledger.md tells it, by nothing but SQL, JSON and SHA-256. */
function recomputed(db: DatabaseSync, { previous, firstSeq, lastSeq }: Segment): { head: string; results: number } {
  const rows = db.prepare(
    `SELECT 1, seq, run_id, probe, kind, service, location, endpoint, venue, CAST(ts_ns AS TEXT), scheduled_ms, started_ms,
       lateness_ms, duration_ms, cadence, weight_ms, outcome, reason, detail, dns_ms, connect_ms, tls_ms, sent_ms,
       first_byte_ms, transfer_ms, readings, "values", trail, loop_delay_ms, gameday, recorded_ms
     FROM results JOIN series ON series.id = series WHERE seq BETWEEN ? AND ? ORDER BY seq`,
  );
  rows.setReturnArrays(true);
  let head = Buffer.from(previous, 'hex');
  let results = 0;
  for (const row of rows.iterate(firstSeq, lastSeq)) {
    head = createHash('sha256').update(head).update(JSON.stringify(row, finite)).digest();
    results += 1;
  }
  return { head: head.toString('hex'), results };
}

/** The numbers of the segments that do not hash to what they say, or do not follow each other; not of expired ones. */
export function brokenSegments(path: string): readonly number[] {
  const db = new DatabaseSync(path, { readOnly: true });
  using ledger = new Ledger({ path, readOnly: true });
  try {
    let [previous, lastSeq] = ['0'.repeat(64), 0];
    return ledger.segments({}).flatMap((segment) => {
      const follows = segment.previous === previous && segment.firstSeq === lastSeq + 1;
      previous = segment.head;
      lastSeq = segment.lastSeq;
      const found = segment.expiredMs === null ? recomputed(db, segment) : segment;
      const isWhole = follows && found.head === segment.head && found.results === segment.results;
      return isWhole ? [] : [segment.number];
    });
  } finally {
    db.close();
  }
}
