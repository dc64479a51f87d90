/**
 * What the HTTP contenders ask: a small JSON document, on a connection that ends with it or is kept, as the bench says. Its
 * CPU counts for nobody.
 */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { announce } from '../contender.ts';
import { KEPT } from './asked.ts';

const BODY = JSON.stringify({ status: 'running', uptime_seconds: 86_400, version: '2.14.1', mode: 'paper' });

const [connections, keyFile, certFile] = process.argv.slice(2);

const answer: RequestListener = (_request, response) => {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(BODY),
    connection: connections === KEPT ? 'keep-alive' : 'close',
  });
  response.end(BODY);
};

const server =
  keyFile === undefined || certFile === undefined
    ? createServer(answer)
    : createSecureServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, answer);
// Others have their turn in between; a connection that ends meanwhile was not kept.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  announce(address.port);
});
