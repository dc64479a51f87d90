import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test, describe, beforeEach, afterEach } from 'vitest';
import type { Reading } from '../../probes/probe.ts';
import { readMeasures, type ReadOptions } from '../../reports/reading.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import { Ledger } from '../../store/ledger.ts';
import type { Result } from '../../store/result.ts';
import type { StoreReader } from '../../store/store.ts';
import { judged } from '../slo/fixtures.ts';
import { aResult } from '../support/results.ts';
import { anObjective } from './sample.ts';

const BASE = timeBase(1);
const { minuteMs: MINUTE, hourMs: HOUR, dayMs: DAY } = BASE;
/** Midnight, so that the days below are days of the clock. */
const FIRST = Date.UTC(2026, 0, 15);
/** Half an hour after the last result that closes everything before it. */
const END = FIRST + 41 * DAY + 30 * MINUTE;

const OBJECTIVES: readonly Objective[] = [
  anObjective({ id: 'availability', probes: ['orders', 'status'], windowMs: 90 * DAY }),
  anObjective({
    id: 'latency',
    probes: ['orders', 'status'],
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
    split: 'endpoint',
    // It begins within an hour that has runs.
    windowMs: 21 * DAY - HOUR,
  }),
  anObjective({
    id: 'ticks',
    probes: ['ticks'],
    sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
    weighing: 'count',
    windowMs: 30 * DAY,
  }),
];

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-measures-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(objectives: readonly Objective[] = OBJECTIVES): Ledger {
  return new Ledger({ path, objectives, stepMs: MINUTE });
}

function measureAll(ledger: Ledger): void {
  while (ledger.measureSlice(null) === 'worked');
}

/** What the seam would give; `isRaw`: without roll-ups. */
function readerOf(ledger: Ledger, seen: string[] = [], isRaw = false): Pick<StoreReader, 'results' | 'measures'> {
  return {
    async *results(query) {
      yield* ledger.results(query);
    },
    ...(isRaw
      ? {}
      : {
          async *measures(query) {
            for (let startMs: number | null = query.fromMs; startMs !== null;) {
              const page = ledger.measures(query, startMs);
              seen.push(...page.stretches.map(({ span, fromMs }) => `${span} ${new Date(fromMs).toISOString()}`));
              yield* page.stretches;
              startMs = page.nextMs;
            }
          },
        }),
  };
}

function missed(objective: Objective, split: string | null): Status {
  const [status] = [judged([], { objective, base: BASE, nowMs: END - 1 })];
  const worst = status.worstSplit ?? status.splits[0];
  return { ...status, met: false, worstSplit: split === null || worst === undefined ? null : { ...worst, split } };
}

function options(objectives: readonly Objective[], range: Partial<ReadOptions> = {}): ReadOptions {
  return {
    statuses: objectives.map((objective) => missed(objective, null)),
    base: BASE,
    fromMs: FIRST,
    toMs: END,
    wanted: new Map([
      ['ticks', ['tick-age', 'newest-age']],
      ['status', ['latency']],
    ]),
    most: 3,
    ...range,
  };
}

const PROBES = ['status', 'orders', 'ticks', 'paper', 'aside'] as const;

/** A run somewhere in a few hours of a few days: enough of them meet for hours, days and their edges to matter. */
const someRun: fc.Arbitrary<Result> = fc
  .record({
    probe: fc.constantFrom(...PROBES),
    day: fc.constantFrom(0, 1, 19, 20, 40),
    hour: fc.constantFrom(0, 1, 2, 23),
    ms: fc.integer({ min: 0, max: HOUR - 1 }),
    outcome: fc.constantFrom('good', 'good', 'good', 'bad', 'excluded', 'fault', 'skipped'),
    cadence: fc.constantFrom('green', 'yellow', 'once'),
    value: fc.double({ min: 0.5, max: 900, noNaN: true }),
    endpoint: fc.constantFrom('/orders', '/positions', null),
    hasReadings: fc.boolean(),
  })
  .map(({ probe, day, hour, ms, outcome, cadence, value, endpoint, hasReadings }) => {
    const scheduledMs = FIRST + day * DAY + hour * HOUR + ms;
    const isBad = outcome === 'bad';
    return aResult(0, {
      runId: `${probe}/${scheduledMs}`,
      probe,
      kind: KINDS[probe],
      service: probe === 'ticks' ? 'market-data' : 'client-api',
      scheduledMs,
      startedMs: scheduledMs + 1,
      durationMs: value,
      outcome,
      cadence,
      weightMs: MINUTE,
      endpoint,
      venue: probe === 'paper' ? (endpoint ?? 'primary') : null,
      reason: outcome === 'good' ? null : isBad ? 'timeout' : outcome === 'excluded' ? 'risk-rejected' : 'loop-stall',
      readings: outcome === 'good' || (isBad && hasReadings) ? readingsOf(probe, scheduledMs, value) : [],
      values: probe === 'paper' ? { 'acked:le:400': value <= 400 ? 1 : 0 } : outcome === 'skipped' ? { missed: 3 } : {},
    });
  });

const KINDS = { status: 'http', orders: 'http', ticks: 'market-data', paper: 'paper-order', aside: 'http' } as const;

function readingsOf(probe: (typeof PROBES)[number], atMs: number, ms: number): readonly Reading[] {
  if (probe === 'ticks') {
    const valid = Math.round(ms);
    const [p50Ms, p99Ms, maxMs] = [ms, ms * 2, ms * 3];
    const within = { 'lt:1500': valid >> 1 };
    // Steps of a run may lie in the hour after it.
    const step = Math.floor((atMs + 30_000) / MINUTE) * MINUTE;
    return [{ type: 'counts', indicator: 'tick-age', atMs: step, valid, within, weigh: 'each', p50Ms, p99Ms, maxMs }];
  }
  if (probe !== 'paper') return [{ type: 'duration', indicator: 'latency', ms }];
  return [
    { type: 'duration', indicator: 'ack', ms: ms > 800 ? null : ms },
    { type: 'quantity', submitted: '0.3', executed: '0.1', symbol: 'BTCUSD', ...(ms > 890 ? {} : { price: '7.7' }) },
  ];
}

/** Later than all others: hours before it are over. */
const CLOSING = aResult(0, { runId: 'closing', probe: 'orders', scheduledMs: END - 1 });

/** What happens to a ledger. */
type Act = { readonly append: readonly Result[] } | { readonly slices: number } | { readonly limitMs: number };

const someActs: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    fc.record({ append: fc.array(someRun, { maxLength: 30 }) }),
    fc.record({ slices: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ limitMs: fc.constantFrom(100, 250, 500) }),
  ),
  { minLength: 1, maxLength: 7 },
);

function textOf(value: unknown): string {
  const plain = (_key: string, item: unknown): unknown =>
    item instanceof Map ? [...item] : typeof item === 'bigint' ? `${item}` : item;
  return JSON.stringify(value, plain, 1);
}

describe('a report from roll-ups', () => {
  test('says what one from the results says, whatever came late, twice, was half built, or is judged otherwise now', async () => {
    const edges = fc.record({
      fromMs: fc.constantFrom(0, 1, 5 * HOUR + 17, DAY, 19 * DAY + 3).map((ms) => FIRST + ms),
      beforeMs: fc.constantFrom(0, 1, 15 * MINUTE, 20 * DAY).map((ms) => END - ms),
      split: fc.constantFrom('/orders', null),
      acts: someActs,
      first: fc.array(someRun, { minLength: 20, maxLength: 120 }),
    });
    const answered = { hour: 0, day: 0 };
    let run = 0;
    await fc.assert(
      fc.asyncProperty(edges, async ({ fromMs, beforeMs, split, acts, first }) => {
        path = join(folder, `${(run += 1)}.db`);
        let objectives = OBJECTIVES;
        let ledger = open();
        try {
          ledger.append([...first, CLOSING]);
          measureAll(ledger);
          for (const act of acts) {
            if ('append' in act) ledger.append([...act.append, ...first.slice(0, 2)]);
            else if ('slices' in act) for (let n = 0; n < act.slices; n += 1) ledger.measureSlice(null);
            else {
              ledger.close();
              objectives = OBJECTIVES.map((each) =>
                each.id === 'latency' && each.sli.type === 'threshold'
                  ? { ...each, sli: { ...each.sli, ms: act.limitMs } }
                  : each,
              );
              ledger = open(objectives);
            }
          }
          const statuses = objectives.map((each) => missed(each, each.split === null ? null : split));
          const asked = options(objectives, { statuses, fromMs, toMs: Math.max(beforeMs, fromMs + 1) });
          const seen: string[] = [];
          const found = await readMeasures(readerOf(ledger, seen), asked);
          // As text, so that the order of everything that is rendered counts.
          expect(textOf(found)).toBe(textOf(await readMeasures(readerOf(ledger, [], true), asked)));
          for (const each of seen) answered[each.startsWith('day') ? 'day' : 'hour'] += 1;
        } finally {
          ledger.close();
        }
      }),
      { numRuns: 25 },
    );
    expect(answered.hour).toBeGreaterThan(25);
    expect(answered.day).toBeGreaterThan(25);
  });

  /** A run each half hour of ten days, but for some. */
  const tenDays = (without: readonly number[], more: readonly Result[] = []): readonly Result[] => [
    ...Array.from({ length: 481 }, (_, half) => half)
      .filter((half) => !without.includes(half))
      .map((half) => aResult(0, { runId: `status/${half}`, scheduledMs: FIRST + half * (HOUR / 2) })),
    ...more,
  ];

  async function both(results: readonly Result[]) {
    using ledger = open();
    ledger.append(results);
    measureAll(ledger);
    const asked = options([], { toMs: FIRST + 10 * DAY });
    const seen: string[] = [];
    const found = await readMeasures(readerOf(ledger, seen), asked);
    expect(seen.length).toBeGreaterThan(230);
    expect(textOf(found)).toBe(textOf(await readMeasures(readerOf(ledger, [], true), asked)));
    return found;
  }

  test('knows a silence within an hour', async () => {
    const [run] = (
      await both(tenDays([101], [aResult(0, { runId: 'late', scheduledMs: FIRST + 50 * HOUR + 55 * MINUTE })]))
    ).measurements.runs;
    expect(run?.longestSilence).toEqual({ fromMs: FIRST + 50 * HOUR, ms: 55 * MINUTE });
  });

  test('knows a silence across hours without any run', async () => {
    const [run] = (await both(tenDays([101, 102, 103, 104, 105]))).measurements.runs;
    expect(run?.longestSilence).toEqual({ fromMs: FIRST + 50 * HOUR, ms: 3 * HOUR });
  });

  test('draws a sparse series event by event, also where an hour had more than a row keeps', async () => {
    const burst = Array.from({ length: 100 }, (_, n) => {
      const outcome = n % 9 === 0 ? 'bad' : 'good';
      return aResult(n, { runId: `burst/${n}`, scheduledMs: FIRST + 30 * HOUR + (n + 1) * 15_000, outcome });
    });
    const { measurements } = await both(tenDays([], burst));
    expect(measurements.measured[0]?.each).toHaveLength(580);
    expect(measurements.measured[0]?.troubles).toHaveLength(12);
  });
});
