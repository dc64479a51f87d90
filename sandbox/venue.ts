import type { SandboxClock } from './clock.ts';
import { startControl } from './control.ts';
import type { Control } from './control.ts';
import { drawMs } from './distribution.ts';
import { Knobs } from './knobs.ts';
import { Link } from './link.ts';
import { acceptWebSockets, createHttpServer, listen, shut } from './listen.ts';
import type { Address } from './listen.ts';
import { randomStream } from './random.ts';
import { Failover } from './venue/failover.ts';
import type { FeedName } from './venue/failover.ts';
import { FeedLink } from './venue/feed-link.ts';
import type { FeedTick } from './venue/feed-link.ts';
import { venueKnobsSchema } from './venue/knobs.ts';
import type { VenueKnobs, VenueKnobsInput } from './venue/knobs.ts';
import { renderMetrics } from './venue/metrics.ts';
import { Orders } from './venue/orders.ts';
import { Positions } from './venue/positions.ts';
import { reportSchema } from './venue/reports.ts';
import { createRest } from './venue/rest.ts';
import { Sequence } from './venue/sequence.ts';
import { orderEvent, signalEvent, tickEvent } from './venue/events.ts';
import { Strategy } from './venue/signals.ts';
import type { TickEvent } from './venue/signals.ts';
import type { VenueState } from './venue/state.ts';
import { Stream } from './venue/stream.ts';

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

const VERSION = '1.0.0';
const WATCH_MS = 50;
const MARK_MS = 1_000;

/** The practice venue: two exchanges behind it, clients in front. */
export async function startVenue(options: VenueOptions): Promise<Venue> {
  const { seed, clock, connectTimeoutMs = 2_000, idleTimeoutMs = 3_000 } = options;
  const knobs = new Knobs<VenueKnobs>(venueKnobsSchema, options.knobs ?? {});
  let requestDice = randomStream(seed, 'venue/requests');
  let signalDice = randomStream(seed, 'venue/signals');
  const backoffDice = randomStream(seed, 'venue/backoff');
  const startMs = clock.monotonicMs();
  const stopping = new AbortController();

  const counts = {
    ticks: 0,
    signals: 0,
    events: 0,
    orderEvents: {} as Record<string, number>,
    responses: {} as Record<string, number>,
  };
  const eventPrefix = `E${clock.wallUs().toString(36)}`;
  const nextEventId = (): string => `${eventPrefix}-${(counts.events += 1)}`;

  const positions = new Positions();
  const failover = new Failover({
    staleAfterMs: options.staleAfterMs ?? 2_000,
    failbackMs: options.failbackMs ?? 3_000,
  });
  const sequence = new Sequence();
  const strategy = new Strategy(options.signalIntervalMs ?? 250);
  const signalTimers = new Set<NodeJS.Timeout>();
  const positionsEvent = (): object => ({
    channel: 'positions',
    type: 'positions',
    event_id: nextEventId(),
    timestamp: clock.wallUs(),
    positions: positions.list(),
  });
  const stream = new Stream(options.maxBufferedBytes ?? 4 * 1024 * 1024, (channel) =>
    channel === 'positions' ? positionsEvent() : null,
  );

  const consider = (tick: TickEvent): void => {
    const conclusion = strategy.consider(tick, clock.monotonicMs());
    if (conclusion === null) return;
    const timer = setTimeout(
      () => {
        signalTimers.delete(timer);
        counts.signals += 1;
        stream.publish('signals', signalEvent(nextEventId(), clock.wallUs(), conclusion));
      },
      drawMs(knobs.current.signalLatency, signalDice),
    );
    signalTimers.add(timer);
  };
  const onTick = (tick: FeedTick): void => {
    if (tick.feed !== failover.active) return;
    counts.ticks += 1;
    positions.price(tick.symbol, tick.last);
    const event = tickEvent(nextEventId(), sequence.next(tick), tick);
    stream.publish('trades', event);
    consider(event);
  };
  const openFeed = (feed: FeedName, { host, port }: Address): FeedLink =>
    new FeedLink({
      feed,
      url: `ws://${host}:${port}/`,
      connectTimeoutMs,
      idleTimeoutMs,
      clock,
      random: backoffDice,
      onTick,
    });
  const openGateway = (venue: FeedName, { host, port }: Address): Link =>
    new Link({
      url: `ws://${host}:${port}/`,
      connectTimeoutMs,
      idleTimeoutMs,
      clock,
      random: backoffDice,
      onOpen: () => orders.resend(venue),
      onMessage: (text) => {
        const report = reportSchema.safeParse(parseJson(text));
        if (report.success) orders.apply(report.data);
      },
    });
  const sendTo = (venue: FeedName) => ({ send: (message: object) => gateways[venue].send(JSON.stringify(message)) });
  const orders = new Orders({
    clock,
    gateways: { primary: sendTo('primary'), backup: sendTo('backup') },
    onEvent: (event) => {
      counts.orderEvents[event.type] = (counts.orderEvents[event.type] ?? 0) + 1;
      const { order, fill } = event;
      if (fill !== null) positions.fill(order.symbol, order.side, fill.quantity, fill.price);
      stream.publish('orders', orderEvent(nextEventId(), clock.wallUs(), event));
      if (fill !== null) stream.publish('positions', positionsEvent());
    },
  });

  const feeds = { primary: openFeed('primary', options.primary.feed), backup: openFeed('backup', options.backup.feed) };
  const gateways = {
    primary: openGateway('primary', options.primary.gateway),
    backup: openGateway('backup', options.backup.gateway),
  };
  const ages = () => ({ primary: feeds.primary.ageMs(), backup: feeds.backup.ageMs() });
  const watch = setInterval(() => failover.observe(ages(), clock.monotonicMs()), WATCH_MS);
  const mark = setInterval(() => {
    stream.heartbeat(clock.wallUs());
    if (positions.list().length > 0 && stream.hasListeners('positions')) stream.publish('positions', positionsEvent());
  }, MARK_MS);

  const uptime = (): number => Math.round(clock.monotonicMs() - startMs) / 1000;
  const state: VenueState = {
    orders,
    status: () => ({ status: 'running', uptime_seconds: uptime(), version: VERSION }),
    positions: () => positions.list(),
    account: () => ({ account_id: options.accountId ?? 'PAPER-1', mode: 'paper' }),
    health: () => {
      const now = ages();
      const feed = failover.active;
      const up = { primary: gateways.primary.isOpen, backup: gateways.backup.isOpen };
      const isWell = feed === 'primary' && failover.isFresh(now.backup) && up.primary && up.backup;
      return {
        status: !failover.isFresh(now[feed]) ? 'unavailable' : isWell ? 'ok' : 'degraded',
        feed,
        feed_age_ms: finite(now[feed]),
        feeds: {
          primary: { connected: feeds.primary.isOpen, age_ms: finite(now.primary) },
          backup: { connected: feeds.backup.isOpen, age_ms: finite(now.backup) },
        },
        gateways: up,
        failovers: failover.switches,
        uptime_seconds: uptime(),
      };
    },
  };

  const rest = createRest({
    state,
    token: options.token,
    knobs,
    random: () => requestDice,
    cancelWaitMs: options.cancelWaitMs ?? 2_000,
    signal: stopping.signal,
    metrics: () =>
      renderMetrics(state.health(), {
        ...counts,
        malformed: feeds.primary.malformed + feeds.backup.malformed,
        clients: stream.clients,
        droppedClients: stream.dropped,
        openOrders: orders.open().length,
      }),
    onResponse: (status) => (counts.responses[status] = (counts.responses[status] ?? 0) + 1),
  });
  const server = createHttpServer(rest);
  const sockets = acceptWebSockets(server, '/ws', (client, socket) => stream.add(client, socket));

  let control: Control | undefined;
  const close = async (): Promise<void> => {
    stopping.abort();
    clearInterval(watch);
    clearInterval(mark);
    for (const timer of signalTimers) clearTimeout(timer);
    for (const link of [feeds.primary, feeds.backup, gateways.primary, gateways.backup]) link.close();
    await Promise.all([shut(server, sockets), control?.close()]);
  };
  try {
    control = await startControl({
      port: options.ports?.control ?? 0,
      knobs,
      reset: () => {
        requestDice = randomStream(seed, 'venue/requests');
        signalDice = randomStream(seed, 'venue/signals');
      },
      pages: { '/health': () => state.health(), '/orders': () => ({ orders: orders.list() }) },
    });
    return { edge: await listen(server, options.ports?.edge ?? 0), control: control.address, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? Math.round(ms) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
