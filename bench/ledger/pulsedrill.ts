/** Ours: the ledger in its thread, judging each result by three objectives; every append is on the disk when it resolves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Rule } from '../../store/judge.ts';
import { openStore } from '../../store/open.ts';
import { answerOrders, Stopwatch } from '../contender.ts';
import { BATCH, batchOf } from './rows.ts';

const [parent = '.', size = String(BATCH)] = process.argv.slice(2);
const batchSize = Number(size);
const probes = Array.from({ length: 10 }, (_, index) => `status-${index}`);
const objectives: readonly Rule[] = [
  { id: 'sla-api-availability', sli: { type: 'availability' }, weighing: 'time', split: null, probes },
  { id: 'slo-api-availability', sli: { type: 'availability' }, weighing: 'time', split: null, probes },
  {
    id: 'slo-api-latency',
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
    weighing: 'time',
    split: 'endpoint',
    probes,
  },
];
/** Batches on their way: one in a transaction, one waiting for the next, so that the thread never waits for us. */
const IN_FLIGHT = 2;

answerOrders(async (ms) => {
  const folder = mkdtempSync(join(parent, 'ours-'));
  try {
    await using store = await openStore({ path: join(folder, 'ledger.db'), objectives });
    let next = 0;
    let appended = 0;
    const watch = new Stopwatch();
    const untilMs = performance.now() + ms;
    const lane = async () => {
      do {
        const batch = next;
        next += 1;
        await store.append(batchOf(batch, batchSize));
        appended += batchSize;
      } while (performance.now() < untilMs);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return watch.stop(appended);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
