import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Change } from '../../../reports/replay/change.ts';
import { everyMsOf, replayChange, type Replay } from '../../../reports/replay/replay.ts';
import { replayNotes, replayRows } from '../../../reports/replay/text.ts';
import { evaluateAll } from '../../../runner/evaluation.ts';
import type { Objective } from '../../../slo/objective.ts';
import { timeBase } from '../../../slo/time-base.ts';
import { Ledger } from '../../../store/ledger.ts';
import type { Result } from '../../../store/result.ts';
import type { StoreReader } from '../../../store/store.ts';
import { DAY, HOUR, MINUTE, objective } from '../../slo/fixtures.ts';
import { aResult } from '../../support/results.ts';

const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BASE = timeBase(1);
const END = 20_000 * DAY + 12 * HOUR;
const FROM = END - 6 * HOUR;

const LATENCY = objective({
  id: 'latency',
  sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
  target: '0.95',
  windowMs: DAY,
  slidingMs: 5 * MINUTE,
  probes: ['status'],
  minEvents: 20,
});
const AVAILABLE = objective({ id: 'available', target: '0.99', windowMs: DAY, probes: ['status'], minEvents: 20 });
const TICKS = objective({
  id: 'ticks',
  sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
  target: '0.9',
  windowMs: DAY,
  weighing: 'count',
  probes: ['ticks'],
  minEvents: 20,
});

let ledgers = 0;
/** In this thread: opening a ledger in one of its own takes longer than all that is asked of it here. */
function ledgerOf(results: readonly Result[], objectives: readonly Objective[]): Ledger {
  ledgers += 1;
  const ledger = new Ledger({ path: join(folder, `${ledgers}.db`), objectives, stepMs: MINUTE });
  ledger.append(results);
  return ledger;
}

function readerOf(ledger: Ledger): StoreReader {
  return {
    tallies: (query) => Promise.resolve(ledger.tallies(query)),
    rollups: (query) => Promise.resolve(ledger.rollups(query)),
    async *results(query) {
      yield* ledger.results(query);
    },
    events: (query) => Promise.resolve(ledger.events(query)),
    budgets: (query) => Promise.resolve(ledger.budgets(query)),
  };
}

/** A run each `everyMs` over the six hours, as `of` says of it. */
function runsEach(everyMs: number, of: (atMs: number, n: number) => Partial<Result>): readonly Result[] {
  return Array.from({ length: Math.floor((END - FROM) / everyMs) }, (_, n) => {
    const scheduledMs = FROM + n * everyMs;
    return aResult(n, { scheduledMs, weightMs: everyMs, ...of(scheduledMs, n) });
  });
}

function took(ms: number | null): Partial<Result> {
  return { readings: [{ type: 'duration', indicator: 'latency', ms }] };
}

async function replayed(store: Ledger, of: Objective, change: Change, more = {}): Promise<Replay> {
  const found = await replayChange(readerOf(store), of, change, { base: BASE, fromMs: FROM, toMs: END, ...more });
  if (!found.ok) throw new Error(found.problem.expected);
  return found.replay;
}

describe('a replay', () => {
  test('comes to what a ledger says that was kept under the other definition all along, and to what this one says', async () => {
    const run = fc.record({
      minute: fc.nat(350),
      ms: fc.option(fc.nat(500)),
      outcome: fc.constantFrom('good', 'bad', 'excluded', 'fault'),
      endpoint: fc.constantFrom('/orders', '/positions', null),
      weightMs: fc.constantFrom(1000, 15_000),
    });
    const change = fc.record({
      limitMs: fc.option(fc.constantFrom(100, 250, 400), { nil: undefined }),
      target: fc.option(fc.constantFrom('0.5', '0.99'), { nil: undefined }),
      windowMs: fc.option(fc.constantFrom(HOUR, 2 * DAY), { nil: undefined }),
      weighing: fc.option(fc.constantFrom('time' as const, 'count' as const), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 60 }), change, async (drawn, proposal) => {
        const split = { ...LATENCY, split: 'endpoint' } as const;
        const results = drawn.map(({ minute, ms, outcome, endpoint, weightMs }, n) =>
          aResult(n, { scheduledMs: FROM + minute * MINUTE + n, outcome, endpoint, weightMs, ...took(ms) }),
        );
        const { limitMs = 250, target = '0.95', windowMs = DAY, weighing = 'time' } = proposal;
        const sli = { type: 'threshold', indicator: 'latency', ms: limitMs, strict: false } as const;
        const other = { ...split, sli, target, windowMs, weighing };
        using store = ledgerOf(results, [split]);
        using kept = ledgerOf(results, [other]);
        const found = await replayed(store, split, proposal, { everyMs: 6 * HOUR });
        for (const [ledger, of, side] of [
          [store, split, found.before],
          [kept, other, found.after],
        ] as const) {
          const [status] = await evaluateAll(readerOf(ledger), [of], { base: BASE, nowMs: END - 1 });
          const { attainment, consumed, colour, tally, splits, windows, burn } = side.status;
          expect({ attainment, consumed, colour, tally, windows, burn }).toEqual({
            attainment: status?.attainment,
            consumed: status?.consumed,
            colour: status?.colour,
            tally: status?.tally,
            windows: status?.windows,
            burn: status?.burn,
          });
          expect(splits).toEqual(status?.splits.map((each) => ({ ...each, live: { ...each.live, percentile: null } })));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('of another target counts nothing again, and says for how long each colour would have stood, and who would have been paged', async () => {
    // Ten minutes in which everything fails, five hours in.
    const results = runsEach(10_000, (atMs) =>
      atMs >= FROM + 5 * HOUR && atMs < FROM + 5 * HOUR + 10 * MINUTE ? { outcome: 'bad' } : {},
    );
    using store = ledgerOf(results, [AVAILABLE]);
    const { before, after, basis, estimate, untold } = await replayed(store, AVAILABLE, { target: '0.9' });
    expect({ basis, estimate, untold }).toEqual({ basis: 'tallies', estimate: null, untold: null });
    // A quarter of 1 % is gone with the first bad minute, three quarters with the third; a quarter of 10 % with the eighth.
    expect(before.minutes).toEqual({ green: 300, yellow: 2, red: 58, unknown: 0 });
    expect(after.minutes).toEqual({ green: 307, yellow: 53, red: 0, unknown: 0 });
    // The first is from Unknown: before the stretch there is nothing.
    expect([before.changes, after.changes]).toEqual([3, 2]);
    expect([before.obligations, after.obligations]).toEqual([1, 0]);
    expect(before.met).toEqual({ moments: 303, of: 360 });
    expect(after.met).toEqual({ moments: 360, of: 360 });
    expect(before.alerts.page).toBeGreaterThan(0);
    expect(after.alerts.page).toBe(0);
    expect([before.status.colour, after.status.colour]).toEqual(['red', 'yellow']);
  });

  test('pages once for a condition that comes and goes within five minutes', async () => {
    // Every fourth minute fails: the lookback of five minutes never empties.
    const results = runsEach(10_000, (atMs) =>
      Math.floor((atMs - FROM) / MINUTE) % 4 === 0 ? { outcome: 'bad' } : {},
    );
    using store = ledgerOf(results, [AVAILABLE]);
    const { before } = await replayed(store, AVAILABLE, { target: '0.5' }, { fromMs: FROM + HOUR });
    expect(before.alerts).toEqual({ page: 0, ticket: 0, review: 0 });
    const whole = await replayed(store, AVAILABLE, { target: '0.5' });
    expect(whole.before.alerts.page).toBeGreaterThan(0);
    expect(whole.before.alerts.page).toBeLessThanOrEqual(4);
  });

  test('of another limit judges every stored result, also of a target that changed meanwhile', async () => {
    const results = runsEach(30_000, (_atMs, n) => took(n % 10 === 0 ? 300 : 200));
    using store = ledgerOf(results, [LATENCY]);
    const { before, after, basis, expired } = await replayed(store, LATENCY, { limitMs: 300 });
    expect({ basis, expired }).toEqual({ basis: 'results', expired: null });
    expect([before.status.tally.bad, after.status.tally.bad]).toEqual([72, 0]);
    expect([before.status.windows?.passed, after.status.windows?.passed]).toEqual([0, 360]);
    expect(after.status.objective.id).toBe('latency');
  });

  test('by count lets no interval weigh more than another', async () => {
    // Bad runs stood for a quarter of the time.
    const results = runsEach(30_000, (_atMs, n) => (n % 2 === 0 ? { outcome: 'bad', weightMs: 7500 } : {}));
    using store = ledgerOf(results, [AVAILABLE]);
    const { before, after } = await replayed(store, AVAILABLE, { weighing: 'count' });
    expect([before.status.attainment, after.status.attainment]).toEqual([0.8, 0.5]);
  });

  test('of ticks is exact at a limit that was counted, and between stated bounds where a sketch has to tell', async () => {
    const results = runsEach(MINUTE, (atMs, n) => ({
      probe: 'ticks',
      kind: 'market-data',
      readings: [
        {
          type: 'counts',
          indicator: 'tick-age',
          atMs,
          valid: 10,
          within: { 'lt:1500': 9, 'lt:3000': 10 },
          weigh: 'each',
          p50Ms: 100,
          p99Ms: 2000,
          maxMs: 2000,
          ...(n < 180
            ? {
                sketch: {
                  error: 0.01,
                  bins: [
                    [100, 6],
                    [400, 3],
                    [2000, 1],
                  ],
                },
              }
            : {}),
        },
      ],
    }));
    using store = ledgerOf(results, [TICKS]);
    const counted = await replayed(store, TICKS, { limitMs: 3000 });
    expect(counted).toMatchObject({ basis: 'results', estimate: null, untold: null });
    expect(counted.after.status.tally).toMatchObject({ good: 3600, bad: 0 });

    const estimated = await replayed(store, TICKS, { limitMs: 402 });
    expect(estimated.estimate?.events).toBe(1800);
    // Half of the readings keep a sketch: 9 of 10 likely, 6 at worst, and no more than the 9 that were counted within 1500 ms.
    expect(estimated.after.status.tally).toMatchObject({ good: 1620, bad: 180, faults: 180 });
    expect(estimated.estimate?.worst.status.tally).toMatchObject({ good: 1080, bad: 720 });
    expect(estimated.estimate?.best.status.tally).toMatchObject({ good: 1620, bad: 180 });
    expect(estimated.untold).toEqual({
      readings: 180,
      because: 'tick-age was not counted within lt:402, only within: lt:1500, lt:3000',
    });
    expect(replayNotes(estimated, BASE)).toEqual([
      '1,800 events of a watch were not counted at this limit: how many were within it is estimated from sketches whose values are off by at most 1 %; in brackets what it is at worst and at best',
      '180 readings cannot be told and count for nothing in "after": tick-age was not counted within lt:402, only within: lt:1500, lt:3000',
      'judged every 1 min; nothing was written to the record',
    ]);
    expect(replayRows(estimated, BASE).find(({ what }) => what === 'attained')).toEqual({
      what: 'attained',
      before: '90.000 %',
      after: '90.000 % (60.000 % … 90.000 %)',
    });
  });

  test('writes nothing: the ledger is the same, byte for byte', async () => {
    const results = runsEach(MINUTE, (_atMs, n) => took(n % 3 === 0 ? 300 : 100));
    const kept = ledgerOf(results, [LATENCY]);
    const path = join(folder, `${ledgers}.db`);
    kept.close();
    const bytes = (): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    const before = bytes();
    {
      using store = new Ledger({ path, objectives: [LATENCY], stepMs: MINUTE, readOnly: true });
      await replayed(store, LATENCY, { limitMs: 50, weighing: 'count' });
    }
    expect(bytes()).toBe(before);
  });

  test.each([
    [AVAILABLE, { limitMs: 200 }, 'limitMs', 'no limit, since available has none'],
    [AVAILABLE, { weighing: 'quantity' }, 'weighing', 'time or count, by which events of available weigh'],
    [LATENCY, { windowMs: MINUTE }, 'windowMs', 'at least the sliding window, which is its last part'],
    [
      objective({ id: 'jobs', sli: { type: 'telemetry', what: 'jobs' } }),
      { limitMs: 200 },
      'limitMs',
      'no limit, since that of jobs stands in the query of its source: what another would have counted cannot be told from what is stored',
    ],
  ] as const)('says what cannot be changed: %#', async (of, change, path, expected) => {
    using store = ledgerOf([], [of]);
    const found = await replayChange(readerOf(store), of, change, { base: BASE, fromMs: FROM, toMs: END });
    expect(found).toEqual({ ok: false, problem: { ok: false, path, expected } });
  });

  test('of a long stretch is judged less often', () => {
    const days = (n: number) => everyMsOf({ base: BASE, fromMs: END - n * DAY, toMs: END }) / MINUTE;
    expect([1, 30, 90, 365].map(days)).toEqual([1, 1, 5, 15]);
  });
});
