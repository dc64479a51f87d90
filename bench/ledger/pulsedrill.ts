/** Ours: the ledger in its thread, judging each result by three objectives; every append is on the disk when it resolves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Rule } from '../../store/judge.ts';
import { openStore, type LedgerStore } from '../../store/open.ts';
import type { Round } from '../arithmetic.ts';
import { answerOrders, Stopwatch } from '../contender.ts';
import { fillTo } from './fill.ts';
import { BATCH, resultsFrom } from './rows.ts';

const [parent = '.', size = String(BATCH), grown = '0'] = process.argv.slice(2);
const batchSize = Number(size);
/** Results that the file has at least before anything is measured; 0: each round begins with an empty one. */
const least = Number(grown);
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

/** A thread that has just begun compiles what it runs: what is sustained comes after that. */
const WARM_UP_SHARE = 0.25;

/** Appends for so long, beginning with a result that nobody has appended yet, and measures the rest after a warm-up. */
async function sustained(store: LedgerStore, first: number, ms: number): Promise<Round> {
  const { operations } = await append(store, first, ms * WARM_UP_SHARE);
  return await append(store, first + operations, ms);
}

async function append(store: LedgerStore, first: number, ms: number): Promise<Round> {
  let next = first;
  let appended = 0;
  const watch = new Stopwatch();
  const untilMs = performance.now() + ms;
  const lane = async () => {
    do {
      const from = next;
      next += batchSize;
      await store.append(resultsFrom(from, batchSize));
      appended += batchSize;
    } while (performance.now() < untilMs);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return watch.stop(appended);
}

answerOrders(async (ms) => {
  if (least > 0) {
    const path = join(parent, 'grown.db');
    const first = fillTo(path, least, objectives);
    await using store = await openStore({ path, objectives });
    return await sustained(store, first, ms);
  }
  const folder = mkdtempSync(join(parent, 'ours-'));
  try {
    await using store = await openStore({ path: join(folder, 'ledger.db'), objectives });
    return await sustained(store, 0, ms);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
