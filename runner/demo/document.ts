/** The demo's configuration: what a user would write, but for the scaled time. */
import type { Sandbox } from '../../sandbox/start.ts';

/** A policy minute lasts 100 ms: the 24-hour window of market-data freshness slides past in 144 s. */
export const DEMO_SCALE = 600;
/** The event minimum shrinks with the windows, or nothing measured in two minutes would count. */
export const DEMO_MIN_EVENTS = 20;
export const TOKEN_VARIABLE = 'PULSEDRILL_DEMO_TOKEN';

export interface DemoPlaces {
  readonly sandbox: Pick<Sandbox, 'edgeUrl' | 'edgeWsUrl'>;
  readonly toxiproxyUrl: string;
  readonly folder: string;
  /** `store.influx` of the document, if the environment names an InfluxDB. */
  readonly influx: Readonly<Record<string, string>> | null;
}

export function demoDocument({ sandbox, toxiproxyUrl, influx }: DemoPlaces): Readonly<Record<string, unknown>> {
  const { edgeUrl, edgeWsUrl } = sandbox;
  const headers = { authorization: `Bearer \${${TOKEN_VARIABLE}}` };
  return {
    environment: 'sandbox',
    location: 'demo',
    timeScale: DEMO_SCALE,
    services: {
      'client-api': { owners: ['Execution Platform'], supporting: ['Infrastructure', 'SRE'] },
      'market-data': { owners: ['Data Platform'], supporting: ['Infrastructure'] },
      'order-execution': { owners: ['Execution Platform'], supporting: ['Compliance', 'Infrastructure'] },
    },
    probes: [
      {
        id: 'status',
        kind: 'http',
        service: 'client-api',
        url: `${edgeUrl}/api/v1/status`,
        every: '4s',
        yellow: '2s',
        expect: [{ status: 200 }],
      },
      {
        id: 'positions',
        kind: 'http',
        service: 'client-api',
        endpoint: '/positions',
        url: `${edgeUrl}/api/v1/positions`,
        headers,
        every: '4s',
        yellow: '2s',
      },
      {
        id: 'ticks',
        kind: 'market-data',
        service: 'market-data',
        mode: 'continuous',
        url: edgeWsUrl,
        headers,
        every: '1s',
        subscribe: [{ action: 'subscribe', channels: ['trades'] }],
      },
      {
        id: 'ticks-session',
        kind: 'market-data',
        service: 'market-data',
        mode: 'session',
        url: edgeWsUrl,
        headers,
        for: '700ms',
        every: '6s',
        yellow: '1500ms',
        subscribe: [{ action: 'subscribe', channels: ['trades'] }],
      },
      {
        id: 'paper-buy',
        kind: 'paper-order',
        service: 'order-execution',
        venue: 'primary',
        headers,
        submit: { url: `${edgeUrl}/api/v1/orders` },
        order: { symbol: 'BTCUSD', side: 'buy', order_type: 'market', quantity: 0.001, reference_price: 50000 },
        paper: {
          url: `${edgeUrl}/api/v1/account`,
          json: { path: '$.mode', equals: 'paper' },
          hosts: [new URL(edgeUrl).hostname],
        },
        limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 60 },
        timeout: '1900ms',
        ackDeadline: '1s',
        fillDeadline: '1500ms',
        flatten: true,
        every: '3s',
        yellow: '2s',
      },
    ],
    objectives: { extends: 'tradepulse', settings: { brokerSlaMs: 400, minEvents: DEMO_MIN_EVENTS } },
    cadence: { hold: '30m' },
    // The demo shares its machine with the exchanges, the venue and the fault proxy it watches.
    loopTolerance: '100ms',
    listen: false,
    store: { ledger: './pulsedrill.db', ...(influx === null ? {} : { influx }) },
    gamedays: {
      environments: ['sandbox'],
      folder: './gamedays',
      injectors: [{ kind: 'toxiproxy', url: toxiproxyUrl, proxies: ['feed', 'gateway'] }],
    },
    reports: { folder: '.' },
  };
}

/** `INFLUX_URL` with `INFLUX_TOKEN`, `INFLUX_ORG`, `INFLUX_BUCKET`, or with `INFLUX_DB` for 1.x. */
export function influxFrom(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> | null {
  if (env['INFLUX_URL'] === undefined) return null;
  const url = '${INFLUX_URL}';
  return env['INFLUX_DB'] === undefined
    ? { url, org: '${INFLUX_ORG}', bucket: '${INFLUX_BUCKET}', token: '${INFLUX_TOKEN}' }
    : { url, database: '${INFLUX_DB}' };
}
