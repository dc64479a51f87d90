import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createAccounts } from '../../store/accounts.ts';
import type { Objective, TargetVersion } from '../../slo/objective.ts';
import { timeBase, type TimeBase } from '../../slo/time-base.ts';
import { Ledger } from '../../store/ledger.ts';
import type { Result } from '../../store/result.ts';
import type { RollupAnswer, RollupQuery } from '../../store/store.ts';
import { judged, objective } from '../slo/fixtures.ts';
import { aResult } from '../support/results.ts';

const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-accounts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Some minutes past an hour, some hours into a day. */
const T0 = 20_000 * 86_400_000 + 9 * 3_600_000;

interface Drawn {
  readonly n: number;
  readonly minutesAgo: number;
  readonly outcome: 'good' | 'bad' | 'excluded' | 'fault' | 'skipped';
  readonly venue: 'a' | 'b' | 'c' | null;
  readonly ms: number;
  readonly weightMs: number;
}

const drawnResult = fc.record<Drawn>({
  // Few enough that the same run comes twice now and then: the first one stands.
  n: fc.nat({ max: 400 }),
  // Mostly what just happened; now and then late, by hours or days, or a little ahead.
  minutesAgo: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -1, max: 3 }) },
    { weight: 2, arbitrary: fc.nat({ max: 300 }) },
    { weight: 1, arbitrary: fc.nat({ max: 6000 }) },
  ),
  outcome: fc.constantFrom('good', 'good', 'good', 'bad', 'excluded', 'fault', 'skipped'),
  venue: fc.constantFrom('a', 'a', 'b', 'c', null),
  ms: fc.constantFrom(20, 250, 251, 900),
  weightMs: fc.constantFrom(1000, 15_000, 60_000),
});

type Action =
  | { readonly type: 'append'; readonly results: readonly Drawn[]; readonly by: 0 | 1 }
  | { readonly type: 'pass'; readonly minutes: number }
  | { readonly type: 'rebuild' }
  | { readonly type: 'replace' };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      results: fc.array(drawnResult, { minLength: 1, maxLength: 25 }),
      by: fc.constantFrom(0 as const, 1 as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      minutes: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 2 }) },
        { weight: 2, arbitrary: fc.integer({ min: -90, max: 200 }) },
        { weight: 1, arbitrary: fc.integer({ min: 500, max: 6000 }) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'rebuild' as const }, { type: 'replace' as const }) },
);

interface Situation {
  readonly scale: number;
  readonly windowMinutes: number;
  readonly slidingMinutes: number | null;
  readonly split: 'venue' | null;
  readonly breaks: readonly number[];
  readonly targets: readonly string[];
  readonly minuteNow: number;
  readonly actions: readonly Action[];
}

const situation = fc.record<Situation>({
  scale: fc.constantFrom(1, 1, 600),
  windowMinutes: fc.constantFrom(10, 60, 95, 7 * 60, 26 * 60, 75 * 60),
  slidingMinutes: fc.constantFrom(null, 5, 60, 75),
  split: fc.constantFrom('venue', null),
  breaks: fc.uniqueArray(fc.nat({ max: 400 }), { maxLength: 2 }),
  targets: fc.array(fc.constantFrom('0.5', '0.9', '0.99', '0.997'), { minLength: 3, maxLength: 3 }),
  minuteNow: fc.nat({ max: 59 }),
  actions: fc.array(action, { minLength: 3, maxLength: 14 }),
});

function versionsOf({ breaks, targets }: Situation, base: TimeBase): readonly TargetVersion[] {
  const starts = [null, ...breaks.toSorted((a, b) => b - a).map((ago) => T0 - ago * base.minuteMs)];
  return starts.map((fromMs, index) => ({
    version: String(index),
    target: targets[index] ?? '0.9',
    limit: null,
    fromMs,
    rfc: null,
    signOffs: [],
    lacks: [],
  }));
}

function objectivesOf(drawn: Situation, base: TimeBase): readonly Objective[] {
  const versions = versionsOf(drawn, base);
  const common = { split: drawn.split, probes: ['status'], minEvents: 20, versions, target: versions.at(-1)?.target };
  const windowMs = drawn.windowMinutes * base.minuteMs;
  return [
    objective({ ...common, id: 'availability', windowMs, target: common.target ?? '0.9' }),
    objective({
      ...common,
      id: 'latency',
      target: common.target ?? '0.9',
      windowMs: Math.max(windowMs, (drawn.slidingMinutes ?? 0) * base.minuteMs),
      slidingMs: drawn.slidingMinutes === null ? null : drawn.slidingMinutes * base.minuteMs,
      sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
    }),
    objective({ id: 'unfed', unknownBecause: 'no telemetry source is configured', probes: [] }),
  ];
}

function resultOf({ n, minutesAgo, outcome, venue, ms, weightMs }: Drawn, nowMs: number, base: TimeBase): Result {
  return aResult(n, {
    runId: `status/${n}`,
    scheduledMs: nowMs - minutesAgo * base.minuteMs,
    outcome,
    venue,
    weightMs,
    readings: [{ type: 'duration', indicator: 'latency', ms }],
  });
}

describe('the accounts of a running process', () => {
  it('tell what reading everything tells, and what adding up every minute does, whatever comes and however late', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(situation, async (drawn) => {
        const base = timeBase(drawn.scale);
        const objectives = objectivesOf(drawn, base);
        round += 1;
        const open = (rules: readonly Objective[] = objectives, name = `${round}.db`) =>
          new Ledger({ path: join(folder, name), stepMs: base.minuteMs, objectives: rules });
        using first = open();
        using second = open();
        using other = open(objectives, `${round}-other.db`);
        let current = first;
        const reader = { rollups: async (query: RollupQuery) => current.rollups(query) };
        const running = createAccounts(reader, base);
        let nowMs = T0 + drawn.minuteNow * base.minuteMs + 7;
        for (const act of drawn.actions) {
          if (act.type === 'pass') nowMs += act.minutes * base.minuteMs;
          if (act.type === 'append') {
            const ledger = current === first && act.by === 1 ? second : current;
            ledger.append(act.results.map((each) => resultOf(each, nowMs, base)));
          }
          if (act.type === 'rebuild') {
            // Another process judges by other definitions for a while.
            open(objectives.map((each) => ({ ...each, split: 'location' as const }))).close();
            open().close();
          }
          if (act.type === 'replace') current = current === first ? other : first;
          const told = await running.statuses(objectives, nowMs);
          expect(told).toEqual(await createAccounts(reader, base).statuses(objectives, nowMs));
          const everything = objectives.map((each) =>
            judged(current.tallies({ objective: each.id, fromMs: 0, toMs: Infinity, bySplit: true }), {
              objective: each,
              base,
              nowMs,
            }),
          );
          expect(told).toEqual(everything);
        }
      }),
      { numRuns: 60 },
    );
  }, 300_000);

  it('read what changed, the hours that become edges, and after a late result the hours around it', async () => {
    const base = timeBase(1);
    const HOUR = base.hourMs;
    const slow = objective({
      id: 'latency',
      target: '0.9',
      windowMs: 30 * base.dayMs,
      slidingMs: 5 * base.minuteMs,
      sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
      probes: ['status'],
    });
    using ledger = new Ledger({ path: join(folder, 'reads.db'), stepMs: base.minuteMs, objectives: [slow] });
    const at = (n: number, minute: number) => aResult(n, { scheduledMs: T0 + minute * base.minuteMs });
    ledger.append(Array.from({ length: 3000 }, (_, n) => at(n, -n)));
    const asked: RollupQuery[] = [];
    const reader = {
      rollups: async (query: RollupQuery) => {
        asked.push(query);
        return ledger.rollups(query);
      },
    };
    const running = createAccounts(reader, base);
    const next = async (minute: number) => {
      asked.length = 0;
      const told = await running.statuses([slow], T0 + minute * base.minuteMs);
      expect(told).toEqual(await createAccounts(ledgerOf(ledger), base).statuses([slow], T0 + minute * base.minuteMs));
      return asked.map(({ reads }) => reads.map(({ span, fromMs, toMs }) => [span, fromMs - T0, toMs - T0]));
    };
    const everything = await next(30);
    expect(everything).toHaveLength(1);
    expect(everything[0]?.[0]?.[0]).toBe('day');
    ledger.append([at(4000, 31)]);
    expect(await next(31)).toEqual([[]]);
    // An hour later the window, and what looks a day and three days back, begin in other hours.
    ledger.append([at(4001, 90)]);
    expect(await next(90)).toEqual([
      [
        ['hour', -719 * HOUR, -718 * HOUR],
        ['hour', -71 * HOUR, -70 * HOUR],
        ['hour', -23 * HOUR, -22 * HOUR],
        ['hour', HOUR, 2 * HOUR],
      ],
    ]);
    ledger.append([at(4002, -600)]);
    expect(await next(91)).toEqual([
      [],
      [
        ['hour', -11 * HOUR, -10 * HOUR],
        ['hour', -9 * HOUR, -8 * HOUR],
      ],
    ]);
    expect(await next(92)).toEqual([[]]);
  });

  it('start anew after a reader that failed, and lose nothing', async () => {
    const base = timeBase(1);
    const of = objective({ probes: ['status'] });
    using ledger = new Ledger({ path: join(folder, 'fails.db'), stepMs: base.minuteMs, objectives: [of] });
    ledger.append([aResult(0, { scheduledMs: T0 })]);
    let isBroken = false;
    const running = createAccounts(
      { rollups: async (query) => (isBroken ? Promise.reject(new Error('locked')) : ledger.rollups(query)) },
      base,
    );
    expect(await running.statuses([of], T0)).toMatchObject([{ tally: { good: 1 } }]);
    isBroken = true;
    ledger.append([aResult(1, { scheduledMs: T0 })]);
    await expect(running.statuses([of], T0)).rejects.toThrow('locked');
    isBroken = false;
    expect(await running.statuses([of], T0)).toMatchObject([{ tally: { good: 2 } }]);
  });
});

function ledgerOf(ledger: Ledger): { readonly rollups: (query: RollupQuery) => Promise<RollupAnswer> } {
  return { rollups: async (query) => ledger.rollups(query) };
}
