/** Both ends of the wire between an exporter and the thread that ships for it. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fromFailure, type Failure } from '../thread.ts';
import type { InfluxConnection } from './connection.ts';
import type { Order, Shipment } from './shipping.ts';

export interface ShipOptions {
  /** Of the ledger. */
  readonly path: string;
  readonly connection: InfluxConnection;
  /** How long InfluxDB may take to answer, ms. */
  readonly timeoutMs?: number;
}

/** Without an order: give up what is under way, and end. */
export interface Asked {
  readonly id: number;
  readonly order: Order | null;
}

export interface Said {
  readonly id: number;
  readonly shipment?: Shipment;
  readonly failure?: Failure;
}

export interface ShipThread {
  /** Rejects when the ledger cannot be read, or the thread has ended. */
  ship(order: Order): Promise<Shipment>;
  /** Gives up what is under way and waits for the thread to end. */
  close(): Promise<void>;
}

export function startShipThread(options: ShipOptions): ShipThread {
  // The .ts file in a checkout, the .js file in the published package.
  const worker = new Worker(new URL(`./ship-worker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: options,
    name: 'pulsedrill-influx',
    // A batch is megabytes of short-lived text: with room for some of them little of it is ever copied.
    resourceLimits: { maxYoungGenerationSizeMb: 48 },
    // On Node 22 SQLite announces itself as experimental, on the stream where our own messages go.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const waiting = new Map<number, { resolve(shipment: Shipment): void; reject(error: Error): void }>();
  let next = 1;
  let ended: Error | null = null;

  function fail(error: Error): void {
    ended ??= error;
    for (const asked of waiting.values()) asked.reject(error);
    waiting.clear();
  }

  worker.on('message', ({ id, shipment, failure }: Said) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (shipment !== undefined) asked?.resolve(shipment);
    else asked?.reject(failure === undefined ? new Error('the thread that ships said nothing') : fromFailure(failure));
  });
  worker.on('error', (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))));
  const gone = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      fail(new Error(`the thread that ships to InfluxDB ended with code ${code}`));
      resolve();
    });
  });
  const tell = (asked: Asked): void => worker.postMessage(asked, []);

  return {
    ship(order) {
      if (ended !== null) return Promise.reject(ended);
      const id = next;
      next += 1;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        tell({ id, order });
      });
    },
    async close() {
      if (ended === null) tell({ id: 0, order: null });
      await gone;
    },
  };
}
