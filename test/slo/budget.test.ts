import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attainment, burnCeiling, colourOf, consumed, formatPercent, isMet, worstColour } from '../../slo/budget.ts';
import { compare, decimal } from '../../slo/decimal.ts';
import type { Colour } from '../../slo/objective.ts';

const TARGETS = ['0.5', '0.92', '0.95', '0.99', '0.992', '0.995', '0.997', '0.998', '0.999', '0.9995', '0.99999'];

/** The same verdict by another road: parts per million of the budget, on integers read from the digits of the target. */
function colourByDigits(bad: bigint, valid: bigint, target: string): Colour {
  if (valid === 0n) return 'unknown';
  const digits = target.slice(2);
  const budgetOf = valid * (10n ** BigInt(digits.length) - BigInt(digits));
  const quarters = bad * 4n * 10n ** BigInt(digits.length);
  return quarters < budgetOf ? 'green' : quarters > 3n * budgetOf ? 'red' : 'yellow';
}

describe('the error budget', () => {
  it.each(TARGETS)(
    'has its borders exactly at 25 %, 75 % and 100 % for a target of %s, however large the counts',
    (target) => {
      const T = decimal(target);
      for (const scale of [1n, 7n, 1_000_003n, 10n ** 15n + 1n, 10n ** 30n + 7n]) {
        const budget = (T.den - T.num) * 4n * scale;
        const valid = T.den * 4n * scale;
        const at = (bad: bigint): Colour => colourOf(consumed({ bad, valid }, T));
        expect([at(budget / 4n - 1n), at(budget / 4n), at(budget / 4n + 1n)]).toEqual(['green', 'yellow', 'yellow']);
        expect([at((budget * 3n) / 4n), at((budget * 3n) / 4n + 1n)]).toEqual(['yellow', 'red']);
        expect(isMet(consumed({ bad: budget, valid }, T))).toBe(true);
        expect(isMet(consumed({ bad: budget + 1n, valid }, T))).toBe(false);
      }
    },
  );

  it('gives the colour of an independent integer computation for any counts', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TARGETS),
        fc.bigInt({ min: 0n, max: 10n ** 24n }),
        fc.bigInt({ min: 0n, max: 10n ** 24n }),
        (target, bad, good) => {
          const valid = bad + good;
          expect(colourOf(consumed({ bad, valid }, decimal(target)))).toBe(colourByDigits(bad, valid, target));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is consumed no less by more bad events', () => {
    const count = fc.bigInt({ min: 0n, max: 10n ** 12n });
    fc.assert(
      fc.property(fc.constantFrom(...TARGETS), count, count, count, (target, good, bad, more) => {
        const valid = good + bad + more + 1n;
        const less = consumed({ bad, valid }, decimal(target));
        const spent = consumed({ bad: bad + more, valid }, decimal(target));
        if (less === null || spent === null) throw new Error('there are valid events');
        expect(compare(less, spent)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('is unknown without valid events, never Green', () => {
    const spent = consumed({ bad: 0n, valid: 0n }, decimal('0.999'));
    expect([spent, colourOf(spent), isMet(spent), attainment({ bad: 0n, valid: 0n })]).toEqual([
      null,
      'unknown',
      null,
      null,
    ]);
  });

  it('burns at its ceiling when every event is bad, and never above', () => {
    for (const target of TARGETS) {
      const spent = consumed({ bad: 17n, valid: 17n }, decimal(target));
      expect(spent === null ? null : compare(spent, burnCeiling(decimal(target)))).toBe(0);
    }
  });

  it('takes the worst colour, and Unknown only where nothing is known', () => {
    expect(worstColour(['green', 'unknown', 'yellow'])).toBe('yellow');
    expect(worstColour(['unknown', 'green'])).toBe('green');
    expect(worstColour(['red', 'yellow'])).toBe('red');
    expect(worstColour([])).toBe('unknown');
  });
});

describe('a percentage', () => {
  it('is never rounded onto 100 % from either side', () => {
    expect(formatPercent(decimal('0.999996'))).toBe('99.999 %');
    expect(formatPercent(0.999996)).toBe('99.999 %');
    expect(formatPercent({ num: 10n ** 30n - 1n, den: 10n ** 30n })).toBe('99.999 %');
    expect(formatPercent(decimal('1.0000001'))).toBe('100.001 %');
    expect(formatPercent(decimal('1'))).toBe('100.000 %');
  });

  it('is otherwise rounded to nearest, with as many decimals as asked for', () => {
    expect(formatPercent({ num: 2n, den: 3n })).toBe('66.667 %');
    expect(formatPercent(decimal('2.272727'), 1)).toBe('227.3 %');
    expect(formatPercent(decimal('0.9996'), 0)).toBe('99 %');
    expect(formatPercent(0)).toBe('0.000 %');
  });

  it('reads 100 only when it is, for any fraction', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 20n }), (num, den) => {
        expect(/^100(\.0*)? %$/.test(formatPercent({ num, den }))).toBe(num === den);
      }),
    );
  });
});
