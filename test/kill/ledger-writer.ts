/**
 * A process to be killed: appends to a ledger as fast as it can and says on standard output what it was told is durable,
 * one id a line, written at once. Arguments: the ledger's path, the number of its first run.
 */
import { writeSync } from 'node:fs';
import { openStore } from '../../store/open.ts';
import { AVAILABILITY, LATENCY, aResult } from '../support/results.ts';

const [, , path = '', first = '0'] = process.argv;
const store = await openStore({ path, objectives: [AVAILABILITY, LATENCY], stepMs: 60_000 });
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

async function append(from: number, count: number): Promise<void> {
  const results = Array.from({ length: count }, (_, k) =>
    aResult(from + k, { outcome: (from + k) % 5 === 0 ? 'bad' : 'good', endpoint: k % 2 === 0 ? '/orders' : null }),
  );
  await store.append(results);
  for (const { runId } of results) say(`run ${runId}`);
}

for (let n = Number(first); ; n += 30) {
  const order = { clientOrderId: `order-${n}`, probe: 'buy', venue: 'primary', runId: `run-${n}`, atMs: n };
  await Promise.all([
    append(n, 10),
    append(n + 10, 1),
    append(n + 11, 19),
    store.intendOrder(order).then(() => say(`open ${order.clientOrderId}`)),
  ]);
  if (n % 60 !== 0) continue;
  await store.closeOrder(order.clientOrderId, 'filled', n);
  say(`closed ${order.clientOrderId}`);
}
