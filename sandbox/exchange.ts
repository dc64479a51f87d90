import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { Broadcast } from './broadcast.ts';
import type { SandboxClock } from './clock.ts';
import { driftingClock } from './exchange/drift.ts';
import { startControl } from './control.ts';
import { Book } from './exchange/book.ts';
import { exchangeKnobsSchema } from './exchange/knobs.ts';
import type { ExchangeKnobs, ExchangeKnobsInput } from './exchange/knobs.ts';
import { createInstruments } from './exchange/market.ts';
import { gatewayRequestSchema } from './exchange/protocol.ts';
import { Tape } from './exchange/tape.ts';
import { Knobs, problems } from './knobs.ts';
import { acceptWebSockets, listen, shut } from './listen.ts';
import type { Address } from './listen.ts';
import { randomStream } from './random.ts';

export interface ExchangeOptions {
  readonly name: string;
  readonly seed: number;
  readonly symbols: number;
  readonly ticksPerSecond: number;
  readonly clock: SandboxClock;
  readonly ports?: { readonly feed?: number; readonly gateway?: number; readonly control?: number };
  readonly knobs?: ExchangeKnobsInput;
  /** A client for which more than this waits is cut off. */
  readonly maxBufferedBytes?: number;
}

export interface Exchange {
  /** WebSocket at `/`: ticks and heartbeats for whoever connects. */
  readonly feed: Address;
  /** WebSocket at `/`: orders in, reports out. */
  readonly gateway: Address;
  readonly control: Address;
  close(): Promise<void>;
}

/** Ticks leave in batches of this cadence; their timestamps do not depend on it. */
const BATCH_MS = 5;
const HEARTBEAT_MS = 500;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** A practice exchange: one feed, one order gateway, one control port. */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const { name, seed } = options;
  const maxBufferedBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
  const knobs = new Knobs<ExchangeKnobs>(exchangeKnobsSchema, options.knobs ?? {});
  const clock = driftingClock(options.clock, () => knobs.current.clockDriftMsPerSecond);
  const instruments = createInstruments(options.symbols, randomStream(seed, `${name}/prices`));
  const startUs = clock.wallUs();
  let orderDice = randomStream(seed, `${name}/orders`);
  let faultDice = randomStream(seed, `${name}/faults`);
  let stallDice = randomStream(seed, `${name}/stalls`);

  const feedClients = new Broadcast(maxBufferedBytes);
  const gatewayClients = new Broadcast(maxBufferedBytes);
  const book = new Book({
    exchange: name,
    instruments,
    clock,
    knobs: () => knobs.current,
    random: () => orderDice,
    report: (report) => gatewayClients.send(JSON.stringify(report)),
  });
  const tape = new Tape({
    instruments,
    ticksPerSecond: options.ticksPerSecond,
    startMs: clock.monotonicMs(),
    knobs: () => knobs.current,
    faults: () => faultDice(),
    stalls: () => stallDice(),
    onQuote: (instrument) => book.match(instrument),
  });

  const feed = createSocketServer();
  const feedSockets = acceptWebSockets(feed, '/', (client, socket) => {
    const symbols = instruments.map((i) => i.symbol);
    client.send(JSON.stringify({ type: 'hello', exchange: name, session: `${name}-${startUs}`, symbols }));
    feedClients.add(client, socket);
  });
  const gateway = createSocketServer();
  const gatewaySockets = acceptWebSockets(gateway, '/', (client, socket) => {
    gatewayClients.add(client, socket);
    client.on('message', (data: Buffer) => {
      const request = gatewayRequestSchema.safeParse(parseJson(data.toString()));
      if (!request.success) {
        client.send(JSON.stringify({ type: 'error', message: problems(request.error) }));
      } else if (request.data.op === 'submit') {
        book.submit(request.data.order);
      } else if (request.data.op === 'cancel') {
        book.cancel(request.data.order_id);
      } else {
        client.send(JSON.stringify({ type: 'open_orders', orders: book.orders(true) }));
      }
    });
  });

  const batches = setInterval(() => {
    for (const line of tape.advance(clock.monotonicMs(), clock.wallUs())) feedClients.send(line);
  }, BATCH_MS);
  const heartbeats = setInterval(() => {
    const heartbeat = JSON.stringify({ type: 'heartbeat', ts: clock.wallUs() });
    if (!knobs.current.freeze) feedClients.send(heartbeat);
    gatewayClients.send(heartbeat);
  }, HEARTBEAT_MS);

  const close = async (): Promise<void> => {
    clearInterval(batches);
    clearInterval(heartbeats);
    book.close();
    await Promise.all([shut(feed, feedSockets), shut(gateway, gatewaySockets), control?.close()]);
  };
  let control: Awaited<ReturnType<typeof startControl>> | undefined;
  try {
    control = await startControl({
      port: options.ports?.control ?? 0,
      knobs,
      reset: () => {
        orderDice = randomStream(seed, `${name}/orders`);
        faultDice = randomStream(seed, `${name}/faults`);
        stallDice = randomStream(seed, `${name}/stalls`);
      },
      pages: {
        '/orders': () => ({ orders: book.orders(false) }),
        '/orders/open': () => ({ orders: book.orders(true) }),
        '/stats': () => ({
          feed_clients: feedClients.size,
          dropped_clients: feedClients.dropped + gatewayClients.dropped,
          rejected_orders: book.rejected,
          never_acknowledged_orders: book.neverAcknowledged,
          gaps: tape.gaps,
          clock_offset_ms: (clock.wallUs() - options.clock.wallUs()) / 1000,
        }),
      },
    });
    return {
      feed: await listen(feed, options.ports?.feed ?? 0),
      gateway: await listen(gateway, options.ports?.gateway ?? 0),
      control: control.address,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An HTTP server that knows only how to become a WebSocket. */
function createSocketServer(): Server {
  return createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('this port speaks WebSocket\n');
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
