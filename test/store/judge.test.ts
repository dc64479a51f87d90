import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CountReading, Reading } from '../../probes/probe.ts';
import { judge, mergeJudged } from '../../store/judge.ts';
import type { Judged, Rule } from '../../store/judge.ts';
import type { Result } from '../../store/result.ts';
import { shareOut } from '../../store/share.ts';
import { colourOf, consumed, shareOf } from '../../slo/budget.ts';
import { compare, decimal, multiply, rational, toFixed, ZERO } from '../../slo/decimal.ts';
import { EMPTY_TALLY as nothing, sumTallies } from '../../slo/tally.ts';
import { AVAILABILITY, LATENCY, T0, aResult } from '../support/results.ts';

const STEP = 60_000;
const tallyOf = (rule: Rule, result: Result) =>
  judge(rule, result, STEP).map(({ atMs, tally }) => ({ atMs, ...tally }));

/** Of ticks, within 1,500 ms (strictly). */
const TICKS: Rule = {
  id: 'freshness',
  sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
  weighing: 'time',
  split: null,
  probes: ['status'],
};
const FILLS: Rule = {
  id: 'fills',
  sli: { type: 'quantity' },
  weighing: 'quantity',
  split: 'venue',
  probes: ['status'],
};

function ticks(valid: number, within: number, differing: Partial<CountReading> = {}): CountReading {
  return {
    type: 'counts',
    indicator: 'tick-age',
    atMs: T0,
    valid,
    within: { 'lt:1500': within },
    weigh: 'shared',
    p50Ms: null,
    p99Ms: null,
    maxMs: null,
    ...differing,
  };
}

describe('what counts', () => {
  test('a scheduled run weighs the interval it stood for, in the step in which it was due', () => {
    expect(tallyOf(AVAILABILITY, aResult(61, { weightMs: 15_000 }))).toEqual([
      { ...nothing, atMs: T0 + STEP, good: 1, goodWeight: 15_000_000n, squaredWeight: 225_000_000n },
    ]);
    expect(tallyOf(AVAILABILITY, aResult(0, { outcome: 'bad' }))).toEqual([
      { ...nothing, atMs: T0, bad: 1, badWeight: 1_000_000n, squaredWeight: 1_000_000n },
    ]);
  });

  test('of more intervals than are remembered, each event weighs its own', () => {
    const latency = { type: 'duration', indicator: 'latency', ms: 20 } as const;
    for (const weightMs of [...Array.from({ length: 1_200 }, (_, n) => n + 1), 1, 700, 1_200]) {
      const weight = { goodWeight: BigInt(weightMs) * 1000n, squaredWeight: BigInt(weightMs) ** 2n };
      const run = aResult(0, { weightMs, readings: [latency] });
      for (const rule of [AVAILABILITY, LATENCY])
        expect(tallyOf(rule, run)).toEqual([{ ...nothing, atMs: T0, good: 1, ...weight }]);
      const counted = { goodWeight: 1n, squaredWeight: 1n };
      expect(tallyOf({ ...LATENCY, weighing: 'count' }, run)).toEqual([{ ...nothing, atMs: T0, good: 1, ...counted }]);
    }
  });

  test.each([
    ['asked for by hand', { cadence: 'once', weightMs: 1000 }],
    ['weightless', { weightMs: 0 }],
    ['asked for by hand and spoiled', { cadence: 'once', outcome: 'fault' }],
    ['of a probe that does not feed the objective', { probe: 'other' }],
  ] as const)('a run %s counts nowhere', (_what, differing) => {
    expect(judge(AVAILABILITY, aResult(0, differing), STEP)).toEqual([]);
  });

  test.each([
    ['fault', { faults: 1, faultWeight: 1_000_000n }],
    ['skipped', { faults: 1, faultWeight: 1_000_000n }],
    ['excluded', { excluded: 1, excludedWeight: 1_000_000n }],
  ] as const)('a run that is %s leaves the SLI, whatever it read', (outcome, counted) => {
    for (const rule of [AVAILABILITY, LATENCY]) {
      expect(tallyOf(rule, aResult(0, { outcome }))).toEqual([{ ...nothing, atMs: T0, ...counted }]);
    }
  });

  test.each([
    ['says how many', { missed: 480 }, 480],
    ['says one', { missed: 1 }, 1],
    ['says nothing', {}, 1],
    ['says nonsense', { missed: 0.5 }, 1],
  ] as const)(
    'a result that stands for missed runs and %s lowers coverage by each of them',
    (_what, values, faults) => {
      const slept = aResult(0, { outcome: 'skipped', reason: 'missed', weightMs: 480_000, values });
      expect(tallyOf(AVAILABILITY, slept)).toEqual([{ ...nothing, atMs: T0, faults, faultWeight: 480_000_000n }]);
      expect(tallyOf({ ...AVAILABILITY, weighing: 'count' }, slept)).toEqual([
        { ...nothing, atMs: T0, faults, faultWeight: BigInt(faults) },
      ]);
      const fills: Rule = { ...AVAILABILITY, sli: { type: 'quantity' }, weighing: 'quantity' };
      expect(tallyOf(fills, slept)).toEqual([{ ...nothing, atMs: T0, faults }]);
    },
  );

  test.each([
    ['at the limit', 'good', 250, 1],
    ['above the limit', 'good', 250.001, 0],
    ['that never ended', 'bad', null, 0],
    ['that failed fast', 'bad', 3, 0],
  ] as const)('a request %s is judged by its latency', (_what, outcome, ms, good) => {
    const readings: readonly Reading[] = [{ type: 'duration', indicator: 'latency', ms }];
    expect(tallyOf(LATENCY, aResult(0, { outcome, readings }))).toMatchObject([{ good, bad: 1 - good }]);
  });

  test('a strict limit excludes the limit itself', () => {
    const strict: Rule = { ...LATENCY, sli: { type: 'threshold', indicator: 'latency', ms: 20, strict: true } };
    expect(tallyOf(strict, aResult(0))).toMatchObject([{ good: 0, bad: 1 }]);
  });

  test('a bad run without its reading is one event that never happened; a good one says nothing', () => {
    expect(tallyOf(LATENCY, aResult(0, { outcome: 'bad', readings: [] }))).toMatchObject([{ good: 0, bad: 1 }]);
    expect(tallyOf(LATENCY, aResult(0, { readings: [] }))).toEqual([]);
  });

  test('a bad run whose probe looked and could not tell is no event', () => {
    expect(tallyOf(TICKS, aResult(0, { outcome: 'bad', readings: [ticks(0, 0)] }))).toEqual([]);
  });

  test('an acknowledgement within the limit is good although the order went wrong later', () => {
    const ack: Rule = { ...LATENCY, sli: { type: 'threshold', indicator: 'ack', ms: 400, strict: false } };
    const readings: readonly Reading[] = [{ type: 'duration', indicator: 'ack', ms: 400, atMs: T0 + STEP }];
    expect(tallyOf(ack, aResult(0, { outcome: 'bad', readings }))).toMatchObject([
      { atMs: T0 + STEP, good: 1, bad: 0 },
    ]);
  });

  test('a run goes to the split that its property names', () => {
    expect(judge(LATENCY, aResult(0, { endpoint: '/orders' }), STEP)[0]?.split).toBe('/orders');
    expect(judge(LATENCY, aResult(0), STEP)[0]?.split).toBe('');
  });

  test('telemetry comes from elsewhere', () => {
    expect(judge({ ...AVAILABILITY, sli: { type: 'telemetry', what: 'jobs' } }, aResult(0), STEP)).toEqual([]);
  });
});

describe('events of a session', () => {
  test('share the weight of their run, rounded against the service, as one cluster', () => {
    expect(tallyOf(TICKS, aResult(0, { weightMs: 1, readings: [ticks(3, 2)] }))).toEqual([
      { ...nothing, atMs: T0, good: 2, bad: 1, goodWeight: 666n, badWeight: 334n, squaredWeight: 1n },
    ]);
  });

  test('keep the whole weight when all are good', () => {
    expect(tallyOf(TICKS, aResult(0, { weightMs: 1, readings: [ticks(3, 3)] }))).toMatchObject([
      { good: 3, goodWeight: 1000n, badWeight: 0n },
    ]);
  });

  test('that crosses a step are counted in each, the run once', () => {
    const readings = [ticks(2, 2), ticks(1, 0, { atMs: T0 + STEP + 5 })];
    expect(tallyOf(TICKS, aResult(0, { weightMs: 1, readings }))).toEqual([
      { ...nothing, atMs: T0, good: 2, goodWeight: 666n, squaredWeight: 1n },
      { ...nothing, atMs: T0 + STEP, bad: 1, badWeight: 334n },
    ]);
  });

  test('share exactly the weight there is, and good events never get more than their part', () => {
    const slices = fc.array(
      fc.record({ atMs: fc.integer({ min: 0, max: 9 }), good: fc.nat(5000), bad: fc.nat(5000) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(slices, fc.bigInt({ min: 1n, max: 10n ** 13n }), (slices, weight) => {
        const events = slices.reduce((sum, { good, bad }) => sum + good + bad, 0);
        const bad = slices.reduce((sum, slice) => sum + slice.bad, 0);
        const shares = shareOut(slices, weight);
        const goodWeight = shares.reduce((sum, share) => sum + share.goodWeight, 0n);
        const badWeight = shares.reduce((sum, share) => sum + share.badWeight, 0n);
        expect(goodWeight + badWeight).toBe(events === 0 ? 0n : weight);
        expect(goodWeight * BigInt(events)).toBeLessThanOrEqual(weight * BigInt(events - bad));
        for (const share of shares) {
          expect(share.good === 0 && share.goodWeight > 0n).toBe(false);
          expect(share.bad === 0 && share.badWeight > 0n).toBe(false);
        }
      }),
    );
  });
});

describe('events near to the limit', () => {
  const near = (events: number | null, differing: Partial<CountReading> = {}): CountReading =>
    ticks(100, 98, { borderline: events === null ? null : { 'lt:1500': events, 'le:3000': 50 }, ...differing });

  test.each(['each', 'shared'] as const)(
    'are known of those whose bound was known, and weigh as they fell (%s)',
    (weigh) => {
      const rule: Rule = { ...TICKS, weighing: 'count' };
      const readings = [near(7, { weigh }), near(null, { weigh }), ticks(40, 40, { weigh })];
      const all = sumTallies(tallyOf(rule, aResult(0, { readings })));
      expect(all).toMatchObject({ good: 236, bad: 4, goodWeight: 236n, badWeight: 4n, borderline: 7, bounded: 100 });
    },
  );

  test('are counted in their own step, for the objective’s own limit', () => {
    const readings = [near(7), near(3, { atMs: T0 + STEP })];
    expect(tallyOf(TICKS, aResult(0, { readings }))).toMatchObject([
      { atMs: T0, borderline: 7, bounded: 100 },
      { atMs: T0 + STEP, borderline: 3, bounded: 100 },
    ]);
  });

  test.each([101, -1, 0.5])('cannot be %d of 100: the reading is a fault', (events) => {
    const [judged] = judge(TICKS, aResult(0, { readings: [near(events)] }), STEP);
    expect(judged?.tally).toEqual({ ...nothing, faults: 1, faultWeight: 1_000_000n });
    expect(judged?.problem).toEqual({
      code: 'counts',
      detail: `tick-age: ${events} of 100 events borderline to lt:1500`,
    });
  });

  test('of a run that was the prober’s fault are none', () => {
    expect(tallyOf(TICKS, aResult(0, { outcome: 'fault', readings: [near(7)] }))).toEqual([
      { ...nothing, atMs: T0, faults: 1, faultWeight: 1_000_000n },
    ]);
  });
});

describe('events of a continuous watch', () => {
  const COUNTED: Rule = { ...TICKS, weighing: 'count' };

  test('weigh one each, and all of a step are one cluster, however many results brought them', () => {
    const bring = (valid: number, within: number): readonly Judged[] =>
      judge(COUNTED, aResult(0, { readings: [ticks(valid, within, { weigh: 'each' })] }), STEP);
    const [a] = bring(70, 68);
    const [b] = bring(30, 30);
    if (a === undefined || b === undefined) throw new Error('no step');
    expect(mergeJudged(a, b)).toEqual({
      atMs: T0,
      split: '',
      tally: { ...nothing, good: 98, bad: 2, goodWeight: 98n, badWeight: 2n, squaredWeight: 10_000n },
      cluster: 100n,
      problem: null,
    });
  });

  test('weigh the stretch of time they stand for', () => {
    expect(tallyOf(TICKS, aResult(0, { readings: [ticks(60, 59, { weigh: 'each', eachMs: 1000 })] }))).toEqual([
      {
        ...nothing,
        atMs: T0,
        good: 59,
        bad: 1,
        goodWeight: 59_000_000n,
        badWeight: 1_000_000n,
        squaredWeight: 3_600_000_000n,
      },
    ]);
  });

  test('merge in any order and any grouping to the same step', () => {
    const judged = fc
      .record({
        valid: fc.nat(1000),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        weigh: fc.constantFrom('each', 'shared'),
      })
      .map(({ valid, share, weigh }) => ticks(valid + 1, Math.floor((valid + 1) * share), { weigh }))
      .map((reading) => judge(COUNTED, aResult(0, { readings: [reading] }), STEP)[0])
      .filter((judged) => judged !== undefined);
    fc.assert(
      fc.property(judged, judged, judged, (a, b, c) => {
        expect(mergeJudged(a, b)).toEqual(mergeJudged(b, a));
        expect(mergeJudged(mergeJudged(a, b), c)).toEqual(mergeJudged(a, mergeJudged(b, c)));
      }),
    );
  });
});

describe('quantities', () => {
  const order = (submitted: string, executed: string): Result =>
    aResult(0, { venue: 'primary', weightMs: 60_000, readings: [{ type: 'quantity', submitted, executed }] });

  test('weigh in millionths times the time the order stands for; one order is good only when executed in full', () => {
    expect(tallyOf(FILLS, order('0.001', '0.0008'))).toEqual([
      { ...nothing, atMs: T0, bad: 1, goodWeight: 48_000_000n, badWeight: 12_000_000n, squaredWeight: 1_000_000n },
    ]);
    expect(tallyOf(FILLS, order('10000', '10000'))).toMatchObject([{ good: 1, bad: 0, badWeight: 0n }]);
  });

  test('are rounded against the service below a millionth, unless all was executed', () => {
    expect(tallyOf(FILLS, order('0.0000015', '0.0000014'))).toMatchObject([
      { bad: 1, goodWeight: 60_000n, badWeight: 60_000n },
    ]);
    expect(tallyOf(FILLS, order('0.0000015', '0.0000015'))).toMatchObject([
      { good: 1, goodWeight: 120_000n, badWeight: 0n },
    ]);
  });

  test('executed beyond what was asked for count as asked for; an order for nothing counts nowhere', () => {
    expect(tallyOf(FILLS, order('1', '2'))).toMatchObject([{ good: 1, goodWeight: 60_000_000_000n, badWeight: 0n }]);
    expect(tallyOf(FILLS, order('0', '0'))).toEqual([]);
  });
});

describe('notionals', () => {
  const NOTIONAL: Rule = { ...FILLS, id: 'fills-notional', weighing: 'notional' };
  const order = (symbol: string, price: string, submitted: string, executed: string): Result =>
    aResult(0, {
      venue: 'primary',
      weightMs: 60_000,
      readings: [{ type: 'quantity', submitted, executed, symbol, price }],
    });
  const consumedOf = (rule: Rule, results: readonly Result[]) => {
    const tally = sumTallies(results.flatMap((result) => judge(rule, result, STEP)).map((judged) => judged.tally));
    return consumed(shareOf(tally), decimal('0.92'));
  };

  test('weigh what the quantity is worth, in millionths of its money times the time the order stands for', () => {
    expect(tallyOf(NOTIONAL, order('BTCUSD', '40000.5', '0.001', '0.0008'))).toEqual([
      {
        ...nothing,
        atMs: T0,
        bad: 1,
        goodWeight: 32_000_400n * 60_000n,
        badWeight: 8_000_100n * 60_000n,
        squaredWeight: 40_000_500n ** 2n,
      },
    ]);
  });

  test('say of a cheap symbol beside a dear one what quantities hide, and the other way round', () => {
    // 10,000 cheap units at 0.01 are 100 of money; 0.1 dear ones at 50,000 are 5,000.
    const cheapFails = [order('SHIB', '0.01', '10000', '9000'), order('BTCUSD', '50000', '0.1', '0.1')];
    const dearFails = [order('SHIB', '0.01', '10000', '10000'), order('BTCUSD', '50000', '0.1', '0.05')];
    const at = (rule: Rule, results: readonly Result[]) => toFixed(consumedOf(rule, results) ?? ZERO, 4);
    expect([at(FILLS, cheapFails), at(NOTIONAL, cheapFails)]).toEqual(['1.2500', '0.0245']);
    expect([at(FILLS, dearFails), at(NOTIONAL, dearFails)]).toEqual(['0.0001', '6.1275']);
  });

  test('are exactly at 25 % where a float would be beside it, and one millionth less executed is more', () => {
    // 8 % of 1,250 of money is 100 of budget: 25 % of it is 25, five units of 5.
    const pair = (executed: string) => [order('A', '5', '50', executed), order('B', '1000', '1', '1')];
    expect(colourOf(consumedOf(NOTIONAL, pair('45.000001')))).toBe('green');
    expect(colourOf(consumedOf(NOTIONAL, pair('45')))).toBe('yellow');
    expect(compare(consumedOf(NOTIONAL, pair('45')) ?? ZERO, decimal('0.25'))).toBe(0);
    expect(colourOf(consumedOf(NOTIONAL, pair('35')))).toBe('yellow');
    expect(compare(consumedOf(NOTIONAL, pair('35')) ?? ZERO, decimal('0.75'))).toBe(0);
    expect(colourOf(consumedOf(NOTIONAL, pair('34.999999')))).toBe('red');
  });

  test('are rounded against the service once, after they were valued', () => {
    // 0.0000015 × 0.7 = 1.05 millionths asked, so 2; 0.0000014 × 0.7 = 0.98 delivered, so none.
    expect(tallyOf(NOTIONAL, order('A', '0.7', '0.0000015', '0.0000014'))).toMatchObject([
      { bad: 1, goodWeight: 0n, badWeight: 120_000n },
    ]);
    expect(tallyOf(NOTIONAL, order('A', '0.7', '0.0000015', '0.0000015'))).toMatchObject([
      { good: 1, goodWeight: 120_000n, badWeight: 0n },
    ]);
  });

  test('never favour the service by more than their rounding, whatever sizes and prices meet', () => {
    const digits = fc.integer({ min: 1, max: 10 ** 9 });
    fc.assert(
      fc.property(digits, digits, digits, (size, share, priced) => {
        const [submitted, executed, price] = [size, Math.min(size, share), priced].map((n) =>
          toFixed(rational(n, 10_000_000), 7),
        );
        const [part] = tallyOf(NOTIONAL, order('A', price ?? '', submitted ?? '', executed ?? ''));
        const valued = multiply(decimal(executed ?? ''), decimal(price ?? ''));
        const weight = rational(part?.goodWeight ?? 0n, 60_000_000_000n);
        const isFull = submitted === executed;
        expect(isFull || compare(weight, valued) <= 0).toBe(true);
        const whole = rational((part?.goodWeight ?? 0n) + (part?.badWeight ?? 0n), 60_000_000_000n);
        expect(compare(whole, multiply(decimal(submitted ?? ''), decimal(price ?? '')))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('what cannot be judged is a fault of ours, with its reason', () => {
  test.each([
    [
      'a threshold that was not counted',
      { ...TICKS, sli: { type: 'threshold', indicator: 'tick-age', ms: 900, strict: false } },
      [ticks(3, 3)],
      'threshold-not-counted',
      'tick-age was not counted within le:900, only within: lt:1500',
    ],
    ['impossible counts', TICKS, [ticks(3, 4)], 'counts', 'tick-age: 4 of 3 events within lt:1500'],
    [
      'ticks without a stretch of time',
      TICKS,
      [ticks(3, 3, { weigh: 'each' })],
      'no-stretch',
      'tick-age events stand for no stretch of time, so they cannot be weighed by time',
    ],
    [
      'a quantity that is no number',
      FILLS,
      [{ type: 'quantity', submitted: '1', executed: 'all' }],
      'quantity',
      'executed all of 1: not decimal numbers',
    ],
    [
      'an order without a price where its notional is asked for',
      { ...FILLS, weighing: 'notional' },
      [{ type: 'quantity', submitted: '2', executed: '2', symbol: 'BTCUSD' }],
      'quantity',
      '2 of BTCUSD: no price to value it at',
    ],
    [
      'an order that is valued at nothing',
      { ...FILLS, weighing: 'notional' },
      [{ type: 'quantity', submitted: '2', executed: '2', symbol: 'BTCUSD', price: '0' }],
      'quantity',
      '2 of BTCUSD: the price 0 to value it at',
    ],
    ['another weighing', { ...FILLS, weighing: 'time' }, [], 'weighing', 'quantity events cannot be weighed by time'],
  ] as const)('%s', (_what, rule, readings, code, detail) => {
    const judged = judge(rule, aResult(0, { readings }), STEP);
    expect(judged).toMatchObject([{ atMs: T0, problem: { code, detail } }]);
    const faultWeight = rule.weighing === 'time' ? 1_000_000n : 0n;
    expect(sumTallies(judged.map(({ tally }) => tally))).toEqual({ ...nothing, faults: 1, faultWeight });
  });

  test('weighs as its events would have, and otherwise its part of the run', () => {
    const uncounted: Rule = { ...TICKS, sli: { type: 'threshold', indicator: 'tick-age', ms: 900, strict: false } };
    const weighed = (rule: Rule, readings: readonly Reading[]): readonly (bigint | undefined)[] =>
      judge(rule, aResult(0, { readings }), STEP).map(({ tally }) => tally.faultWeight);
    const later = ticks(9, 9, { atMs: T0 + STEP });
    expect(weighed(uncounted, [ticks(3, 3), later])).toEqual([500_000n, 500_000n]);
    expect(weighed({ ...uncounted, weighing: 'count' }, [ticks(3, 3), later])).toEqual([3n, 9n]);
    expect(weighed(uncounted, [ticks(3, 3, { weigh: 'each', eachMs: 40 })])).toEqual([120_000n]);
  });
});

test('raising the rate while a service is unwell does not burn its budget faster', () => {
  // 45 minutes well at one run a minute, 15 minutes half unwell: asked four times as often, the share is the same.
  const share = (unwellEveryMs: number): readonly [bigint, bigint] => {
    const runs = [
      ...Array.from({ length: 45 }, (_, n) => aResult(n, { weightMs: 60_000 })),
      ...Array.from({ length: 900_000 / unwellEveryMs }, (_, n) =>
        aResult(n, { weightMs: unwellEveryMs, outcome: n % 2 === 0 ? 'bad' : 'good' }),
      ),
    ];
    const tally = sumTallies(runs.flatMap((run) => judge(AVAILABILITY, run, STEP)).map((judged) => judged.tally));
    return [tally.badWeight, tally.goodWeight + tally.badWeight];
  };
  const [bad, valid] = share(7_500);
  expect(share(3_750)).toEqual([bad, valid]);
  expect([bad * 8n, valid]).toEqual([valid, 3_600_000_000n]);
});
