/** Ninety days of a platform as its probes and its telemetry would have seen it: the same from the same seed. */
import { seededRandom, type Random } from '../../../scenarios/random.ts';
import type { Reading } from '../../../probes/probe.ts';
import type { Result } from '../../../store/result.ts';
import { aResult } from '../../support/results.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Twenty seconds into a minute, half past ten. */
export const NOW_MS = Date.UTC(2026, 10, 20, 10, 30, 20);
/** From here on the availability of the API is promised with another target. */
export const CHANGED_MS = Date.UTC(2026, 10, 5);

function paperProbe(id: string, venue: string, more = ''): string {
  return `  - id: ${id}
    kind: paper-order
    service: order-execution
    venue: ${venue}
    submit: { url: "http://127.0.0.1:1/orders" }
    order: { symbol: BTCUSD, side: buy, order_type: market, quantity: "0.3", reference_price: "50000" }
    paper: { url: "http://127.0.0.1:1/account", json: { path: $.mode, equals: paper }, hosts: ["127.0.0.1"] }
    limits: { maxQuantity: "1", maxNotional: "100000", maxPerMinute: 6 }
    every: 2h
    ${more}`;
}

export const CONFIGURATION = `
environment: staging
listen: false
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status", every: 30m }
  - { id: orders, kind: http, service: client-api, endpoint: /orders, url: "http://127.0.0.1:1/orders", every: 30m }
  - { id: positions, kind: http, service: client-api, endpoint: /positions, url: "http://127.0.0.1:1/positions", every: 30m }
  - { id: ticks, kind: market-data, service: market-data, url: "ws://127.0.0.1:1/", every: 1m, timeout: 10s }
  - { id: signals, kind: signal, service: strategy-runtime, url: "ws://127.0.0.1:1/", every: 1m }
${paperProbe('buy-primary', 'primary')}
${paperProbe('buy-backup', 'backup')}
${paperProbe('buy-on-signal', 'primary', 'signal: { url: "ws://127.0.0.1:1/" }')}
sources:
  - { id: prom, kind: prometheus, url: "http://127.0.0.1:9090" }
objectives:
  extends: tradepulse
  settings: { brokerSlaMs: 380, minEvents: 500 }
  bind:
    slo-strategy-jobs: { source: prom, good: "sum(done)", valid: "sum(tried)" }
    slo-strategy-latency: { source: prom, good: "sum(fast)", valid: "sum(decided)" }
    slo-pipeline-accuracy: { source: prom, good: "sum(alike)", valid: "sum(compared)" }
    kpi-ingestion-latency: { source: prom, median: "registered" }
  override:
    - { id: slo-api-availability, target: "0.995", version: v2, from: 2026-11-05, rfc: "https://rfcs.example/7" }
    - { id: slo-api-latency, target: "0.96", version: v2, from: 2026-12-01 }
`;

interface Kind {
  readonly probe: string;
  readonly everyMs: number;
  readonly part: Partial<Result>;
  readonly readings: (random: Random, isIll: boolean, atMs: number) => Reading[];
}

/** Days before the end on which everything was ill, and how ill: the share of runs that fail. */
const SICK_DAYS: ReadonlyMap<number, number> = new Map([
  [71, 0.2],
  [33, 0.08],
  [12, 0.03],
  [0, 0.05],
]);

const ms = (random: Random, usual: number, isIll: boolean): number =>
  Math.round((usual * (0.5 + random()) + (isIll ? usual * 3 * random() : 0)) * 10) / 10;

const duration = (indicator: 'latency' | 'ack' | 'signal-ack' | 'signal-fill', value: number | null): Reading => ({
  type: 'duration',
  indicator,
  ms: value,
});

const within = (valid: number, late: number, key: string, near: number | null) => ({
  valid,
  within: { [key]: valid - late },
  borderline: near === null ? null : { [key]: near },
  p50Ms: null,
  p99Ms: null,
  maxMs: null,
});

/** Of some events, how many were late. */
const lateOf = (random: Random, events: number, isIll: boolean): number =>
  Math.round(events * random() * (isIll ? 0.05 : 0.003));

function order(random: Random, isIll: boolean): Reading[] {
  const ack = random() < (isIll ? 0.05 : 0.0008) ? null : ms(random, 120, isIll);
  const executed = ack === null ? '0' : random() < 0.02 ? '0.1' : '0.3';
  return [duration('ack', ack), { type: 'quantity', submitted: '0.3', executed, symbol: 'BTCUSD', price: '50000' }];
}

const http = (probe: string, endpoint: string | null): Kind => ({
  probe,
  everyMs: 30 * MINUTE,
  part: { kind: 'http', service: 'client-api', endpoint },
  readings: (random, isIll) => [duration('latency', ms(random, endpoint === '/positions' ? 150 : 110, isIll))],
});

const paper = (probe: string, venue: string): Kind => ({
  probe,
  everyMs: 2 * HOUR,
  part: { kind: 'paper-order', service: 'order-execution', venue },
  readings: order,
});

const telemetry = (objective: string, events: number): Kind => ({
  probe: `telemetry:${objective}`,
  everyMs: HOUR,
  part: { kind: 'telemetry', service: 'strategy-runtime' },
  readings(random, isIll) {
    const valid = Math.round(events * (0.5 + random()));
    const good = valid - lateOf(random, valid, isIll) / 4;
    return [{ type: 'telemetry', split: '', good: String(Math.round(good * 100) / 100), valid: String(valid) }];
  },
});

const KINDS: readonly Kind[] = [
  http('status', null),
  http('orders', '/orders'),
  http('positions', '/positions'),
  paper('buy-primary', 'primary'),
  paper('buy-backup', 'backup'),
  {
    ...paper('buy-on-signal', 'primary'),
    readings(random, isIll) {
      const ack = ms(random, 180, isIll);
      return [
        ...order(random, isIll),
        duration('signal-ack', ack),
        duration('signal-fill', ack + ms(random, 90, isIll)),
      ];
    },
  },
  {
    probe: 'ticks',
    everyMs: HOUR,
    part: { kind: 'market-data', service: 'market-data' },
    readings(random, isIll, atMs) {
      const near = random() < 0.1 ? null : Math.floor(random() * 4);
      return [
        {
          type: 'counts',
          indicator: 'tick-age',
          atMs,
          weigh: 'each',
          ...within(600, lateOf(random, 600, isIll), 'lt:1500', near),
        },
        {
          type: 'counts',
          indicator: 'newest-age',
          atMs,
          weigh: 'each',
          eachMs: 1000,
          ...within(60, lateOf(random, 60, isIll), 'le:3000', near),
        },
      ];
    },
  },
  {
    probe: 'signals',
    everyMs: HOUR,
    part: { kind: 'signal', service: 'strategy-runtime' },
    readings: (random, isIll, atMs) => [
      {
        type: 'counts',
        indicator: 'signal-age',
        atMs,
        weigh: 'each',
        ...within(40, lateOf(random, 40, isIll), 'le:500', null),
      },
    ],
  },
  telemetry('slo-strategy-jobs', 40),
  telemetry('slo-strategy-latency', 300),
  telemetry('slo-pipeline-accuracy', 25),
  {
    ...telemetry('kpi-ingestion-latency', 1),
    readings: (random, isIll) => [{ type: 'median', split: '', ms: ms(random, 24_000, isIll) }],
  },
];

/** Everything that came in, oldest first within each probe. @param seed another one is another platform */
export function ninetyDays(seed: number): readonly Result[] {
  return KINDS.flatMap((kind) => resultsOf(kind, seedOf(seed, kind)));
}

const seedOf = (seed: number, { probe }: Kind): Random => seededRandom(seed, 'ninety-days', probe);

function resultsOf({ probe, everyMs, part, readings }: Kind, random: Random): Result[] {
  const results: Result[] = [];
  let atMs = NOW_MS - 92 * DAY + Math.floor(random() * everyMs);
  while (atMs <= NOW_MS) {
    const share = SICK_DAYS.get(Math.floor((NOW_MS - atMs) / DAY)) ?? 0;
    // A service that is unwell is asked more often; and in the end, so that its live windows hold something.
    const isRaised = share > 0 || NOW_MS - atMs < 2 * HOUR;
    const weightMs = isRaised ? Math.max(MINUTE, everyMs / 6) : everyMs;
    const isIll = random() < share;
    const { outcome, reason } = outcomeOf(random, isIll, probe, part.kind === 'telemetry');
    results.push(
      aResult(results.length, {
        ...part,
        runId: `${probe}/${atMs.toString(36)}`,
        probe,
        scheduledMs: atMs,
        startedMs: atMs,
        weightMs,
        cadence: isRaised ? 'yellow' : 'green',
        outcome,
        reason,
        readings:
          outcome === 'good' || (outcome === 'bad' && part.kind !== 'http') ? readings(random, isIll, atMs) : [],
        values: outcome === 'skipped' ? { missed: 3 } : {},
      }),
    );
    atMs += weightMs;
  }
  return results;
}

function outcomeOf(
  random: Random,
  isIll: boolean,
  probe: string,
  isTelemetry: boolean,
): Pick<Result, 'outcome' | 'reason'> {
  const draw = random();
  if (draw < 0.002) return { outcome: 'fault', reason: isTelemetry ? 'no-data' : 'loop-stall' };
  if (draw < 0.003) return { outcome: 'skipped', reason: 'missed' };
  if (isTelemetry) return { outcome: 'good', reason: null };
  if (draw < 0.008 && probe !== 'ticks' && probe !== 'signals') return { outcome: 'excluded', reason: null };
  if (isIll && draw < 0.6) return { outcome: 'bad', reason: 'timeout' };
  return { outcome: 'good', reason: null };
}
