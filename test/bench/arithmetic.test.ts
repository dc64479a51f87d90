import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, pairwise, rate, spread, turns } from '../../bench/arithmetic.ts';

const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true });

describe('the arithmetic of the bench', () => {
  it('takes the middle of an odd number of values and the mean of the two in the middle of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 9, 2])).toBe(3);
    expect(() => median([])).toThrow(new RangeError('no values'));
  });

  it('finds the same spread in whatever order the rounds came', () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (values) => {
        const found = spread(values);
        expect(spread(values.toReversed())).toEqual(found);
        expect(found.low).toBeLessThanOrEqual(found.median);
        expect(found.median).toBeLessThanOrEqual(found.high);
      }),
    );
  });

  it('divides by CPU or by time, as the figure says', () => {
    const round = { operations: 300, cpuMs: 500, wallMs: 2000 };
    expect(rate(round, 'cpu')).toBe(600);
    expect(rate(round, 'wall')).toBe(150);
  });

  it('takes a round in which nothing happened, or took no time, for no measurement', () => {
    expect(() => rate({ operations: 0, cpuMs: 5, wallMs: 5 }, 'cpu')).toThrow(
      'not a measurement: 0 operations in 5 ms',
    );
    expect(() => rate({ operations: 7, cpuMs: 0, wallMs: 5 }, 'cpu')).toThrow(
      'not a measurement: 7 operations in 0 ms',
    );
  });

  it('sets each round against the peer of the same round', () => {
    expect(pairwise([10, 30], [5, 10])).toEqual([2, 3]);
    expect(() => pairwise([1, 2], [1])).toThrow('2 rounds against 1');
  });

  it('lets whoever comes first in one round come last in the next', () => {
    expect(turns(['a', 'b', 'c'], 3).join('')).toBe('abccbaabc');
  });
});
