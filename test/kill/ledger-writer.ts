/**
 * A process to be killed: appends to a ledger as fast as it can, while the ledger's upkeep goes on where it is told to,
 * and says on standard output what it was told is durable, one id a line, written at once. Its clock moves a minute with
 * each run. Arguments: the ledger's path, the number of its first run, `tidy` where results are to expire.
 */
import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { openStore } from '../../store/open.ts';
import { AVAILABILITY, LATENCY } from '../support/results.ts';
import { KEEP, momentOf, writtenResult } from './written.ts';

const [, , path = '', first = '0', upkeep] = process.argv;
let n = Number(first);
const clock = { wallMs: () => momentOf(n) };
const store = await openStore({ path, objectives: [AVAILABILITY, LATENCY], stepMs: 60_000, clock });
/** Beside a thread the pipe does not block: where its reader has no core for a while, it is full, and asked again. */
const say = (line: string): void => {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
};

async function append(from: number, count: number): Promise<void> {
  const results = Array.from({ length: count }, (_, k) => writtenResult(from + k));
  await store.append(results);
  for (const { runId } of results) say(`run ${runId}`);
}

async function tidy(): Promise<void> {
  for (;;) {
    const { what } = await store.upkeep({ retention: KEEP, followers: [], nowMs: clock.wallMs() });
    if (what !== null) say(`upkeep ${what}`);
    await turn();
  }
}

if (upkeep === 'tidy') void tidy();
for (; ; n += 30) {
  const order = { clientOrderId: `order-${n}`, probe: 'buy', venue: 'primary', runId: `run-${n}`, atMs: momentOf(n) };
  await Promise.all([
    append(n, 10),
    append(n + 10, 1),
    append(n + 11, 19),
    store.intendOrder(order).then(() => say(`open ${order.clientOrderId}`)),
  ]);
  if (n % 60 !== 0) continue;
  await store.closeOrder(order.clientOrderId, 'filled', momentOf(n));
  say(`closed ${order.clientOrderId}`);
}
