import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function createHttpServer(app: Hono): Server {
  const listener = getRequestListener(app.fetch);
  // The listener answers its own errors; what is left is a client that went away.
  return createServer((request, response) => void listener(request, response).catch(() => response.destroy()));
}

/** Binds and says where. Rejects with the system's error (EADDRINUSE, EACCES) when the port cannot be had. */
export async function listen(server: Server, port: number, host = '127.0.0.1'): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server has no TCP address');
  return { host, port: bound.port };
}

/** Turns upgrades on `path` into WebSockets; any other path is refused. `socket` is the TCP stream under the client. */
export function acceptWebSockets(
  server: Server,
  path: string,
  onClient: (client: WebSocket, socket: Duplex) => void,
): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 * 1024 });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      onClient(client, socket);
    });
  });
  return sockets;
}

/** Stops listening and cuts what is still open: the sandbox has nothing worth draining. */
export async function shut(server: Server, sockets?: WebSocketServer): Promise<void> {
  for (const client of sockets?.clients ?? []) client.terminate();
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
