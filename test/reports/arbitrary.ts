/** Anything that a report may be handed: silences, single points, unknown rows, hostile names. */
import * as fc from 'fast-check';
import { NO_PHASES, type Reading } from '../../probes/probe.ts';
import { judged } from '../slo/fixtures.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { EMPTY_TALLY } from '../../slo/tally.ts';
import { timeBase } from '../../slo/time-base.ts';
import type { Result } from '../../store/result.ts';
import type { BudgetPoint, LedgerEvent, StoreReader } from '../../store/store.ts';
import { anObjective, START } from './sample.ts';

const name = fc.oneof(
  fc.constantFrom('status', 'a|b', '<b>bold</b>', '"quoted" & [linked](x)', '`tick`', 'über\u0007\n## heading'),
  fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }),
);

const ms = fc.oneof(
  fc.constant(null),
  fc.double({ min: -50, max: 1e7, noNaN: true }),
  fc.constantFrom(0, 0.0001, 5, 250),
);
const at = fc.oneof(fc.integer({ min: START - 1000, max: START + 600_000 }), fc.constant(START));

const reading: fc.Arbitrary<Reading> = fc.oneof(
  fc.record({ type: fc.constant('duration' as const), indicator: fc.constantFrom('latency', 'ack'), ms }),
  fc.record({
    type: fc.constant('counts' as const),
    indicator: fc.constant('tick-age' as const),
    atMs: at,
    valid: fc.nat(5000),
    within: fc.constant({}),
    weigh: fc.constant('each' as const),
    p50Ms: ms,
    p99Ms: ms,
    maxMs: ms,
  }),
  fc.constant({ type: 'quantity' as const, submitted: '1', executed: '0.5' }),
);

export const anyResult: fc.Arbitrary<Result> = fc.record({
  runId: fc.uuid(),
  probe: name,
  kind: fc.constant('http'),
  service: name,
  location: name,
  endpoint: fc.constant(null),
  venue: fc.constant(null),
  scheduledMs: at,
  startedMs: at,
  latenessMs: fc.constant(0),
  durationMs: fc.constant(null),
  cadence: fc.constantFrom('green' as const, 'gameday' as const, 'once' as const),
  weightMs: fc.constant(1000),
  outcome: fc.constantFrom('good' as const, 'bad' as const, 'excluded' as const, 'fault' as const, 'skipped' as const),
  reason: fc.constantFrom(null, 'timeout' as const),
  detail: fc.constant(null),
  phases: fc.constant(NO_PHASES),
  readings: fc.array(reading, { maxLength: 3 }),
  values: fc.constant({}),
  loopDelayMs: fc.constant(null),
  gameday: fc.constant(null),
});

const anyObjective: fc.Arbitrary<Objective> = fc
  .record({
    id: name,
    title: name,
    commitment: fc.constantFrom('sla' as const, 'slo' as const, 'kpi' as const),
    target: fc.constantFrom('0.5', '0.95', '0.999', '0.9995'),
    slidingMs: fc.constantFrom(null, 300_000),
    weighing: fc.constantFrom('time' as const, 'count' as const, 'quantity' as const),
    sli: fc.constantFrom<Objective['sli']>(
      { type: 'availability' },
      { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
      { type: 'threshold', indicator: 'tick-age', ms: 0.5, strict: true },
      { type: 'quantity' },
      { type: 'telemetry', what: 'a | b' },
    ),
    probes: fc.array(name, { maxLength: 2 }),
    unknownBecause: fc.oneof(fc.constant(null), name),
    assumptions: fc.array(name, { maxLength: 1 }),
  })
  .map(anObjective);

const BASE = timeBase(60);

export const anyStatus: fc.Arbitrary<Status> = fc
  .record({ objective: anyObjective, good: fc.nat(3), bad: fc.nat(3), excluded: fc.nat(2), faults: fc.nat(2) })
  .map(({ objective, good, bad, excluded, faults }) => {
    const weights = { goodWeight: BigInt(good) * 7n, badWeight: BigInt(bad) * 5n, squaredWeight: BigInt(good + bad) };
    const step = { ...EMPTY_TALLY, good, bad, excluded, faults, ...weights, atMs: START, split: '' };
    return judged([step], { objective, base: BASE, nowMs: START });
  });

export const anyBudget: fc.Arbitrary<Omit<BudgetPoint, 'objective'>> = fc.record({
  service: name,
  atMs: at,
  colour: fc.constant('green'),
  consumedPct: fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e6, noNaN: true })),
  attainmentPct: fc.constant(null),
  burn1h: fc.constant(null),
  validEvents: fc.nat(),
  badEvents: fc.nat(),
});

export const anyEvent: fc.Arbitrary<LedgerEvent> = fc.record({
  id: fc.uuid(),
  atMs: at,
  kind: fc.constantFrom('colour' as const, 'cadence' as const),
  service: fc.oneof(fc.constant(null), name),
  subject: name,
  body: fc.dictionary(name, fc.jsonValue()).map((body) => Object.fromEntries(Object.entries(body))),
});

/** A store that remembers what it is given. */
export function remembered(memory: {
  readonly results?: readonly Result[];
  readonly budgets?: readonly Omit<BudgetPoint, 'objective'>[];
  readonly events?: readonly LedgerEvent[];
}): StoreReader {
  const inRange = (atMs: number, query: { readonly fromMs?: number; readonly toMs?: number }) =>
    atMs >= (query.fromMs ?? -Infinity) && atMs < (query.toMs ?? Infinity);
  return {
    tallies: async () => [],
    rollups: async () => ({ mark: { identity: '', revision: 0 }, rows: [], changed: [] }),
    async *results(query) {
      for (const result of (memory.results ?? []).toSorted((a, b) => a.scheduledMs - b.scheduledMs)) {
        if (inRange(result.scheduledMs, query)) yield result;
      }
    },
    events: async (query) =>
      (memory.events ?? []).filter(({ atMs, kind }) => inRange(atMs, query) && kind === query.kind),
    budgets: async (query) =>
      (memory.budgets ?? [])
        .toSorted((a, b) => a.atMs - b.atMs)
        .filter(({ atMs }) => inRange(atMs, query))
        .map((point) => ({ ...point, objective: query.objective })),
  };
}
