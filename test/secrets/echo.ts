/** Servers that tell whatever they were told, and remember it: what of a secret they hear, its receiver has heard. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from '../probes/certificates.ts';

export interface Heard {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Echo extends AsyncDisposable {
  readonly url: string;
  /** The same over TLS, with the certificate that it was given. */
  readonly secureUrl: string;
  /** All that was ever asked, one after the other. */
  readonly heard: () => string;
  readonly requests: readonly Heard[];
  /** Of the clients' certificates: SHA-256. */
  readonly certificates: ReadonlySet<string>;
}

/**
 * Below `/ok` it answers 200, below `/page` a page, below `/influx` what the InfluxDB behind it answers, everywhere else
 * 500; always with everything it was asked: as it came, unescaped, and with the pair of a basic authentication read.
 */
export async function startEcho({ influxUrl, tls }: { influxUrl: string; tls: Certificate }): Promise<Echo> {
  let heard = '';
  let flag = false;
  const requests: Heard[] = [];
  const certificates = new Set<string>();
  const toldOf = (request: IncomingMessage, body: string): string => {
    const { authorization = '' } = request.headers;
    const pair = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('utf8');
    const url = request.url ?? '';
    const { headers } = request;
    const order = /pd\.local\.[\w.-]+/.exec(`${url} ${body}`)?.[0] ?? null;
    const venue = {
      paper: true,
      client_order_id: order,
      order_id: 'o-1',
      status: 'acknowledged',
      positions: [],
    };
    requests.push({ url, headers, body });
    const told = {
      ...venue,
      flag,
      calls: requests.length,
      error: `refused: ${pair} ${decodeURIComponent(url)}`,
      authorization,
      url,
      headers,
      body,
    };
    heard += `${JSON.stringify(told)}\n${body}\n`;
    return JSON.stringify(told);
  };
  const answered = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const sent = Buffer.concat(chunks);
    const { url = '', method = 'GET' } = request;
    const body = sent.toString('utf8');
    if (url.startsWith('/ok/flag') && method === 'POST') flag = body.includes('"on"');
    const told = toldOf(request, body);
    if (url.startsWith('/influx/')) return forward(influxUrl, request, sent, response);
    const isPage = url.startsWith('/page');
    const status = isPage || url.startsWith('/ok') ? 200 : 500;
    const { authorization = 'none' } = request.headers;
    const type = isPage ? 'text/html' : 'application/json';
    response.writeHead(status, told.length > 100_000 ? {} : { 'content-type': type, 'x-echo': authorization });
    response.end(isPage ? `<title>t</title><pre id="told">${told.replaceAll('<', '&lt;')}</pre>` : told);
  };
  const server = createServer((request, response) => void answered(request, response));
  server.on('upgrade', (request, socket) => {
    // Whoever gave up meanwhile is no failure of the server's.
    socket.on('error', () => undefined);
    const told = toldOf(request, '');
    socket.end(
      `HTTP/1.1 401 ${String(request.headers.authorization)}\r\ncontent-length: ${Buffer.byteLength(told)}\r\n\r\n${told}`,
    );
  });
  const secure = createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    if (isSecure(request.socket)) certificates.add(request.socket.getPeerCertificate().fingerprint256);
    void answered(request, response);
  });
  for (const each of [server, secure]) {
    each.listen(0, '127.0.0.1');
    await once(each, 'listening');
  }
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    secureUrl: `https://localhost:${portOf(secure.address())}`,
    heard: () => heard,
    requests,
    certificates,
    async [Symbol.asyncDispose]() {
      for (const each of [server, secure]) {
        each.closeAllConnections();
        each.close();
        await once(each, 'close');
      }
    },
  };
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function isSecure(socket: IncomingMessage['socket']): socket is TLSSocket {
  return 'getPeerCertificate' in socket;
}

async function forward(to: string, request: IncomingMessage, sent: Buffer, response: ServerResponse): Promise<void> {
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  const answer = await fetch(`${to}${request.url?.slice('/influx'.length) ?? ''}`, {
    method: request.method ?? 'GET',
    headers: {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    },
    ...(sent.length === 0 ? {} : { body: new Uint8Array(sent) }),
  });
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
  response.end(Buffer.from(await answer.arrayBuffer()));
}
