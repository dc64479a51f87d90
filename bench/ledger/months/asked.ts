/** A prober's probes over three months: what its configuration says of them, and what each of their runs found. From a seed. */
import type { CountReading, Reading } from '../../../probes/probe.ts';
import { NO_PHASES } from '../../../probes/probe.ts';
import { seededRandom, type Random } from '../../../scenarios/random.ts';
import type { Result } from '../../../store/result.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

export interface Asked {
  readonly id: string;
  readonly kind: 'http' | 'paper-order' | 'market-data';
  readonly service: string;
  readonly endpoint?: string;
  readonly venue?: string;
  /** Of latencies: the middle one, and how many of a thousand are beyond every limit. */
  readonly usualMs: number;
  readonly slowPermille: number;
}

const ENDPOINTS = ['/orders', '/positions', '/status', '/balances', '/instruments', '/trades'];
const VENUES = ['primary', 'backup', 'dark'];

/** 78 probes: at one run a minute each, 90 days are 10,108,800 runs. */
export const PROBES: readonly Asked[] = [
  ...Array.from({ length: 60 }, (_, n): Asked => {
    const endpoint = ENDPOINTS[n % ENDPOINTS.length] ?? '';
    // Every third of /positions is slow, so that a row is missed by what is beyond its limit.
    const slowPermille = endpoint === '/positions' && n % 3 === 1 ? 80 : 12;
    const id = `${endpoint.slice(1)}-${Math.floor(n / ENDPOINTS.length)}`;
    return { id, kind: 'http', service: 'client-api', endpoint, usualMs: 90 + n, slowPermille };
  }),
  ...Array.from({ length: 12 }, (_, n): Asked => {
    const venue = VENUES[n % VENUES.length] ?? '';
    const id = `paper-${venue}-${Math.floor(n / VENUES.length)}`;
    return { id, kind: 'paper-order', service: 'order-execution', venue, usualMs: 120 + n, slowPermille: 9 };
  }),
  ...Array.from({ length: 6 }, (_, n): Asked => {
    return { id: `ticks-${n}`, kind: 'market-data', service: 'market-data', usualMs: 400, slowPermille: 5 };
  }),
];

export const SEED = 7;
/** Of a thousand runs, those that never got an answer, that were refused, and that the prober spoiled. */
const BAD_PERMILLE = 3;
const EXCLUDED_PERMILLE = 4;
const FAULTS_PERMILLE = 1;

/** A run of every probe for each minute of a stretch of minutes, counted from `startMs`; in order of time. */
export function* runsOf(startMs: number, minutes: { readonly from: number; readonly to: number }): Iterable<Result> {
  for (let minute = minutes.from; minute < minutes.to; minute += 1) {
    for (const [place, asked] of PROBES.entries()) {
      // Spread over the minute, as the schedule spreads them.
      const scheduledMs = startMs + minute * MINUTE_MS + place * Math.floor(MINUTE_MS / PROBES.length);
      yield runOf(asked, scheduledMs, seededRandom(SEED, asked.id, minute));
    }
  }
}

function runOf(asked: Asked, scheduledMs: number, random: Random): Result {
  const draw = random() * 1000;
  const base = { ...resultOf(asked, scheduledMs), durationMs: Math.round(asked.usualMs) };
  if (draw < BAD_PERMILLE) {
    return { ...base, outcome: 'bad', reason: 'timeout', detail: 'no answer within 5 s', durationMs: 5000 };
  }
  if (draw < BAD_PERMILLE + EXCLUDED_PERMILLE) return { ...base, ...excludedOf(asked) };
  if (draw < BAD_PERMILLE + EXCLUDED_PERMILLE + FAULTS_PERMILLE) {
    return { ...base, outcome: 'fault', reason: 'loop-stall', detail: 'the event loop was late by 31 ms' };
  }
  return { ...base, ...FOUND[asked.kind](asked, scheduledMs, random) };
}

function resultOf({ id, kind, service, endpoint, venue }: Asked, scheduledMs: number): Result {
  return {
    runId: `${id}/${(scheduledMs * 1e6).toString(36)}/${(scheduledMs % 9973).toString(36)}`,
    probe: id,
    kind,
    service,
    location: 'fra1',
    endpoint: endpoint ?? null,
    venue: venue ?? null,
    scheduledMs,
    startedMs: scheduledMs + 0.375,
    latenessMs: 0.375,
    durationMs: null,
    cadence: 'green',
    weightMs: MINUTE_MS,
    outcome: 'good',
    reason: null,
    detail: null,
    phases: NO_PHASES,
    readings: [],
    values: {},
    loopDelayMs: 0.25,
    gameday: null,
  };
}

function excludedOf({ kind }: Asked): Partial<Result> {
  if (kind === 'paper-order') return { outcome: 'excluded', reason: 'risk-rejected', detail: 'refused: max position' };
  return { outcome: 'excluded', reason: 'http-4xx', detail: 'expected status 200, got 429', values: { status: 429 } };
}

/** A long tail, and now and then something beyond every limit. */
function latencyOf({ usualMs, slowPermille }: Asked, random: Random): number {
  const spread = usualMs * (0.7 + 0.5 * random() + 0.4 * random() ** 4);
  return Math.round((random() * 1000 < slowPermille ? spread * 6 : spread) * 1000) / 1000;
}

const FOUND: Readonly<Record<Asked['kind'], (asked: Asked, atMs: number, random: Random) => Partial<Result>>> = {
  http(asked, _atMs, random) {
    const ms = latencyOf(asked, random);
    const phases = { dnsMs: null, connectMs: 0.5, tlsMs: 2.25, sentMs: 0.1, firstByteMs: ms - 4, transferMs: 0.75 };
    const readings: Reading[] = [{ type: 'duration', indicator: 'latency', ms }];
    return { phases, readings, values: { status: 200, bytes: 840, connections: 1 }, durationMs: ms + 1 };
  },
  'paper-order'(asked, _atMs, random) {
    const ack = latencyOf(asked, random);
    const fill = ack + latencyOf(asked, random);
    const executed = random() < 0.97 ? '0.001' : '0.0004';
    const price = (50_000 + Math.floor(random() * 20_000) / 100).toFixed(2);
    const readings: Reading[] = [
      { type: 'duration', indicator: 'ack', ms: ack },
      { type: 'duration', indicator: 'order-fill', ms: fill },
      { type: 'quantity', submitted: '0.001', executed, symbol: 'BTCUSD', price },
    ];
    const values = { 'acked:le:400': ack <= 400 ? 1 : 0, 'acked:lt:250': ack < 250 ? 1 : 0, orders: 2 };
    return { readings, values, durationMs: fill + 20 };
  },
  'market-data'(asked, atMs, random) {
    const stepMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const readings = (['tick-age', 'newest-age'] as const).map((indicator): CountReading => {
      const valid = indicator === 'tick-age' ? 240 + Math.floor(random() * 20) : 5;
      const late = random() * 1000 < asked.slowPermille ? Math.ceil(valid / 2) : 0;
      const middle = latencyOf(asked, random);
      const maxMs = late > 0 ? 3400 : middle * 1.6;
      return {
        type: 'counts',
        indicator,
        atMs: stepMs,
        valid,
        within: { 'le:3000': valid - late, 'lt:1500': valid - late },
        borderline: { 'le:3000': 0, 'lt:1500': 0 },
        weigh: 'shared',
        p50Ms: middle,
        p99Ms: maxMs * 0.98,
        maxMs,
        sketch: {
          error: 0.01,
          bins: [...BINS].map((share) => [middle * share, Math.ceil(valid / BINS.length)] as const),
        },
      };
    });
    return { readings, values: { gaps: 0, duplicates: 0, ticks: 250 }, durationMs: 5000 };
  },
};

const BINS = [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6];
