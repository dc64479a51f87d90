/** A TCP hop that can fall silent or be cut, clients that remember, and exchanges and venues in this process. */
import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { createSystemClock } from '../../sandbox/clock.ts';
import { startExchange } from '../../sandbox/exchange.ts';
import type { Exchange, ExchangeOptions } from '../../sandbox/exchange.ts';
import { startVenue } from '../../sandbox/venue.ts';
import type { Venue, VenueOptions } from '../../sandbox/venue.ts';
import { eventually } from '../support/servers.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export const httpUrl = ({ host, port }: Address): string => `http://${host}:${port}`;
export const wsUrl = ({ host, port }: Address): string => `ws://${host}:${port}`;

export const TOKEN = 'a-practice-token';

export async function exchange(options: Partial<ExchangeOptions> = {}): Promise<Exchange & AsyncDisposable> {
  const defaults = { name: 'primary', seed: 7, symbols: 4, ticksPerSecond: 200, clock: createSystemClock() };
  const started = await startExchange({ ...defaults, ...options });
  return { ...started, [Symbol.asyncDispose]: () => started.close() };
}

export async function venue(
  upstreams: Pick<VenueOptions, 'primary' | 'backup'>,
  options: Partial<VenueOptions> = {},
): Promise<Venue & AsyncDisposable> {
  const started = await startVenue({ seed: 7, token: TOKEN, clock: createSystemClock(), ...upstreams, ...options });
  return { ...started, [Symbol.asyncDispose]: () => started.close() };
}

/** An exchange pair with a venue in front that has found both. */
export async function practice(
  options: { exchange?: Partial<ExchangeOptions>; venue?: Partial<VenueOptions> } = {},
): Promise<{ primary: Exchange; backup: Exchange; venue: Venue; url: string } & AsyncDisposable> {
  const primary = await exchange(options.exchange);
  const backup = await exchange({ ...options.exchange, name: 'backup' });
  const front = await venue({ primary, backup }, options.venue);
  const url = httpUrl(front.edge);
  await eventually(async () => ((await health(url)).status === 'ok' ? true : undefined), 'a healthy venue');
  const dispose = async (): Promise<void> => {
    await front.close();
    await primary.close();
    await backup.close();
  };
  return { primary, backup, venue: front, url, [Symbol.asyncDispose]: dispose };
}

export type Json = Record<string, unknown>;

const jsonSchema = z.record(z.string(), z.unknown());

export function parseJson(text: string): Json {
  return jsonSchema.parse(JSON.parse(text));
}

/** The objects of an array, as JSON has them. */
export function list(value: unknown): Json[] {
  return z.array(jsonSchema).parse(value);
}

export async function health(url: string): Promise<Json> {
  return json(await fetch(`${url}/health`));
}

export async function json(response: Response): Promise<Json> {
  return parseJson(await response.text());
}

export async function turn(control: Address, knobs: object): Promise<Response> {
  return fetch(`${httpUrl(control)}/knobs`, { method: 'PATCH', body: JSON.stringify(knobs) });
}

/** Calls the venue's API with the token. */
export function api(
  url: string,
  path: string,
  init: { method?: string; body?: object; token?: string } = {},
): Promise<Response> {
  const { method = init.body === undefined ? 'GET' : 'POST', body, token = TOKEN } = init;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** Polls the order until it has the status. */
export async function orderWith(url: string, orderId: unknown, status: string): Promise<Json> {
  return eventually(
    async () => {
      const order = await json(await api(url, `/api/v1/orders/${String(orderId)}`));
      return order['status'] === status ? order : undefined;
    },
    `order ${String(orderId)} is ${status}`,
  );
}

export interface Ear extends Disposable {
  readonly messages: Json[];
  readonly socket: WebSocket;
  of(type: string): Json[];
  first(type: string, where?: (message: Json) => boolean): Promise<Json>;
  say(message: object): void;
}

/** A WebSocket client that keeps what it hears. */
export async function hear(url: string, channels: readonly string[] = []): Promise<Ear> {
  const socket = new WebSocket(url);
  const messages: Json[] = [];
  socket.on('message', (data: Buffer) => messages.push(parseJson(data.toString())));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const say = (message: object): void => socket.send(JSON.stringify(message));
  if (channels.length > 0) say({ action: 'subscribe', channels });
  return {
    messages,
    socket,
    say,
    of: (type) => messages.filter((message) => message['type'] === type),
    first: (type, where = () => true) =>
      eventually(() => messages.find((m) => m['type'] === type && where(m)), `a message of type ${type}`),
    [Symbol.dispose]: () => socket.terminate(),
  };
}

export interface Hop extends Address, AsyncDisposable {
  /** Swallows every byte from now on; connections stay: what a black hole looks like. */
  silence(): void;
  /** Relays again. Connections that lost bytes are reset, since TCP never skips any. */
  restore(): void;
  /** Resets what is connected and refuses what comes. */
  cut(): void;
}

/** A tiny TCP relay in front of `target`. */
export async function hop(target: Address): Promise<Hop> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let isSilent = false;
  const relay = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on('data', (bytes) => {
      if (!isSilent) to.write(bytes);
    });
  };
  const server = createServer((down) => {
    if (isCut) {
      down.resetAndDestroy();
      return;
    }
    const up = connect(target.port, target.host);
    relay(down, up);
    relay(up, down);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const resetAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    host: '127.0.0.1',
    port: bound.port,
    silence() {
      isSilent = true;
    },
    restore() {
      isSilent = false;
      resetAll();
    },
    cut() {
      isCut = true;
      resetAll();
    },
    async [Symbol.asyncDispose]() {
      resetAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sequence numbers by symbol, in the order of arrival. */
export function sequences(ticks: readonly Json[]): Map<string, number[]> {
  const bySymbol = new Map<string, number[]>();
  for (const tick of ticks) {
    const symbol = String(tick['symbol']);
    const list = bySymbol.get(symbol) ?? [];
    list.push(Number(tick['seq']));
    bySymbol.set(symbol, list);
  }
  return bySymbol;
}

/** The differences between neighbours, over all symbols: [1] for a contiguous feed. */
export function steps(ticks: readonly Json[]): Set<number> {
  const found = new Set<number>();
  for (const list of sequences(ticks).values()) {
    for (let i = 1; i < list.length; i += 1) found.add((list[i] ?? 0) - (list[i - 1] ?? 0));
  }
  return found;
}
