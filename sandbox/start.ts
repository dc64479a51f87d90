import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startExchangeProcess, startVenueProcess, type Child } from './child.ts';
import type { ExchangeKnobsInput } from './exchange/knobs.ts';
import { symbolNames } from './exchange/market.ts';
import type { Address } from './listen.ts';
import type { ExchangeReady, VenueReady } from './roles.ts';
import { keepRunning } from './supervise.ts';
import { populate, removeProxies } from './toxiproxy.ts';
import type { VenueKnobsInput } from './venue/knobs.ts';

export interface SandboxPorts {
  /** Of the fault proxy in front of the venue, where there is one. */
  readonly edge?: number;
  readonly venue?: number;
  readonly venueControl?: number;
  readonly primaryFeed?: number;
  readonly primaryGateway?: number;
  readonly primaryControl?: number;
  readonly backupFeed?: number;
  readonly backupGateway?: number;
  readonly backupControl?: number;
}

export interface SandboxOptions {
  /** Of all randomness; default 1. */
  readonly seed?: number;
  /** The bearer token of the venue; default `practice`. */
  readonly token?: string;
  /** Base URL of a Toxiproxy HTTP interface: proxies are put between exchanges and venue, and in front of the venue. */
  readonly toxiproxyUrl?: string;
  /** Per exchange; default 200. */
  readonly ticksPerSecond?: number;
  /** Per exchange; default 20. */
  readonly symbols?: number;
  /** Default: free ports. */
  readonly ports?: SandboxPorts;
  /** See VenueOptions. */
  readonly staleAfterMs?: number;
  readonly failbackMs?: number;
  /**
   * A folder for `venue.pid`, `primary.pid` and `backup.pid`, and for what the venue must not forget: with it, a process that
   * is killed is started again, on the same ports.
   */
  readonly pidFolder?: string;
  /** Knobs to begin with, and to come back to at a reset. `exchanges`: both of them. */
  readonly knobs?: { readonly exchanges?: ExchangeKnobsInput; readonly venue?: VenueKnobsInput };
}

export interface Sandbox extends AsyncDisposable {
  /** The venue itself. */
  readonly venueUrl: string;
  readonly wsUrl: string;
  /** The venue as its clients meet it: through the `edge` proxy, or the venue itself when there is none. */
  readonly edgeUrl: string;
  readonly edgeWsUrl: string;
  readonly token: string;
  /** What is traded, on both exchanges alike. */
  readonly symbols: readonly string[];
  /** Base URLs of the control ports. */
  readonly controls: { readonly primary: string; readonly backup: string; readonly venue: string };
  readonly pids: { readonly primary: number; readonly backup: number; readonly venue: number };
  /** Ends the processes and takes the proxies away. Safe to call twice. */
  stop(): Promise<void>;
}

/** Longest wait for the venue to find its exchanges. */
const READY_MS = 15_000;

const healthSchema = z.object({ status: z.string() });

/** Names of the fault proxies, as scenarios know them. */
export const SANDBOX_PROXIES = ['feed', 'gateway', 'backup-feed', 'backup-gateway', 'edge'] as const;

/** Two exchanges and a venue in front of them, each a process. Rejects, with nothing left running, when one cannot start. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  // Undone in reverse. (AsyncDisposableStack would say it better, but Node 22 has none.)
  const started: (() => Promise<void>)[] = [];
  const undoAll = async (): Promise<void> => {
    for (const undo of started.toReversed()) await undo();
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= undoAll());
  try {
    return await start(options, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: SandboxOptions,
  started: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Sandbox> {
  const { seed = 1, token = 'practice', symbols = 20, toxiproxyUrl, ports = {} } = options;
  if (toxiproxyUrl !== undefined) started.push(() => removeProxies(toxiproxyUrl, SANDBOX_PROXIES));

  const { pidFolder } = options;
  if (pidFolder !== undefined) mkdirSync(pidFolder, { recursive: true });
  const kept = <A>(name: string, begin: (before: A | null) => Promise<Child<A>>): Promise<Child<A>> =>
    pidFolder === undefined ? begin(null) : keepRunning(begin, join(pidFolder, `${name}.pid`));

  const exchange = async (name: 'primary' | 'backup') => {
    const child = await kept(name, (before: ExchangeReady | null) =>
      startExchangeProcess({
        role: 'exchange',
        name,
        seed,
        symbols,
        ticksPerSecond: options.ticksPerSecond ?? 200,
        ports: {
          feed: before?.feed.port ?? ports[`${name}Feed`] ?? 0,
          gateway: before?.gateway.port ?? ports[`${name}Gateway`] ?? 0,
          control: before?.control.port ?? ports[`${name}Control`] ?? 0,
        },
        knobs: options.knobs?.exchanges ?? {},
      }),
    );
    started.push(() => child.stop());
    return child;
  };
  const exchanges = await Promise.allSettled([exchange('primary'), exchange('backup')]);
  const [primary, backup] = exchanges.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  if (primary === undefined || backup === undefined) throw new Error('unreachable: two exchanges were started');

  const direct = {
    feed: primary.addresses.feed,
    gateway: primary.addresses.gateway,
    'backup-feed': backup.addresses.feed,
    'backup-gateway': backup.addresses.gateway,
  };
  const place = await proxied(toxiproxyUrl, direct);
  const recordFile = pidFolder === undefined ? null : join(pidFolder, 'venue-orders.ndjson');
  // Of an earlier sandbox; these orders are unknown to this one's exchanges.
  if (recordFile !== null) rmSync(recordFile, { force: true });
  const venue = await kept('venue', (before: VenueReady | null) =>
    startVenueProcess({
      role: 'venue',
      seed,
      token,
      primary: { feed: place('feed'), gateway: place('gateway') },
      backup: { feed: place('backup-feed'), gateway: place('backup-gateway') },
      ports: {
        edge: before?.edge.port ?? ports.venue ?? 0,
        control: before?.control.port ?? ports.venueControl ?? 0,
      },
      ...(options.staleAfterMs === undefined ? {} : { staleAfterMs: options.staleAfterMs }),
      ...(options.failbackMs === undefined ? {} : { failbackMs: options.failbackMs }),
      ...(recordFile === null ? {} : { recordFile }),
      knobs: options.knobs?.venue ?? {},
    }),
  );
  started.push(() => venue.stop());
  const own = venue.addresses.edge;
  await untilReady(url('http', own));
  const edge = (await proxied(toxiproxyUrl, { edge: own }, { edge: ports.edge }))('edge');

  return {
    venueUrl: url('http', own),
    wsUrl: `${url('ws', own)}/ws`,
    edgeUrl: url('http', edge),
    edgeWsUrl: `${url('ws', edge)}/ws`,
    token,
    symbols: symbolNames(symbols),
    controls: {
      primary: url('http', primary.addresses.control),
      backup: url('http', backup.addresses.control),
      venue: url('http', venue.addresses.control),
    },
    get pids() {
      return { primary: primary.pid, backup: backup.pid, venue: venue.pid };
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A sandbox is handed over when its first order would succeed and its first tick has come. */
async function untilReady(venueUrl: string): Promise<void> {
  const signal = AbortSignal.timeout(READY_MS);
  for (;;) {
    try {
      const response = await fetch(`${venueUrl}/health`, { signal });
      const { status } = healthSchema.parse(await response.json());
      if (status === 'ok') return;
      await delay(20, undefined, { signal });
    } catch (error) {
      throw new Error(`the sandbox's venue did not become ready within ${READY_MS} ms`, { cause: error });
    }
  }
}

/** Where to reach each address: through the fault proxy, if there is one. */
async function proxied(
  toxiproxyUrl: string | undefined,
  direct: Readonly<Record<string, Address>>,
  ports: Readonly<Record<string, number | undefined>> = {},
): Promise<(name: string) => Address> {
  if (toxiproxyUrl !== undefined) return populate(toxiproxyUrl, direct, ports);
  return (name) => {
    const address = direct[name];
    if (address === undefined) throw new Error(`no address for ${name}`);
    return address;
  };
}

function url(scheme: 'http' | 'ws', { host, port }: Address): string {
  return `${scheme}://${host}:${port}`;
}
