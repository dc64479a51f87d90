/** The thread that ships: lines are made, compressed and sent here, never on the loop that measures. */
import { parentPort, workerData } from 'node:worker_threads';
import { Ledger } from '../ledger.ts';
import { toFailure } from '../thread.ts';
import type { Asked, Said, ShipOptions } from './ship-thread.ts';
import { createShipper, type Order, type Shipper } from './shipping.ts';
import { createInfluxWriter } from './write.ts';

function serve({ path, connection, timeoutMs }: ShipOptions): void {
  const ended = new AbortController();
  const writer = createInfluxWriter(connection, timeoutMs);
  let ledger: Ledger | null = null;
  let shipper: Shipper | null = null;

  /** Opened with the first order: then the writing thread has made the file what it is to be. */
  function open(): Shipper {
    ledger ??= new Ledger({ path, readOnly: true });
    shipper ??= createShipper(ledger, writer);
    return shipper;
  }

  async function answer(id: number, order: Order): Promise<Said> {
    try {
      return { id, shipment: await open().ship(order, ended.signal) };
    } catch (error) {
      return { id, failure: toFailure(error) };
    }
  }

  let last: Promise<unknown> = Promise.resolve();
  parentPort?.on('message', (asked: Asked) => {
    if (asked.order === null) {
      ended.abort();
      void last.then(() => {
        writer[Symbol.dispose]();
        ledger?.close();
        parentPort?.close();
      });
      return;
    }
    const { id, order } = asked;
    last = last.then(async () => parentPort?.postMessage(await answer(id, order), []));
  });
}

serve(workerData);
