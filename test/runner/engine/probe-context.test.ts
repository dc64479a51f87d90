import { describe, expect, it } from 'vitest';
import { journey } from '../../../probes/browser/journey.ts';
import { contextOf } from '../../../runner/engine/probe-context.ts';
import { configured } from '../configured.ts';

const NO_ORDERS = { intend: () => Promise.resolve(), close: () => Promise.resolve() };
const KINDS = {
  http: { kind: 'http', url: 'http://127.0.0.1:1/' },
  'market-data': { kind: 'market-data', url: 'ws://127.0.0.1:1/' },
  signal: { kind: 'signal', url: 'ws://127.0.0.1:1/' },
  'paper-order': {
    kind: 'paper-order',
    submit: { url: 'https://venue.example/orders' },
    order: { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 },
    paper: {
      url: 'https://venue.example/account',
      json: { path: '$.mode', equals: 'paper' },
      hosts: ['venue.example'],
    },
    limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 6 },
    venue: 'primary',
    every: '60s',
  },
  clock: { kind: 'clock' },
  browser: { kind: 'browser', url: 'http://127.0.0.1:1/', journey: journey('nothing', async () => undefined) },
} as const;

interface Limited {
  readonly kind: keyof typeof KINDS;
  readonly indicator?: string;
  /** Limits that objectives name, ms. */
  readonly within?: readonly number[];
  readonly part?: Readonly<Record<string, unknown>>;
  readonly document?: Readonly<Record<string, unknown>>;
}

function toleranceOf({ kind, indicator, within = [], part, document }: Limited): number {
  const configuration = configured({
    probes: [{ id: 'p', service: 's', ...KINDS[kind], ...part }],
    objectives: within.map((ms, index) => ({
      id: `o${index}`,
      service: 's',
      target: '0.99',
      window: '30d',
      sli: { indicator, within: `${ms}ms` },
      probes: ['p'],
    })),
    ...document,
  });
  const [probe] = configuration.probes;
  if (probe === undefined) throw new Error('no probe');
  return contextOf(probe, configuration, NO_ORDERS).toleranceMs;
}

describe('what the event loop may be late by', () => {
  it.each([
    { kind: 'http', indicator: 'latency' },
    { kind: 'browser', indicator: 'latency' },
    { kind: 'market-data', indicator: 'tick-age' },
    { kind: 'market-data', indicator: 'newest-age' },
    { kind: 'signal', indicator: 'signal-age' },
    { kind: 'paper-order', indicator: 'ack' },
    { kind: 'paper-order', indicator: 'order-cancel', part: { expectFill: false } },
    { kind: 'paper-order', indicator: 'order-fill', part: { expectFill: true } },
  ] as const)('is 2 ms or 5 % of the strictest limit, whichever is larger: $kind, $indicator', (limited) => {
    const of = (...within: number[]): number => toleranceOf({ ...limited, within });
    expect(of(1)).toBe(2);
    expect(of(39)).toBe(2);
    expect(of(40)).toBe(2);
    expect(of(41)).toBeCloseTo(2.05, 9);
    expect(of(400)).toBeCloseTo(20, 9);
    expect(of(1000, 400, 800)).toBeCloseTo(20, 9);
  });

  it.each([
    ['the timeout, where nothing else is named', { kind: 'http' }, 500],
    ['the timeout of a probe of the clock', { kind: 'clock', part: { timeout: '3s' } }, 150],
    ['the phases that an answer may take', { kind: 'http', part: { expect: [{ phases: { firstByte: '100ms' } }] } }, 5],
    ['how old data may be', { kind: 'market-data', part: { staleAfter: '1s' } }, 50],
    ['how long a tick may be missing', { kind: 'signal', part: { matchWithin: '1s' } }, 50],
    ['how long no signal may come', { kind: 'signal', part: { silentAfter: '600ms' } }, 30],
    ['how long an acknowledgement may take', { kind: 'paper-order', part: { ackDeadline: '1s' } }, 50],
  ] as const)('knows the limits of the probe’s own configuration: %s', (_what, limited, toleranceMs) => {
    expect(toleranceOf(limited)).toBeCloseTo(toleranceMs, 9);
  });

  it('knows the limits of every step', () => {
    const step = (name: string, ms: number) => ({
      name,
      url: 'http://127.0.0.1:1/',
      expect: [{ status: 200 }, { phases: { dns: '4s', total: `${ms}ms` } }],
    });
    const part = { url: undefined, steps: [step('a', 900), step('b', 500)], cleanup: [step('c', 700)] };
    expect(toleranceOf({ kind: 'http', part })).toBeCloseTo(25, 9);
  });

  it('is what the configuration says, where it says it', () => {
    const document = { loopTolerance: '7ms' };
    expect(toleranceOf({ kind: 'http', indicator: 'latency', within: [1], document })).toBe(7);
  });
});
