import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOf } from '../../slo/budget.ts';
import { compare, decimal, rational, type Rational } from '../../slo/decimal.ts';
import { buckets, meanTraffic } from '../../slo/forecast.ts';
import { naiveExhaustion, projectionAlert, isViolationNear, rollOff, type Bucket } from '../../slo/projection.ts';
import { EMPTY_TALLY } from '../../slo/tally.ts';
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
  const end = 100 * base.hourMs;
  const row = (hoursAgo: number, valid: bigint) => ({
    ...EMPTY_TALLY,
    split: '',
    atMs: end - hoursAgo * base.hourMs,
    goodWeight: valid,
  });

  it('keeps the gaps of a window in their place', () => {
    const found = buckets([row(4, 7n), row(1, 5n)], base, { windowMs: 4 * base.hourMs, endMs: end, shareOf });
    expect(found.map(({ valid }) => valid)).toEqual([7n, 0n, 0n, 5n]);
  });

  it('has what a window holds beyond whole hours as its first bucket', () => {
    const edge = { ...row(0, 3n), atMs: end - 2.5 * base.hourMs };
    const found = buckets([edge, row(2, 7n), row(1, 5n)], base, { windowMs: 2.5 * base.hourMs, endMs: end, shareOf });
    expect(found.map(({ valid }) => valid)).toEqual([3n, 7n, 5n]);
  });

  it('expects the mean of the last six hours, quiet ones included, and of fewer in a young window', () => {
    const hours = (...valid: bigint[]): Bucket[] => valid.map((each) => ({ valid: each, bad: 0n }));
    expect(meanTraffic(hours(99n, 1n, 2n, 0n, 0n, 3n, 6n))).toEqual({ num: 12n, den: 6n });
    expect(meanTraffic(hours(0n, 0n, 0n, 0n, 0n, 4n, 6n))).toEqual({ num: 10n, den: 2n });
    expect(meanTraffic(hours(0n, 0n)).num).toBe(0n);
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
