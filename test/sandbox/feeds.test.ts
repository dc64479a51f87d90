import { describe, expect, test } from 'vitest';
import { eventually, freePort } from '../support/servers.ts';
import { api, exchange, health, hear, hop, httpUrl, json, orderWith, steps, turn, venue, wsUrl } from './support.ts';
import type { Json } from './support.ts';

const PROMPT = { knobs: { ackLatency: { type: 'fixed', ms: 1 }, fillLatency: { type: 'fixed', ms: 1 } } } as const;
const HASTY = { staleAfterMs: 400, failbackMs: 600, idleTimeoutMs: 800, connectTimeoutMs: 500 };
const MARKET = { symbol: 'BTCUSD', side: 'buy', quantity: 1, reference_price: 50_000 };

const on = (url: string, feed: string, status?: string): Promise<Json> =>
  eventually(
    async () => {
      const now = await health(url);
      return now['feed'] === feed && (status === undefined || now['status'] === status) ? now : undefined;
    },
    `the venue is on the ${feed} feed${status === undefined ? '' : ` and ${status}`}`,
  );

describe('the venue fails over to the backup and comes back', () => {
  test('when the primary is silent, without a gap in what its clients hear', async () => {
    await using primary = await exchange();
    await using backup = await exchange({ name: 'backup' });
    await using it = await venue({ primary, backup }, HASTY);
    const url = httpUrl(it.edge);
    await on(url, 'primary', 'ok');
    using ear = await hear(`${wsUrl(it.edge)}/ws`, ['trades']);
    await ear.first('tick');

    await turn(primary.control, { freeze: true });
    expect(await on(url, 'backup', 'degraded')).toMatchObject({ failovers: 1 });
    const before = ear.of('tick').length;
    await eventually(() => (ear.of('tick').length > before + 20 ? true : undefined), 'ticks from the backup');

    await turn(primary.control, { freeze: false });
    expect(await on(url, 'primary', 'ok')).toMatchObject({ failovers: 2 });
    const after = ear.of('tick').length;
    await eventually(() => (ear.of('tick').length > after + 20 ? true : undefined), 'ticks from the primary');
    expect(steps(ear.of('tick'))).toEqual(new Set([1]));
  });

  test("when the primary's timestamps are stale, though its ticks still come", async () => {
    await using primary = await exchange();
    await using backup = await exchange({ name: 'backup' });
    await using it = await venue({ primary, backup }, HASTY);
    const url = httpUrl(it.edge);
    await on(url, 'primary', 'ok');
    await turn(primary.control, { staleFeedMs: 1_500 });
    await on(url, 'backup');
    using direct = await hear(wsUrl(primary.feed));
    await direct.first('tick');
    const { feeds } = await health(url);
    expect(feeds).toMatchObject({ primary: { connected: true } });
    expect((await health(url))['feed']).toBe('backup');
    await turn(primary.control, { staleFeedMs: 0 });
    await on(url, 'primary', 'ok');
  });

  test('when the network swallows the primary feed', async () => {
    await using primary = await exchange();
    await using backup = await exchange({ name: 'backup' });
    await using relay = await hop(primary.feed);
    await using it = await venue({ primary: { ...primary, feed: relay }, backup }, HASTY);
    const url = httpUrl(it.edge);
    await on(url, 'primary', 'ok');
    relay.silence();
    expect(await on(url, 'backup')).toMatchObject({ failovers: 1 });
    relay.restore();
    expect(await on(url, 'primary', 'ok')).toMatchObject({ failovers: 2 });
  });

  test('not when only some symbols stall', async () => {
    await using primary = await exchange({ symbols: 6 });
    await using backup = await exchange({ name: 'backup', symbols: 6 });
    await using it = await venue({ primary, backup }, HASTY);
    const url = httpUrl(it.edge);
    await on(url, 'primary', 'ok');
    using ear = await hear(`${wsUrl(it.edge)}/ws`, ['trades']);
    await turn(primary.control, { symbolStall: { everyMs: 1_500, forMs: 1_000, symbols: 2 } });
    const heldBack = (): Json[] => {
      const newest = new Map<unknown, number>();
      let highest = 0;
      return ear.of('tick').filter((tick) => {
        const us = Number(tick['timestamp']);
        highest = Math.max(highest, us);
        newest.set(tick['symbol'], us);
        return highest - us > 700_000;
      });
    };
    await eventually(() => (heldBack().length > 0 ? true : undefined), 'ticks that were held back');
    expect(await health(url)).toMatchObject({ feed: 'primary', failovers: 0 });
    expect(steps(ear.of('tick'))).toEqual(new Set([1]));
  });
});

describe('the venue endures', () => {
  test('exchanges that are not there at its start, and finds them when they come', async () => {
    const nowhere = { host: '127.0.0.1', port: await freePort() };
    const gateway = { host: '127.0.0.1', port: await freePort() };
    const upstream = { feed: nowhere, gateway };
    await using it = await venue({ primary: upstream, backup: upstream }, HASTY);
    const url = httpUrl(it.edge);
    const response = await fetch(`${url}/health`);
    expect(response.status).toBe(503);
    expect(await json(response)).toMatchObject({ status: 'unavailable', feed: 'primary', feed_age_ms: null });
    const refused = await api(url, '/api/v1/orders', { body: { ...MARKET, client_order_id: 'early' } });
    expect(refused.status).toBe(503);
    expect(await json(refused)).toEqual({
      error: 'gateway_unavailable',
      message: 'no connection to the primary order gateway; nothing was placed',
    });

    await using late = await exchange({ ...PROMPT, ports: { feed: nowhere.port, gateway: gateway.port } });
    expect(late.feed.port).toBe(nowhere.port);
    await on(url, 'primary', 'ok');
    const taken = await api(url, '/api/v1/orders', { body: { ...MARKET, client_order_id: 'early' } });
    expect(taken.status).toBe(201);
    await orderWith(url, (await json(taken))['order_id'], 'filled');
  });

  test('a gateway that swallows everything: the order is pending, and goes through once when the network is back', async () => {
    await using primary = await exchange(PROMPT);
    await using backup = await exchange({ name: 'backup' });
    await using relay = await hop(primary.gateway);
    await using it = await venue({ primary: { ...primary, gateway: relay }, backup }, { ...HASTY, cancelWaitMs: 100 });
    const url = httpUrl(it.edge);
    await on(url, 'primary', 'ok');
    relay.silence();
    const bought = await json(await api(url, '/api/v1/orders', { body: MARKET }));
    const unwanted = await json(await api(url, '/api/v1/orders', { body: MARKET }));
    expect(bought['status']).toBe('pending');
    const cancelling = await api(url, `/api/v1/orders/${String(unwanted['order_id'])}`, { method: 'DELETE' });
    expect(cancelling.status).toBe(202);
    expect((await json(cancelling))['status']).toBe('pending_cancel');
    await eventually(
      async () => ((await health(url))['status'] === 'degraded' ? true : undefined),
      'the link is given up',
    );

    relay.restore();
    expect(await orderWith(url, bought['order_id'], 'filled')).toMatchObject({ filled_quantity: 1 });
    await orderWith(url, unwanted['order_id'], 'cancelled');
    expect((await json(await api(url, '/api/v1/positions')))['positions']).toMatchObject([{ quantity: 1 }]);
  });

  test('reports that were lost with the connection: it asks again and learns what happened', async () => {
    await using primary = await exchange({ knobs: { ackLatency: { type: 'fixed', ms: 300 } } });
    await using backup = await exchange({ name: 'backup' });
    await using relay = await hop(primary.gateway);
    await using it = await venue({ primary: { ...primary, gateway: relay }, backup }, HASTY);
    const url = httpUrl(it.edge);
    await on(url, 'primary', 'ok');
    using ear = await hear(`${wsUrl(it.edge)}/ws`, ['orders']);
    const order = await json(await api(url, '/api/v1/orders', { body: MARKET }));
    await eventually(async () => {
      const at = await json(await fetch(`${httpUrl(primary.control)}/orders`));
      return JSON.stringify(at).includes(String(order['order_id'])) ? true : undefined;
    }, 'the order arrived');
    relay.silence();
    await eventually(async () => {
      const at = await json(await fetch(`${httpUrl(primary.control)}/orders/open`));
      return JSON.stringify(at) === '{"orders":[]}' ? true : undefined;
    }, 'the exchange filled it');
    relay.restore();
    const filled = await orderWith(url, order['order_id'], 'filled');
    expect(Number(filled['ack_timestamp'])).toBeGreaterThan(Number(filled['broker_ack_timestamp']));
    await ear.first('fill');
    expect(ear.messages.filter((m) => m['channel'] === 'orders').map((m) => m['type'])).toEqual([
      'order',
      'ack',
      'fill',
    ]);
  });

  test('a primary whose connections are cut', async () => {
    await using primary = await exchange();
    await using backup = await exchange({ name: 'backup' });
    await using relay = await hop(primary.feed);
    await using it = await venue({ primary: { ...primary, feed: relay }, backup }, HASTY);
    const url = httpUrl(it.edge);
    await on(url, 'primary', 'ok');
    relay.cut();
    expect(await on(url, 'backup')).toMatchObject({ feeds: { primary: { connected: false } } });
  });
});
