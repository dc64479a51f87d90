import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimals, RateCap, sizeProblem } from '../../../probes/paper-order/limits.ts';

const cents = fc.integer({ min: 1, max: 10_000_000 });
const text = (value: number) => `${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')}`;

describe('the guard on size', () => {
  it('lets exactly those orders pass that are within both caps, to the last digit', () => {
    fc.assert(
      fc.property(cents, cents, cents, cents, (quantity, price, maxQuantity, maxNotional) => {
        const problem = sizeProblem(
          { quantity: text(quantity), reference_price: text(price) },
          { maxQuantity: text(maxQuantity), maxNotional: text(maxNotional), maxPerMinute: 1 },
        );
        const within = quantity <= maxQuantity && BigInt(quantity) * BigInt(price) <= BigInt(maxNotional) * 100n;
        expect(problem === null).toBe(within);
      }),
    );
  });

  it('values an order by the dearest of its prices, and refuses one without any', () => {
    const bounds = { maxQuantity: '1', maxNotional: '100', maxPerMinute: 1 };
    expect(sizeProblem({ quantity: '1', price: '1', reference_price: '101' }, bounds)).toBe(
      'expected a notional of at most 100, got 1 at 101',
    );
    expect(sizeProblem({ quantity: '1' }, bounds)).toBe(
      'expected a price or a reference price to value the order at, got none',
    );
  });

  it('compares decimals where floats would not', () => {
    expect(compareDecimals('0.1', '0.10')).toBe(0);
    expect(compareDecimals('0.30000000000000000001', '0.3')).toBe(1);
    expect(compareDecimals('9007199254740992', '9007199254740993')).toBe(-1);
  });
});

describe('the cap on rate', () => {
  it('never lets more than its number leave in any minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 60 }),
        (most, pauses) => {
          const cap = new RateCap(most);
          const left: number[] = [];
          let nowMs = 0;
          for (const pause of pauses) {
            nowMs += pause;
            if (cap.problem(1, nowMs) !== null) continue;
            cap.note(nowMs);
            left.push(nowMs);
          }
          for (const ms of left) {
            expect(left.filter((other) => other >= ms && other - ms < 60_000).length).toBeLessThanOrEqual(most);
          }
        },
      ),
    );
  });
});
