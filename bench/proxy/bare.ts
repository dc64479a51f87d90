/** The peer: `node:net` and `pipe`, which can do nothing to what passes. */
import { connect, createServer } from 'node:net';
import { announce } from '../contender.ts';

const [upstream = ''] = process.argv.slice(2);

const server = createServer({ noDelay: true }, (client) => {
  const target = connect({ port: Number(upstream), host: '127.0.0.1', noDelay: true });
  for (const socket of [client, target]) socket.on('error', () => {});
  client.pipe(target).pipe(client);
  client.once('close', () => target.destroy());
  target.once('close', () => client.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  announce(address.port);
});
