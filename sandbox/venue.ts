import type { SandboxClock } from './clock.ts';
import { startControl } from './control.ts';
import type { Control } from './control.ts';
import { drawMs } from './distribution.ts';
import { Knobs } from './knobs.ts';
import { acceptWebSockets, createHttpServer, listen, shut } from './listen.ts';
import type { Address } from './listen.ts';
import { randomStream } from './random.ts';
import { Acks } from './venue/acks.ts';
import { orderEvent, positionsEvent, signalEvent } from './venue/events.ts';
import { Gateways } from './venue/gateways.ts';
import { Histogram } from './venue/histogram.ts';
import { venueKnobsSchema } from './venue/knobs.ts';
import type { VenueKnobs, VenueKnobsInput } from './venue/knobs.ts';
import { MarketFeeds } from './venue/market-feeds.ts';
import { renderMetrics } from './venue/metrics.ts';
import { Orders } from './venue/orders.ts';
import { Positions } from './venue/positions.ts';
import { openRecord } from './venue/record.ts';
import { createRest } from './venue/rest.ts';
import { SignalDesk, Strategy } from './venue/signals.ts';
import { createState } from './venue/state.ts';
import { Stream } from './venue/stream.ts';
import { Work } from './venue/work.ts';

export interface Upstream {
  readonly feed: Address;
  readonly gateway: Address;
}

export interface VenueOptions {
  readonly seed: number;
  readonly token: string;
  readonly clock: SandboxClock;
  readonly primary: Upstream;
  readonly backup: Upstream;
  readonly ports?: { readonly edge?: number; readonly control?: number };
  readonly knobs?: VenueKnobsInput;
  readonly accountId?: string;
  /** Where orders are kept through a crash; default: nowhere. */
  readonly recordFile?: string;
  /** A feed is left once its age exceeds this; default 2,000. */
  readonly staleAfterMs?: number;
  /** The primary must be fresh for this long before the venue returns to it; default 3,000. */
  readonly failbackMs?: number;
  /** Longest wait for connect and handshake towards an exchange; default 2,000. */
  readonly connectTimeoutMs?: number;
  /** Longest silence of a connection to an exchange before it is made anew; default 3,000. */
  readonly idleTimeoutMs?: number;
  readonly signalIntervalMs?: number;
  readonly cancelWaitMs?: number;
  /** A WebSocket client for which more than this waits is cut off; default 4 MiB. */
  readonly maxBufferedBytes?: number;
}

export interface Venue {
  /** REST, GraphQL, the page, health, metrics and `/ws`. */
  readonly edge: Address;
  readonly control: Address;
  close(): Promise<void>;
}

/** Heartbeats on `/ws`, and positions at their present worth. */
const BEAT_MS = 1_000;

/** How often the platform's other work is made up to now. */
const WORK_MS = 50;

/** The practice venue: two exchanges behind it, clients in front. */
export async function startVenue(options: VenueOptions): Promise<Venue> {
  const { seed, clock, primary, backup, connectTimeoutMs = 2_000, idleTimeoutMs = 3_000 } = options;
  const knobs = new Knobs<VenueKnobs>(venueKnobsSchema, options.knobs ?? {});
  let requestDice = randomStream(seed, 'venue/requests');
  let signalDice = randomStream(seed, 'venue/signals');
  let workDice = randomStream(seed, 'venue/work');
  const stopping = new AbortController();
  const orderEvents: Record<string, number> = {};
  const responses: Record<string, number> = {};

  let events = 0;
  const eventPrefix = `E${clock.wallUs().toString(36)}`;
  const nextEventId = (): string => `${eventPrefix}-${(events += 1)}`;

  const positions = new Positions();
  const held = (): object => positionsEvent(nextEventId(), clock.wallUs(), positions.list());
  const stream = new Stream(options.maxBufferedBytes ?? 4 * 1024 * 1024, (channel) =>
    channel === 'positions' ? held() : null,
  );

  const strategy = new Strategy(options.signalIntervalMs ?? 250);
  const signalAges = new Histogram([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]);
  const signals = new SignalDesk((conclusion) => {
    const nowUs = clock.wallUs();
    signalAges.observe(Math.max(0, nowUs - conclusion.tick.timestamp) / 1e6);
    stream.publish('signals', signalEvent(nextEventId(), nowUs, conclusion));
  });
  const towards = { connectTimeoutMs, idleTimeoutMs, clock, random: randomStream(seed, 'venue/backoff') };
  const feeds = new MarketFeeds({
    ...towards,
    upstreams: { primary: primary.feed, backup: backup.feed },
    staleAfterMs: options.staleAfterMs ?? 2_000,
    failbackMs: options.failbackMs ?? 3_000,
    nextEventId,
    onTick: (tick) => {
      positions.price(tick.symbol, tick.last_price);
      stream.publish('trades', tick);
      const conclusion = strategy.consider(tick, clock.monotonicMs());
      if (conclusion !== null) signals.sendAfter(drawMs(knobs.current.signalLatency, signalDice), conclusion);
    },
  });

  const work = new Work(clock.monotonicMs());
  const acks = new Acks(['primary', 'backup']);
  const keepCounts = (): void => {
    work.advance(clock.monotonicMs(), knobs.current, workDice);
    acks.giveUp(clock.wallUs());
  };
  const working = setInterval(keepCounts, WORK_MS);

  const record = openRecord(options.recordFile);
  for (const { order, fill } of record.before) {
    if (fill !== null) positions.fill(order.symbol, order.side, fill.quantity, fill.price);
  }
  const orders: Orders = new Orders({
    clock,
    record,
    send: (exchange, message) => gateways.send(exchange, message),
    onEvent: (event) => {
      orderEvents[event.type] = (orderEvents[event.type] ?? 0) + 1;
      acks.hear(event);
      const { order, fill } = event;
      if (fill !== null) positions.fill(order.symbol, order.side, fill.quantity, fill.price);
      stream.publish('orders', orderEvent(nextEventId(), clock.wallUs(), event));
      if (fill !== null) stream.publish('positions', held());
    },
  });
  const gateways = new Gateways({
    ...towards,
    upstreams: { primary: primary.gateway, backup: backup.gateway },
    onOpen: (exchange) => orders.resend(exchange),
    onReport: (report) => orders.apply(report),
  });

  const beat = setInterval(() => {
    stream.heartbeat(clock.wallUs());
    if (stream.hasListeners('positions') && positions.list().length > 0) stream.publish('positions', held());
  }, BEAT_MS);

  const accountId = options.accountId ?? 'PAPER-1';
  const state = createState({ clock, accountId, orders, positions, feeds, gateways });
  const rest = createRest({
    state,
    token: options.token,
    knobs,
    random: () => requestDice,
    cancelWaitMs: options.cancelWaitMs ?? 2_000,
    signal: stopping.signal,
    metrics: () => {
      keepCounts();
      return renderMetrics(state.health(), {
        ticks: feeds.passed,
        malformed: feeds.malformed,
        signals: signals.sent,
        clients: stream.clients,
        droppedClients: stream.dropped,
        openOrders: orders.open().length,
        orderEvents,
        responses,
        work,
        signalAges,
        acks,
      });
    },
    onResponse: (status) => (responses[status] = (responses[status] ?? 0) + 1),
  });
  const server = createHttpServer(rest);
  const sockets = acceptWebSockets(server, '/ws', (client, socket) => stream.add(client, socket));

  let control: Control | undefined;
  const close = async (): Promise<void> => {
    stopping.abort();
    clearInterval(beat);
    clearInterval(working);
    for (const part of [feeds, gateways, signals]) part.close();
    await Promise.all([shut(server, sockets), control?.close()]);
  };
  try {
    control = await startControl({
      port: options.ports?.control ?? 0,
      knobs,
      reset: () => {
        requestDice = randomStream(seed, 'venue/requests');
        signalDice = randomStream(seed, 'venue/signals');
        workDice = randomStream(seed, 'venue/work');
      },
      pages: { '/health': () => state.health(), '/orders': () => ({ orders: orders.list() }) },
    });
    return { edge: await listen(server, options.ports?.edge ?? 0), control: control.address, close };
  } catch (error) {
    await close();
    throw error;
  }
}
