import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal } from '../../slo/decimal.ts';
import { nearestRank, rankInterval, totalWeight, type7, type Sample } from '../../slo/percentile.ts';
import { countSlices, judgeSlice, sliceBudget } from '../../slo/timeslice.ts';

const sample: fc.Arbitrary<Sample> = fc.record({
  ms: fc.option(fc.integer({ min: 0, max: 1000 })),
  weight: fc.bigInt({ min: 1n, max: 1000n }),
});
const samples = fc.array(sample, { minLength: 1, maxLength: 40 });
const quantile = fc.constantFrom('0.5', '0.9', '0.95', '0.99', '0.999');

describe('a percentile by nearest rank', () => {
  it('is within a limit exactly when enough of the weight is', () => {
    fc.assert(
      fc.property(samples, quantile, fc.integer({ min: 0, max: 1000 }), (of, q, limit) => {
        const within = totalWeight(of.filter(({ ms }) => ms !== null && ms <= limit));
        const { num, den } = decimal(q);
        const value = nearestRank(of, decimal(q));
        expect(value !== null && value <= limit).toBe(within * den >= totalWeight(of) * num);
      }),
    );
  });

  it('is the same when every weight is scaled, and when samples are apart or together', () => {
    fc.assert(
      fc.property(samples, quantile, fc.bigInt({ min: 1n, max: 10n ** 9n }), (of, q, by) => {
        const value = nearestRank(of, decimal(q));
        expect(
          nearestRank(
            of.map(({ ms, weight }) => ({ ms, weight: weight * by })),
            decimal(q),
          ),
        ).toBe(value);
        const apart = of.flatMap(({ ms, weight }) => [
          { ms, weight: weight / 2n },
          { ms, weight: weight - weight / 2n },
        ]);
        expect(nearestRank(apart.toReversed(), decimal(q))).toBe(value);
      }),
    );
  });

  it('is infinite where it falls on a sample that never ended, and nothing without samples', () => {
    const of = [
      { ms: 10, weight: 9n },
      { ms: null, weight: 1n },
    ];
    expect(nearestRank(of, decimal('0.9'))).toBe(10);
    expect(nearestRank(of, decimal('0.91'))).toBe(Number.POSITIVE_INFINITY);
    expect(nearestRank([], decimal('0.9'))).toBeNull();
    expect(type7(of, decimal('0.5'))).toBeNull();
  });
});

describe('the interval of a percentile', () => {
  it('covers the quantile at least as often as asked, and has the quantile’s own rank inside', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(0.5, 0.9, 0.95, 0.99), (n, q) => {
        const { lowerRank, upperRank, coverage } = rankInterval(n, q);
        expect(coverage).toBeGreaterThanOrEqual(0.95 - 1e-12);
        expect(lowerRank ?? 1).toBeLessThanOrEqual(Math.ceil(n * q));
        expect(upperRank ?? n).toBeGreaterThanOrEqual(Math.floor(n * q));
      }),
    );
  });
});

describe('slices of time', () => {
  it('are judged by their own median, and count for nothing without data', () => {
    const fast = { ms: 40_000, weight: 3n };
    const slow = { ms: 50_000, weight: 3n };
    expect(judgeSlice([fast, slow], 45_000)).toBe('good');
    expect(judgeSlice([fast, slow, slow], 45_000)).toBe('bad');
    expect(judgeSlice([{ ms: null, weight: 1n }], 45_000)).toBe('bad');
    expect(judgeSlice([], 45_000)).toBe('no-data');
    expect(judgeSlice([{ ms: 45_000, weight: 1n }], 45_000)).toBe('good');
  });

  it('publish their coverage beside a budget of the slices that had data', () => {
    const counts = countSlices(['good', 'no-data', 'bad', 'good']);
    expect(counts).toEqual({ good: 2n, bad: 1n, noData: 1n });
    expect(sliceBudget(counts, decimal('0.99')).coverage).toEqual({ num: 3n, den: 4n });
    expect(sliceBudget({ good: 0n, bad: 0n, noData: 0n }, decimal('0.99'))).toEqual({
      share: { bad: 0n, valid: 0n },
      consumed: null,
      coverage: null,
    });
  });
});
