/** A configuration with a secret in every place that takes one, and servers that tell whatever they were told. */
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { selfSigned } from '../probes/certificates.ts';
import { plant, type Planted } from './places.ts';

export interface Echo extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** All that was ever asked. */
  readonly heard: () => string;
}

/** Answers with everything it was asked: as it came, unescaped, and with the pair of a basic authentication read. */
export async function startEcho(): Promise<Echo> {
  let heard = '';
  const toldOf = (request: IncomingMessage, body: string): string => {
    const { authorization = '' } = request.headers;
    const pair = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('utf8');
    const url = request.url ?? '';
    return JSON.stringify({
      error: `refused: ${pair} ${decodeURIComponent(url)}`,
      authorization,
      url,
      headers: request.headers,
      body,
    });
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const told = toldOf(request, Buffer.concat(chunks).toString('utf8'));
      heard += `${told}\n`;
      const isPage = request.url?.startsWith('/page') === true;
      const status = isPage || request.url?.startsWith('/ok') === true ? 200 : 500;
      const { authorization = 'none' } = request.headers;
      const type = isPage ? 'text/html' : 'application/json';
      response.writeHead(status, told.length > 100_000 ? {} : { 'content-type': type, 'x-echo': authorization });
      response.end(isPage ? `<title>t</title><pre id="told">${told.replaceAll('<', '&lt;')}</pre>` : told);
    });
  });
  server.on('upgrade', (request, socket) => {
    // Whoever gave up meanwhile is no failure of the server's.
    socket.on('error', () => undefined);
    const told = toldOf(request, '');
    heard += `${told}\n`;
    socket.end(
      `HTTP/1.1 401 ${String(request.headers.authorization)}\r\ncontent-length: ${Buffer.byteLength(told)}\r\n\r\n${told}`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    heard: () => heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const base = { service: 'shop', every: '1s', timeout: '900ms' };
const bearer = { authorization: 'Bearer @' };

export interface WorldOptions {
  readonly url: string;
  readonly port: number;
  /** 1.x is shipped to; 2.x refuses. */
  readonly influx: { readonly url: string; readonly database: string } | null;
  readonly hasBrowser: boolean;
}

function counted(source: string): string {
  return source.startsWith('i')
    ? 'SELECT sum("n") FROM "jobs" WHERE $time GROUP BY time($range)'
    : 'sum(increase(jobs[1m]))';
}

/** An `@` is a secret. */
function documentOf({ url, port, influx, hasBrowser }: WorldOptions, certificate: string): unknown {
  const ws = url.replace('http', 'ws');
  const call = (state: string) => ({ url: `${url}/ok/flag?key=@`, headers: bearer, body: { state } });
  const order = { symbol: 'BTCUSD', quantity: 1, reference_price: 1 };
  return {
    environment: 'staging',
    timeScale: 600,
    loopTolerance: '10s',
    listen: `127.0.0.1:${port}`,
    services: { shop: { owners: ['Shop'] } },
    probes: [
      {
        ...base,
        id: 'token',
        kind: 'http',
        url: `${url}/ok/token?key=@`,
        headers: { 'x-api-key': '@' },
        auth: { bearer: '@' },
        expect: [
          { json: { path: '$.authorization', equals: 'nothing' } },
          { json: { path: '$.error', equals: 'nothing' } },
        ],
      },
      {
        ...base,
        id: 'key',
        kind: 'http',
        url: `${url}/ok/key?key=@`,
        headers: { 'x-api-key': '@' },
        expect: [{ json: { path: '$.headers', equals: 'nothing' } }],
      },
      {
        ...base,
        id: 'address',
        kind: 'http',
        url: `${url}/ok/address?key=@`,
        expect: [{ json: { path: '$.url', equals: 'nothing' } }],
      },
      {
        ...base,
        id: 'pair',
        kind: 'http',
        url: `${url}/ok/pair`,
        auth: { basic: { username: '@', password: '@' } },
        expect: [{ header: { name: 'x-echo', equals: 'nothing' } }],
      },
      { ...base, id: 'signed', kind: 'http', url: `${url}/fails`, secrets: { key: '@' } },
      {
        ...base,
        id: 'mutual',
        kind: 'http',
        url: `https://127.0.0.1:${port}/`,
        clientCertificate: { cert: certificate, key: '${CANARY_KEY}', passphrase: '${CANARY_PASSPHRASE}' },
      },
      {
        ...base,
        id: 'journey',
        kind: 'http',
        steps: [
          {
            name: 'login',
            url: `${url}/ok/login?key=@`,
            headers: { 'x-api-key': '@' },
            auth: { bearer: '@' },
            capture: { got: '$.authorization' },
          },
          {
            name: 'read',
            url: `${url}/ok/read?key={got}`,
            auth: { basic: { username: '@', password: '@' } },
            expect: [{ json: { path: '$.error', equals: 'nothing' } }],
          },
        ],
        cleanup: [
          { name: 'bye', url: `${url}/fails?key=@`, headers: { 'x-api-key': '@' }, auth: { bearer: '@' } },
          { name: 'gone', url: `${url}/fails`, auth: { basic: { username: '@', password: '@' } } },
        ],
      },
      { ...base, id: 'ticks', kind: 'market-data', url: `${ws}/ticks?key=@`, headers: bearer },
      { ...base, id: 'signals', kind: 'signal', url: `${ws}/signals?key=@`, headers: bearer },
      {
        ...base,
        id: 'paper',
        kind: 'paper-order',
        venue: 'primary',
        every: '2s',
        ackDeadline: '200ms',
        fillDeadline: '300ms',
        headers: bearer,
        submit: { url: `${url}/ok/orders?key=@` },
        query: { url: `${url}/ok/query/{client_order_id}?key=@` },
        cancel: { url: `${url}/ok/cancel/{order_id}?key=@` },
        channel: { url: `${ws}/channel?key=@`, headers: bearer },
        signal: { url: `${ws}/signal?key=@`, headers: bearer, within: '200ms' },
        order,
        paper: {
          url: `${url}/ok/account?key=@`,
          json: { path: '$.authorization', equals: 'paper' },
          hosts: ['127.0.0.1'],
        },
        positions: { url: `${url}/ok/positions?key=@` },
        flatten: true,
        limits: { maxQuantity: 1, maxNotional: 1, maxPerMinute: 60 },
      },
      {
        ...base,
        id: 'proof',
        kind: 'paper-order',
        venue: 'primary',
        every: '2s',
        ackDeadline: '200ms',
        fillDeadline: '300ms',
        headers: bearer,
        submit: { url: `${url}/ok/orders?key=@` },
        order,
        paper: {
          url: `${url}/ok/account?key=@`,
          json: { path: '$.authorization', equals: 'paper' },
          hosts: ['127.0.0.1'],
        },
        limits: { maxQuantity: 1, maxNotional: 1, maxPerMinute: 60 },
      },
      {
        ...base,
        id: 'page',
        kind: 'browser',
        every: '10s',
        timeout: hasBrowser ? '9s' : '900ms',
        url: `${url}/page?key=@`,
        headers: { 'x-api-key': '@' },
        variables: { user: '@' },
        expect: [{ selector: '#told', text: 'nothing of the kind' }],
        artefacts: { trace: 'always' },
      },
    ],
    sources: [
      {
        id: 'p-bearer',
        kind: 'prometheus',
        url: `${url}/fails/p?key=@`,
        headers: { 'x-api-key': '@' },
        auth: { bearer: '@' },
      },
      { id: 'p-basic', kind: 'prometheus', url: `${url}/fails/p`, auth: { basic: { username: '@', password: '@' } } },
      {
        id: 'i-token',
        kind: 'influxdb',
        url: `${url}/fails/i?key=@`,
        headers: { 'x-api-key': '@' },
        database: 'd',
        token: '@',
      },
      { id: 'i-pair', kind: 'influxdb', url: `${url}/fails/i`, database: 'd', username: '@', password: '@' },
    ],
    objectives: [
      ...['token', 'key', 'address', 'pair', 'journey', 'page'].map((id) => ({
        id: `avail-${id}`,
        service: 'shop',
        target: '0.9',
        window: '1d',
        sli: 'availability',
        probes: [id],
        minEvents: 1,
        commitment: 'sla',
      })),
      ...['p-bearer', 'p-basic', 'i-token', 'i-pair'].map((source) => ({
        id: `by-${source}`,
        service: 'shop',
        target: '0.9',
        window: '1d',
        source,
        good: counted(source),
        valid: counted(source),
      })),
    ],
    rules: {
      freeze: {
        service: 'shop',
        consumed: { above: '1%' },
        actions: ['freeze'],
        webhook: `${url}/fails/rule?key=@`,
        secret: '@',
      },
    },
    notify: [
      { kind: 'pagerduty', url: `${url}/fails/pd?key=@`, routingKey: '@' },
      { kind: 'alertmanager', url: `${url}/fails/am?key=@`, headers: bearer },
      { kind: 'slack', url: `${url}/fails/slack/@`, group: 'never' },
      { kind: 'webhook', url: `${url}/fails/hook?key=@`, secret: '@', previousSecret: '@', headers: bearer },
      { kind: 'ticket', url: `${url}/fails/ticket?key=@`, headers: bearer, project: 'OPS' },
      { kind: 'log' },
    ],
    incidents: { pagerduty: { secret: '@', previousSecret: '@' } },
    store: {
      influx:
        influx === null
          ? { url: `${url}/fails/influx?key=@`, org: 'sre', bucket: 'drill', token: '@' }
          : { ...influx, username: '@', password: '@' },
    },
    gamedays: {
      webhook: { secret: '@', previousSecret: '@' },
      injectors: [
        { kind: 'toxiproxy', url: `${url}/fails/toxiproxy?key=@`, proxies: ['feed'] },
        {
          kind: 'http',
          targets: [
            {
              name: 'flag',
              inject: call('on'),
              undo: call('off'),
              clear: { url: `${url}/ok/flag?key=@`, headers: bearer, json: { path: '$.flag', equals: false } },
              proof: { url: `${url}/ok/proof?key=@`, headers: bearer, json: '$.flag' },
            },
          ],
        },
        {
          kind: 'exec',
          allow: ['/bin/true'],
          targets: [
            {
              name: 'tool',
              inject: ['/bin/true'],
              undo: ['/bin/true'],
              check: ['/bin/true'],
              env: { TOOL_TOKEN: '@' },
            },
          ],
        },
        {
          kind: 'process',
          targets: [{ name: 'shop', command: 'no-such-program', restart: ['/bin/true'], env: { SHOP_TOKEN: '@' } }],
        },
      ],
      trading: {
        headers: bearer,
        orders: { url: `${url}/fails/orders?key=@` },
        positions: { url: `${url}/fails/positions?key=@` },
      },
      schedule: [{ id: 'weekly', scenario: './leaky.yaml', cron: '0 10 * * 2', set: { WATCH_KEY: '@' } }],
    },
  };
}

export function planted(options: WorldOptions): Planted {
  const passphrase = 'canary-passphrase-of-the-key+/=';
  const { key, cert } = selfSigned('127.0.0.1');
  const encrypted = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  const { document, environment, places } = plant(documentOf(options, cert));
  return {
    document,
    environment: { ...environment, CANARY_KEY: String(encrypted), CANARY_PASSPHRASE: passphrase },
    places: [...places, 'probes<http>.clientCertificate.key', 'probes<http>.clientCertificate.passphrase'],
  };
}
