import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Reading } from '../../probes/probe.ts';
import { orderGatherer } from '../../reports/orders.ts';
import { answerTable, executionTable } from '../../reports/sla/order-tables.ts';
import { toNumber } from '../../slo/decimal.ts';
import type { Result } from '../../store/result.ts';
import { aResult } from '../support/results.ts';

const ack = (ms: number | null): Reading => ({ type: 'duration', indicator: 'ack', ms });
const quantity = (symbol: string, executed: string, submitted: string, price?: string): Reading => ({
  type: 'quantity',
  symbol,
  executed,
  submitted,
  ...(price === undefined ? {} : { price }),
});

function order(n: number, differing: Partial<Result> = {}): Result {
  return aResult(n, { probe: 'buy', kind: 'paper-order', venue: 'primary', values: {}, ...differing });
}

function gathered(results: readonly Result[]) {
  const gatherer = orderGatherer();
  for (const result of results) gatherer.add(result);
  return gatherer.finish();
}

it('quantities are shown by symbol, notional together, and the ratio by notional weighs what an order is worth', () => {
  const venues = gathered([
    order(1, { readings: [ack(20), quantity('BTCUSD', '0.001', '0.001', '50000')] }),
    order(2, { readings: [ack(30), quantity('BTCUSD', '0.0005', '0.001', '50000')], weightMs: 3000 }),
    order(3, { readings: [ack(30), quantity('DOGEUSD', '0', '1000', '0.1')] }),
    order(4, { venue: 'backup', readings: [ack(10), quantity('BTCUSD', '1', '1', '50000')] }),
    aResult(5),
  ]);
  expect(executionTable(venues).split('\n').slice(2)).toEqual([
    '| `backup` | 1 | 1 / 1 BTCUSD | 50,000.00 / 50,000.00 | 100.000 % | 100.000 % |',
    '| `primary` | 3 | 0.0015 / 0.002 BTCUSD, 0 / 1,000 DOGEUSD | 75.00 / 200.00 | 37.500 % | 41.667 % |',
  ]);
});

it('an order that was not valued leaves the notional open', () => {
  const venues = gathered([
    order(1, { readings: [ack(20), quantity('BTCUSD', '1', '1', '50000')] }),
    order(2, { readings: [ack(20), { type: 'quantity', executed: '1', submitted: '1' }] }),
  ]);
  expect(executionTable(venues).split('\n').at(-1)).toBe('| `primary` | 2 | 1 / 1, 1 / 1 BTCUSD | – | – | – |');
});

it('answers are counted by limit, by reason, and by what was left behind; runs by hand are not', () => {
  const venues = gathered([
    order(1, {
      readings: [ack(20)],
      values: { 'acked:le:400': 1, 'acked:lt:250': 1, duplicateAcks: 1 },
      reason: 'duplicate',
    }),
    order(2, { readings: [ack(300)], values: { 'acked:le:400': 1, 'acked:lt:250': 0 } }),
    order(3, { outcome: 'bad', reason: 'never-acked', readings: [ack(null)], values: { 'acked:le:400': 0 } }),
    order(4, { outcome: 'bad', reason: 'rejected', readings: [ack(5)], values: { 'rejected:halted': 1 } }),
    order(5, { outcome: 'excluded', reason: 'risk-rejected', readings: [] }),
    order(6, { outcome: 'bad', reason: 'not-flat', readings: [ack(5)], values: { position: -0.003 } }),
    order(7, { outcome: 'bad', reason: 'left-open', readings: [ack(5)] }),
    order(8, { cadence: 'once', readings: [ack(null)] }),
  ]);
  expect(answerTable(venues).split('\n').slice(2)).toEqual([
    '| `primary` | ≤ 400 ms: 66.667 % (2 / 3), < 250 ms: 50.000 % (1 / 2) | 1 | halted 1 | risk-rejected 1 | 1 | 1, at most 0.003 | 1 |',
  ]);
});

it('without orders there is nothing to show', () => {
  expect(gathered([aResult(1)])).toEqual([]);
});

it('the sums are exact, whatever the order of the results', () => {
  const cents = fc.integer({ min: 1, max: 100_000 });
  const one = fc.record({ asked: cents, done: cents, price: cents, weightMs: fc.integer({ min: 1, max: 60_000 }) });
  const text = (n: number) => `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`;
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 30 }), (orders) => {
      const results = orders.map(({ asked, done, price, weightMs }, n) =>
        order(n, { weightMs, readings: [ack(1), quantity('X', text(done), text(asked), text(price))] }),
      );
      const [forth] = gathered(results);
      const [back] = gathered(results.toReversed());
      expect(back?.weighted).toEqual(forth?.weighted);
      const sum = orders.reduce((total, each) => total + BigInt(each.done * each.price) * BigInt(each.weightMs), 0n);
      const exact = forth?.weighted?.executed ?? { num: 0n, den: 1n };
      expect(exact.num * 10_000n).toBe(sum * exact.den);
      expect(toNumber(exact)).toBeGreaterThan(0);
    }),
  );
});
