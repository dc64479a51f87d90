/** The thread that keeps a ledger: SQLite waits for the disk here, never on the loop that measures. */
import { parentPort, workerData } from 'node:worker_threads';
import { callsOf, failureOf } from './calls.ts';
import { Ledger } from './ledger.ts';
import type { LedgerOptions } from './ledger.ts';
import { inOneBuffer } from './rollup-table.ts';
import type { Calls, Reply, Request } from './thread.ts';

function serve(options: LedgerOptions): void {
  const reply = (message: Reply): void => parentPort?.postMessage(message, []);
  let ledger: Ledger;
  try {
    ledger = new Ledger(options);
  } catch (error) {
    reply({ id: 0, failure: failureOf(error, options.path) });
    return;
  }
  const own = callsOf(ledger);
  const calls: Calls = { ...own, rollups: (query) => inOneBuffer(own.rollups(query)) };
  parentPort?.on('message', ({ id, method, args }: Request) => {
    try {
      reply({ id, value: Reflect.apply(calls[method], calls, args) });
    } catch (error) {
      reply({ id, failure: failureOf(error, options.path) });
    }
    if (method === 'close') parentPort?.close();
  });
  reply({ id: 0 });
}

serve(workerData);
