import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Positions } from '../../sandbox/venue/positions.ts';

test('buying opens a position at the average price, and the last price values it', () => {
  const positions = new Positions();
  positions.fill('BTCUSD', 'buy', 1, 100);
  positions.fill('BTCUSD', 'buy', 3, 200);
  positions.price('BTCUSD', 180);
  expect(positions.list()).toEqual([
    { symbol: 'BTCUSD', quantity: 4, entry_price: 175, current_price: 180, unrealized_pnl: 20 },
  ]);
});

test('selling part keeps the entry price; selling all leaves nothing', () => {
  const positions = new Positions();
  positions.fill('BTCUSD', 'buy', 0.3, 100);
  positions.fill('BTCUSD', 'sell', 0.1, 150);
  expect(positions.list()).toMatchObject([{ quantity: 0.2, entry_price: 100 }]);
  positions.fill('BTCUSD', 'sell', 0.2, 90);
  expect(positions.list()).toEqual([]);
});

test('selling more than is held turns the position short, at the new price', () => {
  const positions = new Positions();
  positions.fill('ETHUSD', 'buy', 1, 100);
  positions.fill('ETHUSD', 'sell', 3, 120);
  positions.price('ETHUSD', 110);
  expect(positions.list()).toEqual([
    { symbol: 'ETHUSD', quantity: -2, entry_price: 120, current_price: 110, unrealized_pnl: 20 },
  ]);
});

test('whatever was bought, selling the same leaves nothing', () => {
  const lot = fc.integer({ min: 1, max: 1e12 }).map((units) => units / 1e8);
  fc.assert(
    fc.property(fc.array(lot, { minLength: 1, maxLength: 20 }), (lots) => {
      const positions = new Positions();
      for (const quantity of lots) positions.fill('X', 'buy', quantity, 10);
      for (const quantity of lots) positions.fill('X', 'sell', quantity, 10);
      expect(positions.list()).toEqual([]);
    }),
  );
});
