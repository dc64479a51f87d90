import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourOf, consumed, shareOf } from '../../slo/budget.ts';
import { compare, decimal, type Rational } from '../../slo/decimal.ts';
import { addTallies, EMPTY_TALLY, sumTallies, type Tally } from '../../slo/tally.ts';
import { effectiveEvents } from '../../slo/weighted.ts';
import { anyTally } from './any-tally.ts';

const tally = anyTally(fc.nat({ max: 1_000_000 }), fc.bigInt({ min: 0n, max: 10n ** 15n }));

function areEqual(a: Rational | null, b: Rational | null): boolean {
  return a === null || b === null ? a === b : compare(a, b) === 0;
}

describe('tallies', () => {
  it('merge in any order and any grouping', () => {
    fc.assert(
      fc.property(tally, tally, tally, (a, b, c) => {
        expect(addTallies(a, b)).toEqual(addTallies(b, a));
        expect(addTallies(addTallies(a, b), c)).toEqual(addTallies(a, addTallies(b, c)));
        expect(addTallies(a, EMPTY_TALLY)).toEqual(a);
        expect(sumTallies([a, b, c])).toEqual(addTallies(addTallies(a, b), c));
      }),
    );
  });

  it('say the same when every weight is scaled by one factor', () => {
    const scaled = (each: Tally, by: bigint): Tally => ({
      ...each,
      goodWeight: each.goodWeight * by,
      badWeight: each.badWeight * by,
      squaredWeight: each.squaredWeight * by * by,
    });
    fc.assert(
      fc.property(
        tally,
        fc.bigInt({ min: 1n, max: 10n ** 9n }),
        fc.constantFrom('time', 'count'),
        (each, by, weighing) => {
          const target = decimal('0.999');
          const [one, other] = [each, scaled(each, by)];
          const [spent, same] = [consumed(shareOf(one), target), consumed(shareOf(other), target)];
          expect(colourOf(same)).toBe(colourOf(spent));
          expect(areEqual(spent, same)).toBe(true);
          expect(areEqual(effectiveEvents(one, weighing), effectiveEvents(other, weighing))).toBe(true);
        },
      ),
    );
  });

  it('of equally weighted events are worth as many effective events', () => {
    // 500 runs of a minute: weights in µs, squares in ms².
    const time = { ...EMPTY_TALLY, goodWeight: 500n * 60_000_000n, squaredWeight: 500n * 60_000n ** 2n };
    expect(effectiveEvents(time, 'time')).toSatisfy((n) => n !== null && compare(n, decimal('500')) === 0);
    // Three steps of ten ticks: three clusters.
    const ticks = { ...EMPTY_TALLY, goodWeight: 30n, squaredWeight: 300n };
    expect(effectiveEvents(ticks, 'count')).toSatisfy((n) => n !== null && compare(n, decimal('3')) === 0);
    expect(effectiveEvents(ticks, 'quantity')).toBeNull();
  });
});
