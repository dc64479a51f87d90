import { expect, it } from 'vitest';
import { freePort } from '../../support/servers.ts';
import { duration, ID, quantity, run } from './open.ts';
import { fakeSocket, orderEvent } from './socket.ts';
import { acknowledge, fakeVenue, fill, type FakeOrder } from './venue.ts';

const some: unknown = expect.any(Number);

/** Filled at the venue, and told as a venue tells it. */
function told(push: (message: unknown) => void, order: FakeOrder, again: readonly string[] = []): void {
  fill(order);
  push(orderEvent('ack', order));
  push(orderEvent('fill', order, { fill_id: 'f1', filled_qty: 0.001 }));
  for (const type of again) push(orderEvent(type, order, type === 'fill' ? { fill_id: 'f1', filled_qty: 0.001 } : {}));
}

it('acknowledgement and fill are heard on the channel, and the end is asked for once', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue({ place: (order) => told(socket.push, order) });
  const { seen, log } = await run(venue.url, { channel: { url: socket.url } });
  expect(seen).toMatchObject({ outcome: 'good', detail: null });
  expect(seen.readings).toEqual([duration('ack', some), duration('order-fill', some), quantity('0.001')]);
  expect(seen.values).toMatchObject({ polls: 0, channelBreaks: 0, duplicateAcks: 0, duplicateFills: 0 });
  expect(socket.asked).toEqual([{ action: 'subscribe', channels: ['orders'] }]);
  expect(venue.log).toEqual(['GET /account', 'POST /orders', 'GET /orders']);
  expect(log.at(-1)).toBe(`close ${ID} filled, 0.001 of 0.001 executed`);
});

it('fills in parts add up, each once', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue({
    place: (order) => {
      acknowledge(order);
      socket.push(orderEvent('ack', order));
      for (const [fill_id, filled_qty] of [
        ['a', 0.0004],
        ['a', 0.0004],
        ['b', 0.0001],
      ]) {
        socket.push({ ...orderEvent('fill', order), status: 'PARTIALLY_FILLED', fill_id, filled_qty });
      }
    },
  });
  const { seen } = await run(venue.url, { channel: { url: socket.url, linger: '20ms' } });
  expect(seen).toMatchObject({
    outcome: 'bad',
    reason: 'not-filled',
    detail: 'expected 0.001 to be executed within 600 ms, got 0.0005 (partially_filled)',
    values: { duplicateFills: 1 },
  });
  expect(seen.readings).toContainEqual(quantity('0.0005'));
});

it.each([
  [['ack'], 'acknowledged 2 times'],
  [['fill'], '1 fill told again'],
  [['ack', 'fill'], 'acknowledged 2 times, 1 fill told again'],
])('what is told twice (%j) is bad', async (again, detail) => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue({ place: (order) => told(socket.push, order, again) });
  const { seen } = await run(venue.url, { channel: { url: socket.url } });
  expect(seen).toMatchObject({ outcome: 'bad', reason: 'duplicate', detail });
  expect(seen.readings).toEqual([duration('ack', some), duration('order-fill', some), quantity('0.001')]);
});

it('more executed than was ordered is bad', async () => {
  await using venue = await fakeVenue({
    place: (order) => {
      fill(order);
      order.filled_quantity = 0.002;
    },
  });
  const { seen } = await run(venue.url);
  expect(seen).toMatchObject({ outcome: 'bad', reason: 'duplicate', detail: '0.002 executed of 0.001' });
});

it('a channel that stays silent is not made up for by asking', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue();
  const { seen, log } = await run(venue.url, { channel: { url: socket.url } });
  expect(seen).toMatchObject({
    outcome: 'bad',
    reason: 'never-acked',
    detail:
      'expected an acknowledgement within 300 ms, got status pending; the order channel did not tell: filled, 0.001 of 0.001 executed',
  });
  expect(seen.readings).toEqual([duration('ack', null), duration('order-fill', null), quantity('0.001')]);
  expect(log.at(-1)).toBe(`close ${ID} filled, 0.001 of 0.001 executed`);
});

it('a channel that breaks is made up for by asking, and counted', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue({
    place: (order) => {
      socket.hangUp();
      setTimeout(() => fill(order), 50);
    },
  });
  const { seen } = await run(venue.url, { channel: { url: socket.url } });
  expect(seen).toMatchObject({ outcome: 'good', values: { channelBreaks: 1 } });
  expect(seen.values['polls']).toBeGreaterThan(0);
});

it('a cancel is measured to the moment in which the channel tells it', async () => {
  await using socket = await fakeSocket();
  await using venue = await fakeVenue({
    place: (order) => {
      acknowledge(order);
      socket.push(orderEvent('ack', order));
    },
    cancel: (order) => {
      order.status = 'cancelled';
      socket.push(orderEvent('cancel', order));
    },
  });
  const order = { symbol: 'BTCUSD', order_type: 'limit', quantity: 0.001, price: 1 };
  const { seen } = await run(venue.url, { order, channel: { url: socket.url } });
  expect(seen).toMatchObject({ outcome: 'good', values: { cancelMs: some } });
  expect(seen.readings).toEqual([duration('ack', some), duration('order-cancel', some)]);
});

it('a channel with other names is heard as well', async () => {
  await using socket = await fakeSocket(null);
  const report = (x: string, X: string, order: FakeOrder, more: object = {}) =>
    socket.push({ data: { x, X, c: order.client_order_id, i: order.order_id, ...more } });
  await using venue = await fakeVenue({
    place: (order) => {
      fill(order);
      report('NEW', 'NEW', order);
      report('TRADE', 'FILLED', order, { t: 7, l: '0.001' });
    },
  });
  const map = {
    clientOrderId: 'c',
    orderId: 'i',
    status: 'X',
    ack: { field: 'x', equals: 'NEW' },
    fillId: 't',
    fillQuantity: 'l',
  };
  const channel = { url: socket.url, subscribe: ['hello'], confirmed: null, items: 'data', map };
  const { seen } = await run(venue.url, { channel });
  expect(seen).toMatchObject({ outcome: 'good', values: { polls: 0 } });
  expect(seen.readings).toContainEqual(quantity('0.001'));
});

it.each([
  [
    'refuses',
    { type: 'error', message: 'no' },
    'subscribe-rejected',
    /^the order channel: the subscription was refused/,
  ],
  ['says nothing to', null, 'timeout', /^the order channel: no complete answer within 200 ms$/],
])('no order leaves when the venue %s the subscription', async (_what, answer, reason, detail) => {
  await using socket = await fakeSocket(answer);
  await using venue = await fakeVenue();
  const part = { channel: { url: socket.url }, timeout: '1s' };
  const { seen, log } = await run(venue.url, part, { timeoutMs: 1000 });
  expect(seen).toMatchObject({ outcome: 'bad', reason, readings: [] });
  expect(seen.detail).toMatch(detail);
  expect([venue.log, log]).toEqual([[], []]);
});

it('no order leaves when the channel cannot be reached', async () => {
  await using venue = await fakeVenue();
  const { seen } = await run(venue.url, { channel: { url: `ws://127.0.0.1:${await freePort()}` } });
  expect(seen).toMatchObject({ outcome: 'bad', reason: 'connect-refused', readings: [] });
  expect(venue.log).toEqual([]);
});
