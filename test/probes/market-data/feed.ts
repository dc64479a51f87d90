import { createServer } from 'node:http';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { openMarketData } from '../../../probes/market-data/probe.ts';
import { marketDataSpec } from '../../../probes/market-data/spec.ts';
import type { Observation, Probe, RunContext } from '../../../probes/probe.ts';
import { listening, testContext, testEnvironment } from '../context.ts';

export function openFeedProbe(part: Record<string, unknown>): Probe {
  const spec = marketDataSpec.parse({ id: 'p', kind: 'market-data', service: 's', ...part });
  return openMarketData(spec, testEnvironment);
}

/** One session of 300 ms, unless said otherwise. */
export async function session(part: Record<string, unknown>, ctx: Partial<RunContext> = {}): Promise<Observation> {
  return openFeedProbe({ mode: 'session', for: '300ms', ...part }).run(testContext(ctx));
}

/** A feed over a real WebSocket; `talk` is what each client hears. */
export async function feed(talk: (client: WebSocket) => void, port = 0, options: ServerOptions = {}) {
  const server = createServer();
  const sockets = new WebSocketServer({ ...options, server });
  sockets.on('connection', talk);
  const place = await listening(server, port);
  return {
    url: `ws://127.0.0.1:${place.port}/ws`,
    port: place.port,
    sockets,
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

/** Hears the subscriptions, each as it was sent, and says everything after the first. */
export function venue(heard: unknown[], say: (client: WebSocket) => void) {
  return (client: WebSocket) => {
    client.on('message', (data: Buffer) => {
      heard.push(JSON.parse(data.toString()));
      if (heard.length === 1) say(client);
    });
  };
}
