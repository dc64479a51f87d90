/** A seeded stretch of life to report on: two hours of probes, a slow feed, a game-day, and rows that nothing feeds. */
import { NO_PHASES, type Reading } from '../../probes/probe.ts';
import { seededRandom } from '../../scenarios/random.ts';
import type { JournalBody, JournalEntry } from '../../scenarios/journal.ts';
import type { Objective } from '../../slo/objective.ts';
import { incidentEvent } from '../../slo/incidents/event.ts';
import type { Result } from '../../store/result.ts';
import type { LedgerEvent } from '../../store/store.ts';

export const START = Date.UTC(2026, 2, 3, 9, 0, 0);
const DAY = 86_400_000;

export function anObjective(differing: Partial<Objective> & Pick<Objective, 'id'>): Objective {
  return {
    title: 'Client API availability',
    commitment: 'slo',
    service: 'client-api',
    owners: ['Execution Platform'],
    supporting: ['SRE'],
    target: '0.995',
    windowMs: 30 * DAY,
    slidingMs: null,
    sli: { type: 'availability' },
    weighing: 'time',
    split: null,
    minEvents: 1000,
    probes: ['api-status'],
    unknownBecause: null,
    assumptions: [],
    ...differing,
  };
}

export const OBJECTIVES: readonly Objective[] = [
  anObjective({
    id: 'slo-api-latency',
    title: 'Client API latency',
    target: '0.95',
    slidingMs: 300_000,
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
    split: 'endpoint',
    probes: ['positions', 'orders'],
    minEvents: 100,
  }),
  anObjective({ id: 'sla-api-availability', commitment: 'sla', windowMs: 90 * DAY, minEvents: 400 }),
  anObjective({
    id: 'slo-market-data-freshness',
    title: 'Market data freshness',
    service: 'market-data',
    owners: ['Data Platform'],
    target: '0.998',
    windowMs: DAY,
    sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
    weighing: 'count',
    probes: ['ticks'],
  }),
  anObjective({
    id: 'kpi-ingestion-latency',
    title: 'Ingestion latency',
    commitment: 'kpi',
    service: 'market-data',
    target: '0.99',
    sli: { type: 'telemetry', what: 'median event to registration ≤ 45 s' },
    weighing: 'count',
    probes: [],
    unknownBecause: 'no source: bind it to a telemetry query',
    assumptions: ['an outer target of 0.99 over 5-minute slices'],
  }),
];

export const GAMEDAY_AT = START + 70 * 60_000;

export const OUTAGE = { id: 'inc-20260303-1', service: 'market-data' };
/** An incident that begins while the feed is slow. */
export const OUTAGE_OPENED = incidentEvent(
  OUTAGE,
  GAMEDAY_AT + 60_000,
  {
    type: 'opened',
    severity: 'SEV-1',
    title: 'ticks are late',
    channel: '#inc',
    by: 'pulsedrill',
    alert: 'a@1',
    isBreach: true,
    link: null,
  },
  '',
);

const isSlow = (atMs: number) => atMs >= GAMEDAY_AT && atMs < GAMEDAY_AT + 60_000;

export interface SampleOptions {
  readonly seed?: number;
  readonly minutes?: number;
}

/** In order of time. */
export function sampleResults({ seed = 7, minutes = 120 }: SampleOptions = {}): readonly Result[] {
  const random = seededRandom(seed);
  const results: Result[] = [];
  const add = (probe: string, atMs: number, readings: readonly Reading[], differing: Partial<Result> = {}) =>
    results.push({
      runId: `${probe}/${atMs.toString(36)}/x`,
      probe,
      kind: probe === 'ticks' ? 'market-data' : 'http',
      service: probe === 'ticks' ? 'market-data' : 'client-api',
      location: 'fra1',
      endpoint: probe === 'positions' || probe === 'orders' ? `/${probe}` : null,
      venue: null,
      scheduledMs: atMs,
      startedMs: atMs + 1,
      latenessMs: 1,
      durationMs: 30,
      cadence: 'green',
      weightMs: 15_000,
      outcome: 'good',
      reason: null,
      detail: null,
      phases: NO_PHASES,
      readings,
      values: {},
      loopDelayMs: 1,
      gameday: isSlow(atMs) ? 'gd-1' : null,
      ...differing,
    });
  const latency = (ms: number | null): readonly Reading[] => [{ type: 'duration', indicator: 'latency', ms }];
  for (let atMs = START; atMs < START + minutes * 60_000; atMs += 15_000) {
    const draw = random();
    if (draw < 0.004) add('api-status', atMs, latency(null), { outcome: 'bad', reason: 'timeout', durationMs: 5000 });
    else if (draw < 0.012) add('api-status', atMs, [], { outcome: 'fault', reason: 'loop-stall' });
    else add('api-status', atMs, latency(18 + 14 * random()));
    add('positions', atMs + 3000, latency(random() < 0.03 ? 300 + 900 * random() : 40 + 60 * random()));
    add('orders', atMs + 7000, latency(random() < 0.01 ? 280 : 55 + 70 * random()));
    if (atMs % 60_000 === 0) add('ticks', atMs, [ticks(atMs, random)], { weightMs: 60_000 });
  }
  return results;
}

function ticks(atMs: number, random: () => number): Reading {
  const slow = isSlow(atMs);
  const valid = 5800 + Math.floor(400 * random());
  const late = slow ? 2400 : 0;
  return {
    type: 'counts',
    indicator: 'tick-age',
    atMs,
    valid,
    within: { 'lt:1500': valid - late },
    borderline: { 'lt:1500': slow ? 37 : 0 },
    weigh: 'each',
    p50Ms: slow ? 900 + 50 * random() : 12 + 4 * random(),
    p99Ms: slow ? 3100 : 40 + 10 * random(),
    maxMs: slow ? 3400 : 80 + 40 * random(),
  };
}

export const EVENTS: readonly LedgerEvent[] = [
  {
    id: 'c1',
    atMs: GAMEDAY_AT + 120_000,
    kind: 'colour',
    service: 'market-data',
    subject: 'slo-market-data-freshness',
    body: { from: 'green', to: 'red', consumed: 1.6666, good: 420_028, bad: 2400, burnNow: 2.31 },
  },
  {
    id: 's1',
    atMs: GAMEDAY_AT + 121_000,
    kind: 'cadence',
    service: 'market-data',
    subject: 'market-data',
    body: { from: 'green', to: 'red', probes: [{ probe: 'session', fromMs: 60_000, toMs: 15_000 }] },
  },
];

const JOURNAL: readonly (readonly [sinceMs: number, body: JournalBody])[] = [
  [
    0,
    {
      type: 'started',
      scenario: 'feed-latency',
      title: 'Market-data feed latency',
      objective: 'The venue fails over to its backup feed within two minutes',
      component: 'market-data',
      environment: 'staging',
      location: 'fra1',
      timeScale: 1,
      timeboxMs: 5_400_000,
      recoveryGoalMs: 120_000,
      obligation: 'ob-17',
      seed: 42,
    },
  ],
  [120, { type: 'check', name: 'undo possible', ok: true, detail: 'proxy feed answers' }],
  [200, { type: 'phase', phase: 'before' }],
  [
    9_000,
    { type: 'hypothesis', phase: 'before', name: 'ticks are fresh', ok: true, detail: 'tick-age p99 44 ms of 5,911' },
  ],
  [
    9_900,
    {
      type: 'undo-prepared',
      fault: 'slow-feed',
      target: { injector: 'toxiproxy', name: 'feed' },
      what: { type: 'latency', ms: 3000, jitterMs: 500, roundTrip: false },
      undo: {
        injector: 'toxiproxy',
        body: { proxy: 'feed', toxic: 'pd-slow-feed' },
        byHand: 'curl -X DELETE http://127.0.0.1:8474/proxies/feed/toxics/pd-slow-feed',
      },
    },
  ],
  [10_000, { type: 'injected', fault: 'slow-feed' }],
  [10_000, { type: 'mark', what: 'injected', source: 'conductor', uncertaintyMs: 0 }],
  [10_100, { type: 'phase', phase: 'during' }],
  [10_200, { type: 'waiting', name: 'a stale tick is seen', withinMs: 60_000 }],
  [14_400, { type: 'mark', what: 'impact', source: 'ticks', uncertaintyMs: 1000 }],
  [
    18_600,
    { type: 'condition', name: 'a stale tick is seen', met: true, afterMs: 8400, detail: 'tick-age maximum 3,400 ms' },
  ],
  [18_600, { type: 'mark', what: 'detected', source: 'ticks', uncertaintyMs: 1000 }],
  [
    40_000,
    { type: 'hypothesis', phase: 'during', name: 'ticks are fresh', ok: false, detail: 'tick-age p99 3,100 ms' },
  ],
  [71_500, { type: 'mark', what: 'recovered', source: 'ticks', uncertaintyMs: 1000 }],
  [
    100_000,
    {
      type: 'lifted',
      fault: 'slow-feed',
      by: 'conductor',
      verified: true,
      detail: 'read back: no toxic on feed',
      crossed: { bytes: 812_345, connections: 1, cut: 0 },
    },
  ],
  [100_000, { type: 'mark', what: 'lifted', source: 'conductor', uncertaintyMs: 0 }],
  [101_000, { type: 'note', text: 'Venue log says: switched to <backup> | feed_2' }],
  [101_000, { type: 'phase', phase: 'after' }],
  [
    110_000,
    { type: 'hypothesis', phase: 'after', name: 'ticks are fresh', ok: true, detail: 'tick-age p99 46 ms of 6,012' },
  ],
  [
    110_500,
    {
      type: 'finished',
      verdict: 'recovered-despite-fault',
      passed: true,
      detail: 'Failed over while the fault was there',
      detectedAfterMs: 8600,
      recoveredAfterMs: 61_500,
      recoveredAfterLiftMs: null,
    },
  ],
];

/** Injected exactly when the sample's feed turns slow. */
export const SAMPLE_JOURNAL: readonly JournalEntry[] = JOURNAL.map(([sinceStartMs, body], seq) => ({
  ...body,
  seq,
  gameday: 'gd-1',
  atMs: GAMEDAY_AT - 10_000 + sinceStartMs,
  sinceStartMs,
}));
