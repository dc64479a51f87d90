/** Configurations with a secret in every place that takes one. An `@` is a secret. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeKeyPair } from '../../reports/evidence/key.ts';
import type { Certificate } from '../probes/certificates.ts';
import { plant, type Planted } from './places.ts';

const base = { service: 'shop', every: '1s', timeout: '900ms' };
const bearer = { authorization: 'Bearer @' };

export interface WorldOptions {
  readonly url: string;
  readonly secureUrl: string;
  readonly tls: Certificate;
  /** Of the status server. */
  readonly port: number;
  readonly database: string;
  readonly hasBrowser: boolean;
}

function counted(source: string): string {
  return source.startsWith('i')
    ? 'SELECT sum("n") FROM "jobs" WHERE $time GROUP BY time($range)'
    : 'sum(increase(jobs[1m]))';
}

function documentOf({ url, secureUrl, tls, port, database, hasBrowser }: WorldOptions): unknown {
  const ws = url.replace('http', 'ws');
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
      {
        ...base,
        id: 'mutual',
        kind: 'http',
        url: `${secureUrl}/ok/mutual`,
        family: 4,
        ca: tls.cert,
        expect: [{ json: { path: '$.headers', equals: 'nothing' } }],
        clientCertificate: { cert: tls.cert, key: '${CANARY_KEY}', passphrase: '${CANARY_PASSPHRASE}' },
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
        order,
        paper: {
          url: `${url}/ok/account?key=@`,
          json: { path: '$.paper', equals: true },
          hosts: ['127.0.0.1'],
        },
        positions: { url: `${url}/ok/positions?key=@` },
        flatten: true,
        expectFill: false,
        limits: { maxQuantity: 1, maxNotional: 1, maxPerMinute: 60 },
      },
      {
        ...base,
        id: 'heard',
        kind: 'paper-order',
        venue: 'primary',
        every: '2s',
        ackDeadline: '200ms',
        fillDeadline: '300ms',
        submit: { url: `${url}/ok/orders` },
        query: { url: `${url}/ok/query/{client_order_id}` },
        cancel: { url: `${url}/ok/cancel/{order_id}` },
        channel: { url: `${ws}/channel?key=@`, headers: bearer },
        signal: { url: `${ws}/signal?key=@`, headers: bearer, within: '200ms' },
        order,
        paper: { url: `${url}/ok/account`, json: { path: '$.paper', equals: true }, hosts: ['127.0.0.1'] },
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
        submit: { url: `${url}/ok/orders` },
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
        // It looks for a text that is not there until its time is over, and the runner ends no sooner.
        every: '5s',
        timeout: hasBrowser ? '4500ms' : '900ms',
        url: `${url}/page?key=@`,
        headers: { 'x-api-key': '@' },
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
    store: { influx: { url: `${url}/influx`, database, username: '@', password: '@' } },
    evidence: { key: '${CANARY_PEM}' },
    gamedays: { webhook: { secret: '@', previousSecret: '@' } },
  };
}

/** Another InfluxDB, which refuses; read as well. */
export function shippingElsewhere(url: string): Planted {
  return plant(
    {
      environment: 'staging',
      listen: false,
      probes: [{ ...base, id: 'key', kind: 'http', url: `${url}/ok/key` }],
      objectives: [{ id: 'key', service: 'shop', target: '0.9', window: '1d', sli: 'availability', probes: ['key'] }],
      store: {
        ledger: './elsewhere.db',
        influx: { url: `${url}/fails/influx?key=@`, org: 'sre', bucket: 'drill', token: '@' },
        read: 'influx',
      },
    },
    'e',
  );
}

/** Of which nothing is as it should be: each message shows what it found. */
export function misplaced(): Planted {
  return plant(
    {
      environment: 'staging @',
      listen: 'host @',
      probes: [
        { id: 'a @', kind: 'http', service: 's @', url: 'no url @', every: '@', expect: [{ json: { path: '@' } }] },
        { id: 'b', kind: 'no kind @', service: 's', every: '1s' },
        {
          id: 'c',
          kind: 'http',
          service: 's',
          every: '1s',
          url: 'http://user:@@h/',
          cron: '@',
          headers: { 'x y': '@' },
        },
      ],
      sources: [{ id: 'p', kind: 'prometheus', url: 'ftp://h/@' }],
      objectives: [{ id: 'o', service: 's', target: '@', window: '@', sli: '@', probes: ['@'] }],
      notify: [
        { kind: 'webhook', url: '@', secret: '@' },
        { kind: 'slack', url: 'ftp://@' },
      ],
      store: { influx: { url: 'ftp://@', org: 'o', bucket: 'b', token: '@' }, ledger: './bad.db' },
      gamedays: { injectors: [{ kind: 'exec', allow: ['@'], targets: [{ name: 'n', inject: ['@'], undo: ['@'] }] }] },
      evidence: { key: 'no/such/@' },
    },
    'x',
  );
}

/** @param tool a program that tells what is in its environment, and exits with its first argument */
export function drilled(url: string, tool: string, victim: string): Planted {
  const call = (state: string) => ({ url: `${url}/ok/flag?key=@`, headers: bearer, body: { state } });
  return plant(
    {
      environment: 'staging',
      loopTolerance: '10s',
      listen: false,
      services: { shop: { owners: ['Shop'] } },
      probes: [
        {
          ...base,
          id: 'token',
          kind: 'http',
          url: `${url}/ok/token?key=@`,
          expect: [{ json: { path: '$.url', equals: 'nothing' } }],
        },
        {
          ...base,
          id: 'paper',
          kind: 'paper-order',
          venue: 'primary',
          every: '2s',
          ackDeadline: '200ms',
          fillDeadline: '300ms',
          submit: { url: `${url}/ok/orders` },
          order: { symbol: 'BTCUSD', quantity: 1, reference_price: 1 },
          expectFill: false,
          paper: { url: `${url}/ok/account`, json: { path: '$.paper', equals: true }, hosts: ['127.0.0.1'] },
          positions: { url: `${url}/ok/positions` },
          flatten: true,
          limits: { maxQuantity: 1, maxNotional: 1, maxPerMinute: 60 },
        },
      ],
      store: { ledger: './drill.db' },
      gamedays: {
        reports: './records',
        injectors: [
          { kind: 'toxiproxy', url: `${url}/fails/@/toxiproxy`, proxies: ['feed'] },
          {
            kind: 'http',
            targets: [
              {
                name: 'flag',
                inject: call('on'),
                undo: call('off'),
                clear: { url: `${url}/ok/flag?key=@`, headers: bearer, json: { path: '$.flag', equals: false } },
                proof: { url: `${url}/ok/proof?key=@`, headers: bearer, json: '$.calls' },
              },
            ],
          },
          {
            kind: 'exec',
            allow: [tool],
            targets: [{ name: 'tool', inject: [tool, '3'], undo: [tool, '0'], env: { TOOL_TOKEN: '@' } }],
          },
          {
            kind: 'process',
            targets: [{ name: 'shop', command: victim, restart: [tool, '0', victim], env: { TOOL_TOKEN: '@' } }],
          },
        ],
        trading: {
          headers: bearer,
          orders: { url: `${url}/fails/orders?key=@` },
          positions: { url: `${url}/fails/positions?key=@` },
        },
        schedule: [
          { id: 'weekly', scenario: './leaky.yaml', cron: '0 10 * * 2', set: { WATCH_KEY: '@' } },
          { id: 'cut', scenario: './cut.yaml', cron: '0 10 * * 2' },
        ],
      },
    },
    'd',
  );
}

/** In TypeScript: a `sign` and a journey that send, and throw, what they were given. */
export function signing(url: string): Planted & { readonly source: string } {
  const value = (own: string): string => `${own}-canary+/=<"&-${own}`;
  const probe = (id: string, name: string, sign: string): string =>
    `{ id: '${id}', kind: 'http', service: 'shop', url: '${url}/ok/${id}', every: '1s', timeout: '900ms',
      secrets: { key: '\${${name}}' }, sign(_request, { key }) { ${sign} },
      expect: [{ json: { path: '$.headers', equals: 'nothing' } }] }`;
  const sent = probe('signed', 'CANARY_S0', "return { headers: { 'x-signed': key }, query: { signature: key } };");
  const thrown = probe('unsigned', 'CANARY_S1', "throw new Error('cannot sign with ' + key, { cause: key });");
  const walk = `journey('walk', async ({ page, variables: { user } }) => {
    await page.goto('/page?user=' + encodeURIComponent(user));
    throw new Error('refused ' + user);
  })`;
  const page = `{ id: 'walk', kind: 'browser', service: 'shop', url: '${url}', every: '60s', timeout: '40s',
    journey: ${walk}, variables: { user: '\${CANARY_S2}' }, artefacts: { trace: 'always' } }`;
  const index = pathToFileURL(join(import.meta.dirname, '../../runner/index.ts')).href;
  return {
    document: null,
    source: `import { journey } from '${index}';
export default { environment: 'staging', listen: false, loopTolerance: '10s', store: { ledger: './signed.db' },
  probes: [${sent}, ${thrown}, ${page}] };
`,
    environment: { CANARY_S0: value('s0a1b2'), CANARY_S1: value('s3c4d5'), CANARY_S2: value('s6e7f8') },
    places: {
      CANARY_S0: 'probes<http>.secrets',
      CANARY_S1: 'probes<http>.secrets',
      CANARY_S2: 'probes<browser>.variables',
    },
  };
}

export interface Whole extends Planted {
  /** SHA-256 of the certificate whose key is secret. */
  readonly certificate: string;
  readonly publicPem: string;
}

export function planted(options: WorldOptions): Whole {
  const { key, cert } = options.tls;
  const passphrase = 'p0e1f2-canary-of-the-key+/=';
  const encrypted = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  const pair = makeKeyPair();
  const { document, environment, places } = plant(documentOf(options), 'm');
  return {
    document,
    environment: {
      ...environment,
      CANARY_KEY: String(encrypted),
      CANARY_PASSPHRASE: passphrase,
      CANARY_PEM: pair.privatePem,
    },
    places: {
      ...places,
      CANARY_KEY: 'probes<http>.clientCertificate.key',
      CANARY_PASSPHRASE: 'probes<http>.clientCertificate.passphrase',
      CANARY_PEM: 'evidence.key',
    },
    certificate: new X509Certificate(cert).fingerprint256,
    publicPem: pair.publicPem,
  };
}
