/** An InfluxDB that takes everything and keeps nothing. */
import { createServer } from 'node:http';
import { announce } from '../../contender.ts';

const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(204).end());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  announce(address.port);
});
