/** A venue's WebSocket that says what a test wants said. */
import { createServer } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { listening } from '../context.ts';

export interface FakeSocket extends AsyncDisposable {
  readonly url: string;
  /** To everybody who has subscribed. */
  readonly push: (message: unknown) => void;
  /** Breaks every connection. */
  hangUp(): void;
  /** What was asked for, in order. */
  readonly asked: readonly unknown[];
}

/** @param answer to a subscription; null: none */
export async function fakeSocket(answer: unknown = { type: 'subscribed', channels: [] }): Promise<FakeSocket> {
  const clients = new Set<WebSocket>();
  const asked: unknown[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (client) => {
    client.on('error', () => {});
    client.on('message', (data: Buffer) => {
      asked.push(JSON.parse(data.toString()));
      clients.add(client);
      if (answer !== null) client.send(JSON.stringify(answer));
    });
  });
  const bound = await listening(server);
  return {
    url: `ws://127.0.0.1:${bound.port}/ws`,
    asked,
    push(message) {
      for (const client of clients) client.send(JSON.stringify(message));
    },
    hangUp() {
      for (const client of clients) client.terminate();
      clients.clear();
    },
    async [Symbol.asyncDispose]() {
      await bound[Symbol.asyncDispose]();
    },
  };
}

/** An order event as the TradePulse platform pushes it. */
export function orderEvent(type: string, order: { client_order_id: string; order_id: string }, more: object = {}) {
  const status = { ack: 'ACKNOWLEDGED', fill: 'FILLED', reject: 'REJECTED', cancel: 'CANCELLED' }[type] ?? 'PENDING';
  const { client_order_id, order_id } = order;
  return { channel: 'orders', type, status, client_order_id, order_id, ...more };
}
