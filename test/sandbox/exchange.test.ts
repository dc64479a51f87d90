import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../../sandbox/clock.ts';
import { startExchange } from '../../sandbox/exchange.ts';
import { eventually } from '../support/servers.ts';
import { exchange, hear, httpUrl, json, list, steps, turn, wsUrl } from './support.ts';
import type { Ear, Json } from './support.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const QUICK = { type: 'fixed', ms: 1 } as const;

function submit(gateway: Ear, order: Json): void {
  const defaults = { order_id: 'a', symbol: 'BTCUSD', side: 'buy', order_type: 'market', quantity: 1 };
  gateway.say({ op: 'submit', order: { ...defaults, ...order } });
}

async function openOrders(control: { host: string; port: number }): Promise<Json[]> {
  return list((await json(await fetch(`${httpUrl(control)}/orders/open`)))['orders']);
}

describe('the feed', () => {
  test('introduces itself, then sends contiguous ticks with the time of now, and heartbeats', async () => {
    await using it = await exchange();
    using feed = await hear(wsUrl(it.feed));
    expect(await feed.first('hello')).toMatchObject({
      exchange: 'primary',
      symbols: ['BTCUSD', 'ETHUSD', 'SOLUSD', 'XRPUSD'],
    });
    await feed.first('heartbeat');
    await eventually(() => (feed.of('tick').length > 50 ? true : undefined), '50 ticks');
    expect(steps(feed.of('tick'))).toEqual(new Set([1]));
    const [tick] = feed.of('tick');
    expect(tick).toEqual({
      type: 'tick',
      symbol: expect.any(String),
      seq: expect.any(Number),
      ts: expect.any(Number),
      bid: expect.any(Number),
      ask: expect.any(Number),
      last: expect.any(Number),
      volume: expect.any(Number),
    });
    expect(Math.abs(Number(tick?.['ts']) / 1000 - Date.now())).toBeLessThan(20_000);
    expect(Number.isSafeInteger(tick?.['ts'])).toBe(true);
  });

  test('falls silent by freeze, heartbeats and all, and goes on by reset without a gap', async () => {
    await using it = await exchange();
    using feed = await hear(wsUrl(it.feed));
    await feed.first('tick');
    expect((await turn(it.control, { freeze: true })).status).toBe(200);
    await pause(100);
    const heard = feed.messages.length;
    await pause(1_100);
    expect(feed.messages.length).toBe(heard);
    await fetch(`${httpUrl(it.control)}/reset`, { method: 'POST' });
    await eventually(() => (feed.messages.length > heard + 40 ? true : undefined), 'ticks after the freeze');
    expect(steps(feed.of('tick'))).toEqual(new Set([1]));
  });

  test('sustains 10,000 ticks a second, every one received and none missing', async () => {
    await using it = await exchange({ ticksPerSecond: 10_000, symbols: 20 });
    using feed = await hear(wsUrl(it.feed));
    const isThere = (): true | undefined => (feed.messages.length >= 20_000 ? true : undefined);
    await eventually(isThere, '20,000 ticks', 20_000);
    const ticks = feed.of('tick');
    expect(steps(ticks)).toEqual(new Set([1]));
    // By the exchange's own timestamps, which do not depend on how fast this machine reads.
    const first = Number(ticks[0]?.['ts']);
    const last = Number(ticks.at(-1)?.['ts']);
    expect(ticks.length / ((last - first) / 1e6)).toBeGreaterThan(5_000);
    expect(ticks.length / ((last - first) / 1e6)).toBeLessThan(11_000);
  });
});

describe('the gateway', () => {
  test('acknowledges a market order, then fills it in full at the market', async () => {
    await using it = await exchange();
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, { quantity: 0.5 });
    const fill = await gateway.first('fill');
    const ack = await gateway.first('ack');
    expect(gateway.messages.indexOf(ack)).toBeLessThan(gateway.messages.indexOf(fill));
    expect(fill).toMatchObject({ order_id: 'a', quantity: 0.5, liquidity: 'TAKER' });
    expect(Math.abs(Number(fill['price']) / 50_000 - 1)).toBeLessThan(0.05);
    expect(await openOrders(it.control)).toEqual([]);
  });

  test('takes the drawn time to acknowledge', async () => {
    await using it = await exchange({ knobs: { ackLatency: { type: 'fixed', ms: 300 }, fillLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    const startMs = performance.now();
    submit(gateway, {});
    await gateway.first('ack');
    expect(performance.now() - startMs).toBeGreaterThan(290);
  });

  test('draws the same latencies and the same rejects again for the same seed, and after a reset', async () => {
    const story = async (options: { seed: number; reset?: boolean }): Promise<unknown[]> => {
      const knobs = { rejectRatio: 0.5, ackLatency: { type: 'uniform', minMs: 1, maxMs: 5 } } as const;
      await using it = await exchange({ seed: options.seed, knobs });
      using gateway = await hear(wsUrl(it.gateway));
      for (const n of [1, 2, 3, 4, 5]) submit(gateway, { order_id: `before-${n}` });
      if (options.reset === true) {
        await eventually(async () => ((await openOrders(it.control)).length === 0 ? true : undefined), 'all closed');
        await fetch(`${httpUrl(it.control)}/reset`, { method: 'POST' });
        for (const n of [1, 2, 3, 4, 5]) submit(gateway, { order_id: `after-${n}` });
      }
      const count = options.reset === true ? 10 : 5;
      return await eventually(async () => {
        const orders = list((await json(await fetch(`${httpUrl(it.control)}/orders`)))['orders']);
        return orders.length === count ? orders.map((order) => order['drawn']) : undefined;
      }, 'all orders arrived');
    };
    const once = await story({ seed: 11 });
    expect(await story({ seed: 11 })).toEqual(once);
    expect(await story({ seed: 12 })).not.toEqual(once);
    expect(await story({ seed: 11, reset: true })).toEqual([...once, ...once]);
  });

  test('rejects at once what exceeds the rate limit, and takes orders again when there is none', async () => {
    await using it = await exchange({ knobs: { rateLimit: { orders: 1, perMs: 600_000 }, ackLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, { order_id: 'taken' });
    submit(gateway, { order_id: 'too-many' });
    expect(await gateway.first('reject')).toMatchObject({ order_id: 'too-many', reason: 'rate limit exceeded' });
    expect(await gateway.first('ack')).toMatchObject({ order_id: 'taken' });
    await fetch(`${httpUrl(it.control)}/knobs`, { method: 'PATCH', body: JSON.stringify({ rateLimit: null }) });
    submit(gateway, { order_id: 'again' });
    await eventually(() => (gateway.of('ack').length === 2 ? true : undefined), 'the second is taken');
  });

  test('never acknowledges by neverAckRatio, and the order can be cancelled', async () => {
    await using it = await exchange({ knobs: { neverAckRatio: 1, ackLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, {});
    await eventually(async () => ((await openOrders(it.control)).length === 1 ? true : undefined), 'it arrived');
    await pause(100);
    expect(gateway.of('ack')).toEqual([]);
    gateway.say({ op: 'cancel', order_id: 'a' });
    expect(await gateway.first('cancelled')).toMatchObject({ order_id: 'a' });
    expect(await openOrders(it.control)).toEqual([]);
  });

  test('rejects by rejectRatio, and an unknown symbol always', async () => {
    await using it = await exchange({ knobs: { rejectRatio: 1, ackLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, {});
    expect(await gateway.first('reject')).toMatchObject({ order_id: 'a', reason: 'rejected by the exchange' });
    await turn(it.control, { rejectRatio: 0 });
    submit(gateway, { order_id: 'b', symbol: 'TULIPS' });
    const second = await gateway.first('reject', (m) => m['order_id'] === 'b');
    expect(second['reason']).toBe('unknown symbol TULIPS');
  });

  test('lets a limit far from the market rest until it is cancelled, and lists it as open', async () => {
    await using it = await exchange({ knobs: { ackLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, { order_type: 'limit', price: 100 });
    await gateway.first('ack');
    gateway.say({ op: 'open_orders' });
    expect((await gateway.first('open_orders'))['orders']).toMatchObject([{ order_id: 'a', status: 'resting' }]);
    gateway.say({ op: 'cancel', order_id: 'a' });
    await gateway.first('cancelled');
    gateway.say({ op: 'open_orders' });
    await gateway.first('open_orders', (m) => list(m['orders']).length === 0);
    expect(gateway.of('fill')).toEqual([]);
  });

  test('fills a marketable limit and a stop that is reached, and not a stop that is far away', async () => {
    await using it = await exchange({ knobs: { ackLatency: QUICK, fillLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, { order_id: 'limit', order_type: 'limit', price: 60_000 });
    submit(gateway, { order_id: 'stop', order_type: 'stop', price: 40_000 });
    submit(gateway, { order_id: 'far', order_type: 'stop', price: 90_000 });
    submit(gateway, { order_id: 'stop-limit', order_type: 'stop_limit', side: 'sell', price: 20_000 });
    await gateway.first('fill', (m) => m['order_id'] === 'limit');
    await gateway.first('fill', (m) => m['order_id'] === 'stop');
    await gateway.first('ack', (m) => m['order_id'] === 'stop-limit');
    expect((await openOrders(it.control)).map((o) => o['order_id'])).toEqual(['far', 'stop-limit']);
  });

  test('cancels an immediate order that is not marketable', async () => {
    await using it = await exchange({ knobs: { ackLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, { order_type: 'limit', price: 100, time_in_force: 'IOC' });
    await gateway.first('cancelled');
    expect(await openOrders(it.control)).toEqual([]);
  });

  test('takes an order once, however often it is submitted, and tells its story to whoever asks again', async () => {
    await using it = await exchange({ knobs: { ackLatency: QUICK, fillLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    submit(gateway, {});
    const fill = await gateway.first('fill');
    submit(gateway, {});
    const state = await gateway.first('state');
    expect(state).toMatchObject({ order_id: 'a', status: 'filled', fill: { fill_id: fill['fill_id'] } });
    expect(gateway.of('fill').length).toBe(1);
  });

  test('closes an order that is cancelled before it arrives', async () => {
    await using it = await exchange({ knobs: { ackLatency: QUICK } });
    using gateway = await hear(wsUrl(it.gateway));
    gateway.say({ op: 'cancel', order_id: 'a' });
    await gateway.first('cancelled');
    submit(gateway, {});
    expect(await gateway.first('state')).toMatchObject({ status: 'cancelled', reason: 'never received' });
    expect(gateway.of('ack')).toEqual([]);
  });

  test('answers nonsense with an error and goes on', async () => {
    await using it = await exchange();
    using gateway = await hear(wsUrl(it.gateway));
    gateway.socket.send('{"op":');
    gateway.say({ op: 'submit', order: { order_id: 'a' } });
    await eventually(() => (gateway.of('error').length === 2 ? true : undefined), 'two errors');
    submit(gateway, {});
    expect(await gateway.first('ack')).toMatchObject({ order_id: 'a' });
  });
});

describe('the control port', () => {
  test('shows the knobs, merges a change, and refuses a bad one as a whole', async () => {
    await using it = await exchange();
    const knobs = `${httpUrl(it.control)}/knobs`;
    const start = await json(await fetch(knobs));
    expect(start).toEqual({
      ackLatency: { type: 'lognormal', medianMs: 20, sigma: 0.4 },
      fillLatency: { type: 'lognormal', medianMs: 15, sigma: 0.4 },
      neverAckRatio: 0,
      rateLimit: null,
      clockDriftMsPerSecond: 0,
      rejectRatio: 0,
      staleFeedMs: 0,
      freeze: false,
      gapRatio: 0,
      duplicateRatio: 0,
      symbolStall: null,
    });
    expect(await json(await turn(it.control, { gapRatio: 0.5 }))).toEqual({ ...start, gapRatio: 0.5 });

    const refused = async (body: string): Promise<unknown> => {
      const response = await fetch(knobs, { method: 'PATCH', body });
      expect(response.status).toBe(400);
      return (await json(response))['error'];
    };
    expect(await refused('{"rejectRatio":1,"bogus":1}')).toBe('Unrecognized key: "bogus"');
    expect(await refused('{"rejectRatio":2}')).toBe('rejectRatio: Too big: expected number to be <=1');
    expect(await refused('{"symbolStall":{"everyMs":5,"forMs":5,"symbols":1}}')).toBe(
      'symbolStall: forMs must be below everyMs',
    );
    expect(await refused('[]')).toBe('expected a JSON object of knobs');
    expect(await refused('{')).toBe('the body is not JSON');
    expect(await json(await fetch(knobs))).toEqual({ ...start, gapRatio: 0.5 });

    const reset = await fetch(`${httpUrl(it.control)}/reset`, { method: 'POST' });
    expect(await json(reset)).toEqual(start);
  });
});

test('an exchange whose port is taken says so and leaves nothing behind', async () => {
  await using it = await exchange();
  const options = { name: 'second', seed: 1, symbols: 1, ticksPerSecond: 1, clock: createSystemClock() };
  await expect(startExchange({ ...options, ports: { gateway: it.gateway.port } })).rejects.toThrow('EADDRINUSE');
});
