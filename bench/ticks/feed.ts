/**
 * A feed that is always faster than its reader: the moment a client has subscribed, ready frames are written for as long
 * as it takes them. Its CPU counts for nobody.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { announce } from '../contender.ts';
import { Frames } from './frames.ts';

/** About 60 kB: one read of the socket. */
const TICKS_PER_BLOCK = 300;
/** The constant of RFC 6455, section 1.3. */
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function push(socket: Socket): void {
  const frames = new Frames(TICKS_PER_BLOCK);
  // The block is written again only once it has left: its bytes are rewritten in place.
  const write = () => {
    if (!socket.destroyed) socket.write(frames.next(Date.now() * 1000), () => setImmediate(write));
  };
  write();
}

const server = createServer();
server.on('upgrade', (request, socket: Socket) => {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1')
    .update(key + HANDSHAKE)
    .digest('base64');
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  // The first thing that a client sends is its subscription.
  socket.once('data', () => {
    socket.resume();
    push(socket);
  });
  socket.once('end', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  announce(address.port);
});
