import { describe, expect, test } from 'vitest';
import { eventually } from '../support/servers.ts';
import { api, hear, json, list, orderWith, practice, steps, turn, TOKEN, wsUrl } from './support.ts';
import type { Json } from './support.ts';

const QUICK = { type: 'fixed', ms: 1 } as const;
const PROMPT = { exchange: { knobs: { ackLatency: QUICK, fillLatency: QUICK } } };
const MARKET = { symbol: 'BTCUSD', side: 'buy', quantity: 0.25, reference_price: 50_000 };

const place = async (url: string, order: Json): Promise<Json> => {
  const response = await api(url, '/api/v1/orders', { body: { ...MARKET, ...order } });
  expect(response.status).toBe(201);
  return json(response);
};
const positions = async (url: string): Promise<Json[]> =>
  list((await json(await api(url, '/api/v1/positions')))['positions']);
const orders = async (url: string, query: string): Promise<Json[]> =>
  list((await json(await api(url, `/api/v1/orders?${query}`)))['orders']);

describe('REST', () => {
  test('answers status to anyone, and everything else only to the bearer of the token', async () => {
    await using it = await practice();
    const status = await fetch(`${it.url}/api/v1/status`);
    expect(await json(status)).toEqual({
      status: 'running',
      uptime_seconds: expect.any(Number),
      version: expect.any(String),
    });
    for (const path of ['/api/v1/positions', '/api/v1/orders', '/api/v1/account']) {
      const refused = await fetch(`${it.url}${path}`);
      expect(refused.status).toBe(401);
      expect(await json(refused)).toEqual({ error: 'unauthorized', message: 'a bearer token is required' });
      expect((await api(it.url, path, { token: `${TOKEN}x` })).status).toBe(401);
      expect((await api(it.url, path)).status).toBe(200);
    }
    expect(await json(await api(it.url, '/api/v1/account'))).toEqual({ account_id: 'PAPER-1', mode: 'paper' });
    expect((await api(it.url, '/api/v1/nothing')).status).toBe(404);
  });

  test('takes a market order as pending, then shows its acknowledgement and its fill', async () => {
    await using it = await practice({ exchange: { knobs: { ackLatency: { type: 'fixed', ms: 100 } } } });
    const taken = await place(it.url, { client_order_id: 'c-1' });
    expect(taken).toMatchObject({ status: 'pending', filled_quantity: 0, average_price: null, ack_timestamp: null });
    const filled = await orderWith(it.url, taken['order_id'], 'filled');
    expect(filled).toMatchObject({ filled_quantity: 0.25, client_order_id: 'c-1', average_price: expect.any(Number) });
    const at = (key: string): number => Number(filled[key]);
    expect(at('ack_timestamp') - at('created_timestamp')).toBeGreaterThan(90_000);
    expect(at('fill_timestamp')).toBeGreaterThanOrEqual(at('ack_timestamp'));
    expect(await orders(it.url, 'client_order_id=c-1')).toEqual([filled]);
    expect(await orders(it.url, 'client_order_id=unknown')).toEqual([]);
    expect(await orders(it.url, 'status=open')).toEqual([]);
  });

  test('holds what was bought and nothing after it was sold', async () => {
    await using it = await practice(PROMPT);
    const bought = await place(it.url, {});
    await orderWith(it.url, bought['order_id'], 'filled');
    expect(await positions(it.url)).toMatchObject([{ symbol: 'BTCUSD', quantity: 0.25 }]);
    const sold = await place(it.url, { side: 'sell' });
    await orderWith(it.url, sold['order_id'], 'filled');
    expect(await positions(it.url)).toEqual([]);
  });

  test('answers the same client_order_id with the same answer and never places a second order', async () => {
    await using it = await practice(PROMPT);
    const body = { ...MARKET, client_order_id: 'again' };
    const many = await Promise.all(Array.from({ length: 8 }, () => api(it.url, '/api/v1/orders', { body })));
    const answers = await Promise.all(many.map((response) => response.text()));
    expect(new Set(many.map((response) => response.status))).toEqual(new Set([201]));
    expect(new Set(answers).size).toBe(1);
    const [first] = await orders(it.url, 'client_order_id=again');
    await orderWith(it.url, first?.['order_id'], 'filled');
    const late = await api(it.url, '/api/v1/orders', { body });
    expect(late.headers.get('idempotent-replay')).toBe('true');
    expect(await late.text()).toBe(answers[0]);
    expect((await orders(it.url, '')).length).toBe(1);
    expect(await positions(it.url)).toMatchObject([{ quantity: 0.25 }]);

    const other = await api(it.url, '/api/v1/orders', { body: { ...body, quantity: 1 } });
    expect(other.status).toBe(409);
    expect(await json(other)).toEqual({
      error: 'idempotency_conflict',
      message: 'client_order_id again was used for a different order',
    });
  });

  test.each([
    [{ ...MARKET, quantity: 0 }, 'quantity: Too small: expected number to be >0'],
    [{ ...MARKET, quantity: 1e-9 }, 'quantity: at most eight decimals'],
    [{ symbol: 'BTCUSD', side: 'buy', quantity: 1 }, 'reference_price: required when there is no price'],
    [{ ...MARKET, order_type: 'limit' }, 'price: required for a limit order'],
    [{ ...MARKET, leverage: 3 }, 'Unrecognized key: "leverage"'],
    [
      { ...MARKET, side: 'hold', client_order_id: 'x'.repeat(129) },
      'side: Invalid option: expected one of "buy"|"sell"; client_order_id: Too big: expected string to have <=128 characters',
    ],
  ])('refuses %j', async (body, message) => {
    await using it = await practice();
    const refused = await api(it.url, '/api/v1/orders', { body });
    expect(refused.status).toBe(400);
    expect(await json(refused)).toEqual({ error: 'invalid_order', message });
    expect(await orders(it.url, '')).toEqual([]);
  });

  test('refuses an order above the risk limit before it reaches the exchange', async () => {
    await using it = await practice({ venue: { knobs: { maxNotional: 1_000 } } });
    const refused = await api(it.url, '/api/v1/orders', { body: MARKET });
    expect(refused.status).toBe(422);
    expect(await json(refused)).toEqual({
      error: 'risk_rejected',
      message: 'notional 12500 is above the limit of 1000',
    });
  });

  test('cancels a resting order, twice alike, and says why it cannot cancel a filled one', async () => {
    await using it = await practice(PROMPT);
    const resting = await place(it.url, { order_type: 'limit', price: 100 });
    await orderWith(it.url, resting['order_id'], 'acknowledged');
    expect((await orders(it.url, 'status=open')).map((o) => o['order_id'])).toEqual([resting['order_id']]);
    const path = `/api/v1/orders/${String(resting['order_id'])}`;
    for (const _ of [1, 2]) {
      const cancelled = await api(it.url, path, { method: 'DELETE' });
      expect(cancelled.status).toBe(200);
      expect(await json(cancelled)).toMatchObject({ status: 'cancelled', filled_quantity: 0 });
    }
    expect(await orders(it.url, 'status=open')).toEqual([]);

    const filled = await place(it.url, {});
    await orderWith(it.url, filled['order_id'], 'filled');
    const late = await api(it.url, `/api/v1/orders/${String(filled['order_id'])}`, { method: 'DELETE' });
    expect(late.status).toBe(409);
    expect(await json(late)).toMatchObject({ status: 'filled' });
    expect((await api(it.url, '/api/v1/orders/none', { method: 'DELETE' })).status).toBe(404);
  });

  test('leaves a never-acknowledged order pending and open until it is cancelled', async () => {
    await using it = await practice({ exchange: { knobs: { neverAckRatio: 1 } } });
    const order = await place(it.url, { client_order_id: 'lost' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await orders(it.url, 'status=open&client_order_id=lost')).toMatchObject([
      { status: 'pending', ack_timestamp: null },
    ]);
    const cancelled = await api(it.url, `/api/v1/orders/${String(order['order_id'])}`, { method: 'DELETE' });
    expect(await json(cancelled)).toMatchObject({ status: 'cancelled', ack_timestamp: null });
  });

  test("shows the exchange's reject with its reason, never acknowledged", async () => {
    await using it = await practice({ exchange: { knobs: { rejectRatio: 1, ackLatency: QUICK } } });
    const order = await place(it.url, {});
    expect(await orderWith(it.url, order['order_id'], 'rejected')).toMatchObject({
      reject_reason: 'rejected by the exchange',
      ack_timestamp: null,
    });
    expect(await positions(it.url)).toEqual([]);
  });

  test('sends an order to the exchange it names', async () => {
    await using it = await practice(PROMPT);
    await turn(it.backup.control, { rejectRatio: 1 });
    const [here, there] = [await place(it.url, {}), await place(it.url, { venue: 'backup' })];
    expect(await orderWith(it.url, here['order_id'], 'filled')).toMatchObject({ venue: 'primary' });
    expect(await orderWith(it.url, there['order_id'], 'rejected')).toMatchObject({ venue: 'backup' });
  });
});

describe("the venue's knob", () => {
  const statuses = async (url: string, n: number): Promise<number[]> => {
    const all: number[] = [];
    for (let i = 0; i < n; i += 1) all.push((await api(url, '/api/v1/positions')).status);
    return all;
  };

  test('errorRatio answers 500 in its share, in the same places again after a reset, and leaves health alone', async () => {
    await using it = await practice({ venue: { knobs: { errorRatio: 0.5 } } });
    const once = await statuses(it.url, 30);
    expect(new Set(once)).toEqual(new Set([200, 500]));
    await fetch(`http://127.0.0.1:${it.venue.control.port}/reset`, { method: 'POST' });
    expect(await statuses(it.url, 30)).toEqual(once);
    await turn(it.venue.control, { errorRatio: 1 });
    expect((await fetch(`${it.url}/health`)).status).toBe(200);
    expect((await fetch(`${it.url}/api/v1/status`)).status).toBe(500);
    const refused = await api(it.url, '/api/v1/orders', { body: MARKET });
    expect(refused.status).toBe(500);
    await turn(it.venue.control, { errorRatio: 0 });
    expect(await orders(it.url, '')).toEqual([]);
  });

  test('unauthorizedRatio answers 401 in spite of the token', async () => {
    await using it = await practice();
    await turn(it.venue.control, { unauthorizedRatio: 1 });
    expect(await statuses(it.url, 2)).toEqual([401, 401]);
  });

  test('slowRatio makes a request wait slowMs', async () => {
    await using it = await practice({ venue: { knobs: { slowRatio: 1, slowMs: 300 } } });
    const startMs = performance.now();
    await api(it.url, '/api/v1/positions');
    expect(performance.now() - startMs).toBeGreaterThan(290);
  });

  test('that is unknown is refused by name', async () => {
    await using it = await practice();
    const refused = await turn(it.venue.control, { chaos: true });
    expect(refused.status).toBe(400);
    expect(await json(refused)).toEqual({ error: 'Unrecognized key: "chaos"' });
  });

  test('signalLatency delays signals', async () => {
    await using it = await practice({ venue: { knobs: { signalLatency: { type: 'fixed', ms: 400 } } } });
    using ear = await hear(`${wsUrl(it.venue.edge)}/ws`, ['signals']);
    const signal = await ear.first('signal');
    expect(Number(signal['timestamp']) - Number(signal['tick_timestamp'])).toBeGreaterThan(390_000);
  });
});

describe('/ws', () => {
  test("sends ticks of the platform's form, contiguous, with the exchange's timestamp", async () => {
    await using it = await practice();
    using direct = await hear(wsUrl(it.primary.feed));
    using ear = await hear(`${wsUrl(it.venue.edge)}/ws`, ['trades']);
    expect(await ear.first('subscribed')).toEqual({ type: 'subscribed', channels: ['trades'] });
    await eventually(() => (ear.of('tick').length > 40 ? true : undefined), '40 ticks');
    const tick = ear.of('tick')[20];
    expect(tick).toEqual({
      channel: 'trades',
      type: 'tick',
      event_id: expect.any(String),
      schema_version: '1.0',
      symbol: expect.any(String),
      timestamp: expect.any(Number),
      seq: expect.any(Number),
      bid_price: expect.any(Number),
      ask_price: expect.any(Number),
      last_price: expect.any(Number),
      volume: expect.any(Number),
    });
    expect(steps(ear.of('tick'))).toEqual(new Set([1]));
    const stamps = new Set(direct.of('tick').map((t) => t['ts']));
    expect(stamps.has(tick?.['timestamp'])).toBe(true);
    expect(ear.messages.every((m) => ['subscribed', 'tick', 'heartbeat'].includes(String(m['type'])))).toBe(true);
  });

  test('shows gaps and repeats of the exchange as they are', async () => {
    await using it = await practice();
    using ear = await hear(`${wsUrl(it.venue.edge)}/ws`, ['trades']);
    await ear.first('tick');
    await turn(it.primary.control, { gapRatio: 0.3, duplicateRatio: 0.3 });
    await eventually(() => (steps(ear.of('tick')).size >= 3 ? true : undefined), 'gaps and repeats');
    expect(steps(ear.of('tick'))).toEqual(new Set([0, 1, 2]));
  });

  test('sends signals that name their tick', async () => {
    await using it = await practice();
    using ear = await hear(`${wsUrl(it.venue.edge)}/ws`, ['signals', 'trades']);
    const signal = await ear.first('signal', (m) => ear.of('tick').some((t) => t['event_id'] === m['tick_event_id']));
    const tick = ear.of('tick').find((t) => t['event_id'] === signal['tick_event_id']);
    expect(signal).toMatchObject({
      symbol: tick?.['symbol'],
      tick_timestamp: tick?.['timestamp'],
      tick_seq: tick?.['seq'],
      signal_type: 'momentum',
      ttl_seconds: 5,
    });
    expect(Math.abs(Number(signal['strength']))).toBeLessThanOrEqual(1);
    expect(['BUY', 'SELL', 'FLAT']).toContain(signal['direction']);
  });

  test("tells an order's story in order, and the position that follows from it", async () => {
    await using it = await practice(PROMPT);
    using ear = await hear(`${wsUrl(it.venue.edge)}/ws`, ['orders', 'positions']);
    expect(await ear.first('positions')).toMatchObject({ positions: [] });
    const order = await place(it.url, { client_order_id: 'told' });
    const fill = await ear.first('fill');
    const told = ear.messages.filter((m) => m['channel'] === 'orders');
    expect(told.map((m) => [m['type'], m['status']])).toEqual([
      ['order', 'PENDING'],
      ['ack', 'ACKNOWLEDGED'],
      ['fill', 'FILLED'],
    ]);
    expect(told.every((m) => m['order_id'] === order['order_id'] && m['client_order_id'] === 'told')).toBe(true);
    expect(fill).toMatchObject({ side: 'BUY', order_type: 'MARKET', filled_qty: 0.25, liquidity: 'TAKER', fees: 0 });
    await ear.first('positions', (m) => list(m['positions'])[0]?.['quantity'] === 0.25);
  });

  test('stops what is unsubscribed and explains what it does not understand', async () => {
    await using it = await practice();
    using ear = await hear(`${wsUrl(it.venue.edge)}/ws`, ['trades']);
    await ear.first('tick');
    ear.say({ action: 'unsubscribe', channels: ['trades'] });
    await ear.first('unsubscribed');
    const heard = ear.of('tick').length;
    ear.say({ action: 'subscribe', channels: ['gossip'] });
    const error = await ear.first('error');
    expect(error['message']).toBe(
      'channels.0: Invalid option: expected one of "trades"|"positions"|"signals"|"orders"',
    );
    ear.socket.send('not JSON');
    await ear.first('error', (m) => m['message'] === 'the message is not JSON');
    await ear.first('heartbeat');
    expect(ear.of('tick').length).toBe(heard);
  });

  test('is the only path that speaks WebSocket', async () => {
    await using it = await practice();
    await expect(hear(`${wsUrl(it.venue.edge)}/other`)).rejects.toThrow('Unexpected server response: 404');
  });
});

describe('GraphQL', () => {
  const ask = async (url: string, query: string, variables: Json = {}): Promise<Json> =>
    json(await api(url, '/graphql', { body: { query, variables } }));

  test('submits an order and shows it beside status and positions', async () => {
    await using it = await practice(PROMPT);
    const submitted = await ask(
      it.url,
      'mutation($o: OrderInput!) { submitOrder(input: $o) { status clientOrderId } }',
      {
        o: { symbol: 'BTCUSD', side: 'buy', quantity: 0.25, referencePrice: 50_000, clientOrderId: 'g-1' },
      },
    );
    expect(submitted).toEqual({ data: { submitOrder: { status: 'pending', clientOrderId: 'g-1' } } });
    const [order] = await orders(it.url, 'client_order_id=g-1');
    await orderWith(it.url, order?.['order_id'], 'filled');
    expect(
      await ask(
        it.url,
        '{ status { status } account { mode } positions { symbol quantity } orders(status: "filled") { clientOrderId filledQuantity rejectReason } }',
      ),
    ).toEqual({
      data: {
        status: { status: 'running' },
        account: { mode: 'paper' },
        positions: [{ symbol: 'BTCUSD', quantity: 0.25 }],
        orders: [{ clientOrderId: 'g-1', filledQuantity: 0.25, rejectReason: null }],
      },
    });
  });

  test('refuses by the rules of REST, with the code', async () => {
    await using it = await practice();
    const refused = await ask(
      it.url,
      'mutation { submitOrder(input: {symbol: "BTCUSD", side: "buy", quantity: 1}) { status } }',
    );
    expect(refused['errors']).toMatchObject([
      { message: 'reference_price: required when there is no price', extensions: { code: 'invalid_order' } },
    ]);
    expect((await fetch(`${it.url}/graphql`, { method: 'POST', body: '{}' })).status).toBe(401);
    expect((await api(it.url, '/graphql', { body: {} })).status).toBe(400);
  });
});

test('the page shows what is held, for people and for tests', async () => {
  await using it = await practice(PROMPT);
  const empty = await (await fetch(it.url)).text();
  expect(empty).toContain('Nothing is held.');
  const order = await place(it.url, {});
  await orderWith(it.url, order['order_id'], 'filled');
  const page = await (await fetch(it.url)).text();
  expect(page).toContain('data-testid="position-BTCUSD"');
  expect(page).toContain('PAPER-1 (paper)');
});

test('/metrics is Prometheus text', async () => {
  await using it = await practice(PROMPT);
  const order = await place(it.url, {});
  await orderWith(it.url, order['order_id'], 'filled');
  const response = await fetch(`${it.url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  expect(text).toContain('# TYPE venue_order_events_total counter\n');
  expect(text).toContain('venue_order_events_total{type="fill"} 1\n');
  expect(text).toContain('venue_feed_active{feed="primary"} 1\n');
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) .+|\w+(\{\w+="[\w.+]+"(,\w+="[\w.+]+")*\})? (-?[\d.e+-]+|\+Inf))$/);
});
