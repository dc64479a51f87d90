import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceiling, compare, decimal, fromNumber, parseDecimal, rounded, toFixed, toNumber } from '../../slo/decimal.ts';

const bigFraction = fc.record({
  num: fc.bigInt({ min: 1n, max: 10n ** 40n }),
  den: fc.bigInt({ min: 1n, max: 10n ** 40n }),
});

describe('decimals', () => {
  it('are read exactly', () => {
    expect(decimal('0.999')).toEqual({ num: 999n, den: 1000n });
    expect(decimal('12')).toEqual({ num: 12n, den: 1n });
  });

  it.each(['', '.5', '5.', '-1', '1e3', '01', '0,5', ' 1', 'NaN'])('refuse %j', (text) => {
    expect(parseDecimal(text)).toBeNull();
    expect(() => decimal(text)).toThrow(`not a decimal: ${JSON.stringify(text)}`);
  });

  it('take a number as it is written, not as it is stored', () => {
    expect(compare(fromNumber(0.1), decimal('0.1'))).toBe(0);
    expect(compare(fromNumber(1.5e-9), decimal('0.0000000015'))).toBe(0);
    expect(compare(fromNumber(1e21), decimal('1000000000000000000000'))).toBe(0);
    expect(fromNumber(-0.5)).toEqual({ num: -5n, den: 10n });
  });

  it('come back from any number unchanged', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-200, max: 1e200, noNaN: true }), (value) => {
        expect(toNumber(fromNumber(value))).toBe(value);
      }),
    );
  });

  it('become numbers by rounding to nearest: neither neighbour is closer', () => {
    fc.assert(
      fc.property(bigFraction, (value) => {
        const nearest = toNumber(value);
        const step = nearest * 2 ** -52;
        for (const other of [nearest - step, nearest + step]) {
          const binary = (double: number): { num: bigint; den: bigint } => {
            // Scaled by a power of two, which is exact, until it is an integer.
            let shift = 0;
            while (!Number.isInteger(double * 2 ** shift)) shift += 1;
            return { num: BigInt(double * 2 ** shift), den: 2n ** BigInt(shift) };
          };
          const distance = (double: number): { num: bigint; den: bigint } => {
            const { num, den } = binary(double);
            const gap = value.num * den - num * value.den;
            return { num: gap < 0n ? -gap : gap, den: value.den * den };
          };
          expect(compare(distance(nearest), distance(other))).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keep their order as numbers', () => {
    fc.assert(
      fc.property(bigFraction, bigFraction, (a, b) => {
        const [less, more] = compare(a, b) <= 0 ? [a, b] : [b, a];
        expect(toNumber(less)).toBeLessThanOrEqual(toNumber(more));
      }),
    );
  });

  it('round half away from zero and pad with zeros', () => {
    expect(toFixed({ num: 2n, den: 3n }, 2)).toBe('0.67');
    expect(toFixed({ num: 1n, den: 8n }, 2)).toBe('0.13');
    expect(toFixed({ num: -1n, den: 8n }, 2)).toBe('-0.13');
    expect(toFixed({ num: -1n, den: 1000n }, 2)).toBe('0.00');
    expect(toFixed({ num: 5n, den: 2n }, 0)).toBe('3');
    expect(rounded({ num: 1000n, den: 3n }, 10)).toBe(333.3333333333);
    expect(ceiling({ num: 4000n, den: 3n })).toBe(1334n);
    expect(ceiling({ num: 6n, den: 3n })).toBe(2n);
  });
});
