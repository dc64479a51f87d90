import { describe, expect, test } from 'vitest';
import {
  judgeOrders,
  judgePositions,
  judgeSequence,
  leastHeld,
  readOrders,
  readPositions,
  unchecked,
  type Listed,
  type Trading,
} from '../../../runner/gameday/invariants.ts';
import type { OrderRecord } from '../../../store/store.ts';
import { aResult } from '../../support/results.ts';

const order = (clientOrderId: string, how: string | null = 'filled'): OrderRecord => ({
  clientOrderId,
  probe: 'buy',
  venue: 'primary',
  runId: `run/${clientOrderId}`,
  atMs: 0,
  how,
});
const listed = (clientOrderId: string, changes: Partial<Listed> = {}): Listed => ({
  clientOrderId,
  orderId: `v-${clientOrderId}`,
  isOpen: false,
  status: 'filled',
  ...changes,
});
const NOBODY: ReadonlySet<string> = new Set();
const told = (...args: Parameters<typeof judgeOrders>) => judgeOrders(...args).map(({ ok, detail }) => [ok, detail]);

describe('orders', () => {
  test('are kept when each that reached the venue is listed once and none is open', () => {
    const own = [order('a'), order('b', 'rejected: rate_limited'), order('c', 'never placed: status 503')];
    expect(told(own, [listed('a'), listed('b'), listed('of-somebody-else', { isOpen: true })], NOBODY)).toEqual([
      [true, 'none of 3 orders of the exercise is listed twice'],
      [true, 'the venue lists all 2 that reached it, of 3 orders of the exercise'],
      [true, 'none of 3 orders of the exercise'],
    ]);
  });

  test('are doubled when the venue has two of one id, and not when it lists one twice', () => {
    const [twice] = told([order('a')], [listed('a'), listed('a', { orderId: 'v-2' })], NOBODY);
    expect(twice).toEqual([false, '1 of 1 order of the exercise listed more than once: a']);
    expect(told([order('a')], [listed('a'), listed('a')], NOBODY)[0]?.[0]).toBe(true);
  });

  test('are lost when the venue said how they ended, or acknowledged them, and lists them no more', () => {
    const own = [order('a'), order('b', null), order('c', null), order('d', 'never arrived at the venue')];
    const [, lost] = told(own, [], new Set(['run/b']));
    expect(lost).toEqual([false, '2 of 4 orders of the exercise reached the venue and are not listed: a, b']);
  });

  test('are left open while the venue says so', () => {
    const [, , open] = told([order('a', null)], [listed('a', { isOpen: true, status: 'pending' })], NOBODY);
    expect(open).toEqual([false, '1 of 1 order of the exercise: a']);
  });
});

const orders: NonNullable<Trading['orders']> = {
  url: 'http://127.0.0.1:1/orders',
  path: '$.orders[*]',
  clientOrderId: 'client_order_id',
  orderId: 'order_id',
  status: 'status',
};

test('a list of orders is read by the names that the configuration gives, and what is none is none', () => {
  const rows = [
    { client_order_id: 'a', order_id: 7, status: 'FILLED' },
    { client_order_id: null, order_id: 8, status: 'open' },
    { client_order_id: 'b', order_id: 9, status: 'pending_cancel' },
  ];
  expect(readOrders({ orders: rows }, orders)).toEqual([
    { clientOrderId: 'a', orderId: '7', isOpen: false, status: 'filled' },
    { clientOrderId: 'b', orderId: '9', isOpen: true, status: 'pending_cancel' },
  ]);
  expect(readOrders({ orders: ['a'] }, orders)).toBeNull();
  expect(readOrders({ orders: [{ client_order_id: 'a' }] }, orders)).toBeNull();
});

const positions = {
  url: 'http://127.0.0.1:1/positions',
  path: '$.positions[*]',
  symbol: 'symbol',
  quantity: 'quantity',
};

test.each([
  [[], true, 'nothing of BTCUSD is held'],
  [[{ symbol: 'ETHUSD', quantity: 5 }], true, 'nothing of BTCUSD is held'],
  [[{ symbol: 'BTCUSD', quantity: '0.0' }], true, 'nothing of BTCUSD is held'],
  [[{ symbol: 'BTCUSD', quantity: -0.5 }], false, '-0.5 BTCUSD remains'],
  [
    [{ symbol: 'BTCUSD', quantity: 'much' }],
    null,
    'not checked because the venue does not say how much BTCUSD is held',
  ],
  [['flat'], null, 'not checked because $.positions[*] is no list of positions'],
])('positions of %j', (held, ok, detail) => {
  const symbols = new Set(['BTCUSD']);
  const holding = readPositions({ positions: held }, positions, symbols);
  const judged = holding.ok ? judgePositions(holding, symbols) : unchecked('flat position', holding.why);
  expect(judged).toEqual({ name: 'flat position', ok, detail });
});

test.each([
  [0.001, 0.001, true, 'nothing was added to what was held before: 0.001 BTCUSD'],
  [0.0005, 0.001, true, 'nothing was added to what was held before: 0.001 BTCUSD'],
  [0, 0.001, true, 'nothing of BTCUSD is held'],
  [0.003, 0.001, false, '0.003 BTCUSD remains; held before: 0.001 BTCUSD'],
  [-0.001, 0.001, false, '-0.001 BTCUSD remains; held before: 0.001 BTCUSD'],
])('%d held after %d before: kept is %s', (now, before, ok, detail) => {
  const held = now === 0 ? {} : { BTCUSD: now };
  expect(judgePositions({ held }, ['BTCUSD'], { BTCUSD: before })).toEqual({ name: 'flat position', ok, detail });
});

test('of several looks at what is held the least stays, and nothing that came for a moment', () => {
  expect(leastHeld({ BTCUSD: 0.002, ETHUSD: -1 }, { BTCUSD: 0.001, SOLUSD: 4 })).toEqual({ BTCUSD: 0.001 });
});

const ticks = (missed: number, duplicates = 0) => aResult(1, { values: { missed, duplicates, reorders: 0 } });

test.each([
  ['whole', [ticks(0), ticks(0)], true, 'no number missing, twice or out of order in 2 runs since the recovery'],
  ['broken', [ticks(0), ticks(3, 1)], false, '3 missing, 1 twice in 2 runs since the recovery'],
  ['not followed', [aResult(1)], null, 'not checked because no run since then followed sequence numbers'],
])('a sequence is %s', (_, results, ok, detail) => {
  expect(judgeSequence(results)).toEqual({ name: 'sequence continuous', ok, detail });
});
