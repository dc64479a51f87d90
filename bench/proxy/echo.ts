/** The upstream: gives back what it gets, or sends as fast as it is taken. Its CPU counts for nobody. */
import { createServer, type Socket } from 'node:net';
import { announce } from '../contender.ts';
import { FLOOD } from './asked.ts';

const BLOCK = Buffer.alloc(64 * 1024);

function flood(socket: Socket): void {
  const push = (): void => {
    while (!socket.destroyed && socket.write(BLOCK));
  };
  socket.on('drain', push);
  push();
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  // The first message says which.
  socket.once('data', (first) => {
    if (first.toString() === FLOOD) return flood(socket);
    socket.write(first);
    socket.on('data', (message) => socket.write(message));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  announce(address.port);
});
