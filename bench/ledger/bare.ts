/**
 * The peer: the same cells by `node:sqlite` alone, as many in one transaction, as durable (WAL, synchronous=FULL). One
 * table without an index; nothing is judged, nothing is looked up, the same run would be stored twice.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { nanoseconds, resultCells } from '../../store/rows.ts';
import { answerOrders, Stopwatch } from '../contender.ts';
import { BATCH, batchOf } from './rows.ts';

const [parent = '.', size = String(BATCH)] = process.argv.slice(2);
const batchSize = Number(size);

answerOrders((ms) => {
  const folder = mkdtempSync(join(parent, 'bare-'));
  const db = new DatabaseSync(join(folder, 'bare.db'));
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    db.exec(`CREATE TABLE results (seq INTEGER PRIMARY KEY, run_id TEXT, series INTEGER, ts_ns INTEGER,
      scheduled_ms REAL, started_ms REAL, lateness_ms REAL, duration_ms REAL, cadence TEXT, weight_ms INTEGER, outcome TEXT,
      reason TEXT, detail TEXT, dns_ms REAL, connect_ms REAL, tls_ms REAL, sent_ms REAL,
      first_byte_ms REAL, transfer_ms REAL, readings TEXT, "values" TEXT, trail TEXT, loop_delay_ms REAL, gameday TEXT)`);
    const insert = db.prepare(`INSERT INTO results VALUES (null${', ?'.repeat(23)})`);
    const watch = new Stopwatch();
    const untilMs = performance.now() + ms;
    let inserted = 0;
    do {
      const batch = batchOf(inserted / batchSize, batchSize);
      db.exec('BEGIN IMMEDIATE');
      for (const result of batch) {
        insert.run(result.runId, 1, nanoseconds(result.scheduledMs), ...resultCells(result));
      }
      db.exec('COMMIT');
      inserted += batchSize;
    } while (performance.now() < untilMs);
    return watch.stop(inserted);
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
});
