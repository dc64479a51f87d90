import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, decimal, rational, type Rational } from '../../slo/decimal.ts';
import { meanTraffic, slidingOver } from '../../slo/forecast.ts';
import {
  firstExhausted,
  isViolationNear,
  naiveExhaustion,
  projectionAlert,
  rollOff,
  type Bucket,
} from '../../slo/projection.ts';
import { timeBase } from '../../slo/time-base.ts';

const T = decimal('0.998');

/** The same walk, re-adding the whole window each hour. */
function slowly(window: readonly Bucket[], valid: bigint, bad: bigint, target: Rational): number | null {
  const hours = [...window];
  for (let hour = 0; hour <= window.length; hour += 1) {
    const sum = (of: (bucket: Bucket) => bigint): bigint => hours.reduce((total, each) => total + of(each), 0n);
    const all = sum((each) => each.valid);
    const budget = { num: all * (target.den - target.num), den: target.den };
    if (all > 0n && compare(rational(sum((each) => each.bad)), budget) >= 0) return hour;
    hours.shift();
    hours.push({ valid, bad });
  }
  return null;
}

const bucket = fc
  .tuple(fc.bigInt({ min: 0n, max: 20_000n }), fc.bigInt({ min: 0n, max: 60n }))
  .map(([valid, bad]): Bucket => ({ valid, bad: bad < valid ? bad : valid }));

describe('the roll-off projection', () => {
  it('finds the hour that re-adding the window each hour finds', () => {
    fc.assert(
      fc.property(
        fc.array(bucket, { minLength: 1, maxLength: 48 }),
        fc.bigInt({ min: 0n, max: 20_000n }),
        fc.bigInt({ min: 0n, max: 60n }),
        (window, valid, bad) => {
          const forecast = { valid: rational(valid), bad: rational(bad) };
          fc.pre(window.some((each) => each.valid > 0n));
          expect(rollOff(window, forecast, T)).toBe(slowly(window, valid, bad, T));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes forecasts that are fractions of an event', () => {
    const window = Array.from({ length: 24 }, () => ({ valid: 10_000n, bad: 0n }));
    // 480 of budget at 30.5 an hour: 15.7 hours.
    expect(rollOff(window, { valid: rational(10_000), bad: rational(61, 2) }, T)).toBe(16);
  });

  it('never cries wolf after the naive figure: an incident that ages out only buys time', () => {
    const window = Array.from({ length: 24 }, (_, hour) => ({ valid: 10_000n, bad: hour === 0 ? 400n : 0n }));
    expect(rollOff(window, { valid: rational(10_000), bad: rational(10) }, T)).toBeNull();
    const naive = naiveExhaustion(rational(400, 480), rational(24), rational(1, 2));
    expect(naive === null ? null : compare(naive, rational(8))).toBe(0);
  });

  it('is never earlier than the naive figure while traffic is steady', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 60n }), { minLength: 24, maxLength: 24 }),
        fc.bigInt({ min: 1n, max: 60n }),
        (bad, next) => {
          const window = bad.map((each): Bucket => ({ valid: 10_000n, bad: each }));
          const spent = rational(
            bad.reduce((a, b) => a + b, 0n),
            480n,
          );
          const naive = naiveExhaustion(spent, rational(24), rational(next, 20n));
          const hours = rollOff(window, { valid: rational(10_000), bad: rational(next) }, T);
          const isEarlier = hours !== null && naive !== null && compare(rational(hours), naive) < 0;
          expect(isEarlier).toBe(false);
        },
      ),
    );
  });

  it('does not call an empty window exhausted', () => {
    const window = [
      { valid: 1000n, bad: 0n },
      { valid: 0n, bad: 0n },
    ];
    const nothing = { valid: rational(0), bad: rational(0) };
    expect(rollOff(window, nothing, T)).toBeNull();
    expect(rollOff(window.slice(1), nothing, T)).toBeNull();
  });
});

describe('the forecast', () => {
  const base = timeBase(1);
  const HOUR = base.hourMs;
  const end = 100 * HOUR;
  type Counted = readonly [agoHours: number, valid: bigint, bad: bigint];
  const shares =
    (...counted: Counted[]) =>
    (fromMs: number, toMs: number): Bucket => {
      const within = counted.filter(([ago]) => end - ago * HOUR >= fromMs && end - ago * HOUR < toMs);
      const sum = (of: (each: Counted) => bigint) => within.reduce((total, each) => total + of(each), 0n);
      return { valid: sum(([, valid]) => valid), bad: sum(([, , bad]) => bad) };
    };

  it('slides over the hours of the clock, gaps in their place', () => {
    const window = slidingOver(shares([4, 7n, 2n], [1, 5n, 0n]), base, { startMs: end - 4 * HOUR, endMs: end });
    expect(window.hours).toBe(4);
    expect([0, 1, 2, 3, 4].map((hours) => window.remaining(hours))).toEqual([
      { valid: 12n, bad: 2n },
      { valid: 5n, bad: 0n },
      { valid: 5n, bad: 0n },
      { valid: 5n, bad: 0n },
      { valid: 0n, bad: 0n },
    ]);
  });

  it('counts of an hour that has left in part what may still be there as bad, and nothing as valid', () => {
    // The window begins at half past: 4.5 h ago, and the last hour of the clock before its end is half over.
    const endMs = end + HOUR / 2;
    const counted = shares([4, 100n, 3n], [3, 50n, 2n], [0, 7n, 1n]);
    const window = slidingOver(counted, base, { startMs: endMs - 4.5 * HOUR, endMs });
    expect(window.hours).toBe(5);
    expect([0, 1, 2].map((hours) => window.remaining(hours))).toEqual([
      { valid: 157n, bad: 6n },
      { valid: 57n, bad: 3n },
      { valid: 7n, bad: 1n },
    ]);
    const early = slidingOver(counted, base, { startMs: endMs - 5 * HOUR, endMs });
    expect([0, 1, 2, 5].map((hours) => early.remaining(hours))).toEqual([
      { valid: 157n, bad: 6n },
      { valid: 57n, bad: 6n },
      { valid: 7n, bad: 3n },
      { valid: 0n, bad: 0n },
    ]);
  });

  it('is never later than sliding minute by minute, and the same on the hour', () => {
    const minutes = fc.array(fc.tuple(fc.nat({ max: 599 }), fc.nat({ max: 40 }), fc.nat({ max: 3 })), { minLength: 1 });
    fc.assert(
      fc.property(minutes, fc.nat({ max: 59 }), fc.nat({ max: 3 }), (drawn, past, bad) => {
        const endMs = end + past * base.minuteMs;
        const counted = shares(
          ...drawn.map(([ago, good, lost]): Counted => [(ago + 1 - past) / 60, BigInt(good + lost), BigInt(lost)]),
        );
        const window = { startMs: endMs - 10 * HOUR, endMs };
        const forecast = { valid: rational(200), bad: rational(bad) };
        const byHours = firstExhausted(slidingOver(counted, base, window), forecast, decimal('0.99'));
        const remaining = (hours: number) => counted(window.startMs + hours * HOUR, endMs);
        const byMinutes = firstExhausted({ hours: 10, remaining }, forecast, decimal('0.99'));
        const [hours, exact] = [byHours ?? Infinity, byMinutes ?? Infinity];
        expect(past === 0 ? hours === exact : hours <= exact).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('looks at few hours where the budget is far from gone, and at as many as it takes where it is near', () => {
    const asked = (bad: bigint): number => {
      let questions = 0;
      const remaining = (hours: number): Bucket => {
        questions += 1;
        return { valid: BigInt(2160 - hours) * 1000n, bad: bad - (bad * BigInt(hours)) / 2160n };
      };
      firstExhausted({ hours: 2160, remaining }, { valid: rational(1000), bad: rational(bad, 2160) }, decimal('0.99'));
      return questions;
    };
    expect(asked(0n)).toBeLessThan(5);
    expect(asked(10_800n)).toBeLessThan(30);
    expect(asked(21_400n)).toBeLessThan(2161);
  });

  it('expects the mean of the last six hours, quiet ones included, and of fewer in a young window', () => {
    const mean = (windowHours: number, ...valid: number[]) => {
      const counted = valid.map((each, index): Counted => [valid.length - index, BigInt(each), 0n]);
      return meanTraffic(shares(...counted), base, { startMs: end - windowHours * HOUR, endMs: end });
    };
    expect(mean(7, 99, 1, 2, 0, 0, 3, 6)).toEqual({ num: 12n, den: 6n });
    expect(mean(7, 0, 0, 0, 0, 0, 4, 6)).toEqual({ num: 10n, den: 2n });
    expect(mean(2.5, 0, 3, 6)).toEqual({ num: 9n, den: 2n });
    expect(mean(2, 0, 0).num).toBe(0n);
  });
});

describe('projection alerts', () => {
  it('are strict', () => {
    expect(projectionAlert('red', rational(72))).toBeNull();
    expect(projectionAlert('red', rational(719, 10))).toBe('RED_LT_72H');
    expect(projectionAlert('yellow', rational(168))).toBeNull();
    expect(projectionAlert('yellow', rational(167))).toBe('YELLOW_LT_7D');
    expect(projectionAlert('green', rational(1))).toBeNull();
    expect(projectionAlert('red', null)).toBeNull();
    expect([isViolationNear(rational(24)), isViolationNear(rational(23)), isViolationNear(null)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
