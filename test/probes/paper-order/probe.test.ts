import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../../probes/probe.ts';
import { freePort } from '../../support/servers.ts';
import { testContext } from '../context.ts';
import { duration, ID, open, quantity, run } from './open.ts';
import { acknowledge, answerJson, fakeVenue, fill } from './venue.ts';

describe('a paper order', () => {
  it('is written down, submitted, acknowledged, filled and closed', async () => {
    await using venue = await fakeVenue();
    const { seen, log, intents } = await run(venue.url);
    expect(seen).toMatchObject({ outcome: 'good', reason: null, detail: null, values: { status: 201, doubtful: 0 } });
    expect(seen.readings).toEqual([
      duration('ack', expect.any(Number)),
      duration('order-fill', expect.any(Number)),
      quantity('0.001'),
    ]);
    expect(log).toEqual([`intend ${ID}`, `close ${ID} filled, 0.001 of 0.001 executed`]);
    expect(intents[0]).toMatchObject({ probe: 'probe', venue: 'primary', runId: 'probe/1/a' });
    expect(venue.log).toEqual(['GET /account', 'POST /orders', 'GET /orders']);
  });

  it('does not leave before its intent is durable', async () => {
    await using venue = await fakeVenue();
    const context = testContext();
    const orders = {
      ...context.orders,
      intend: () => Promise.reject(new Error('the ledger is full')),
    };
    await expect(open(venue.url).run({ ...context, orders })).rejects.toThrow('the ledger is full');
    expect(venue.sent()).toBe(0);
  });

  it('takes an acknowledgement from the submission itself', async () => {
    await using venue = await fakeVenue({
      submit: (_request, response, body) => {
        answerJson(response, 201, { ...body, order_id: 1, status: 'FILLED', filled_quantity: 0.001 });
        return true;
      },
    });
    const { seen } = await run(venue.url);
    expect(seen).toMatchObject({ outcome: 'good', values: { polls: 0 } });
    expect(venue.log).toEqual(['GET /account', 'POST /orders']);
  });

  it('is cancelled when it is never acknowledged', async () => {
    await using venue = await fakeVenue({ place: () => {} });
    const { seen, log } = await run(venue.url);
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'never-acked',
      detail: 'expected an acknowledgement within 300 ms, got status pending',
    });
    expect(seen.readings).toEqual([duration('ack', null), duration('order-fill', null), quantity('0')]);
    expect(log).toEqual([`intend ${ID}`, `close ${ID} cancelled`]);
  });

  it('is cancelled when it is acknowledged and not filled', async () => {
    await using venue = await fakeVenue({
      place: (order) => {
        acknowledge(order);
        order.filled_quantity = 0.0004;
      },
    });
    const { seen, log } = await run(venue.url);
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'not-filled',
      detail: 'expected 0.001 to be executed within 600 ms, got 0.0004 (acknowledged)',
    });
    expect(seen.readings).toEqual([
      duration('ack', expect.any(Number)),
      duration('order-fill', null),
      quantity('0.0004'),
    ]);
    expect(log.at(-1)).toBe(`close ${ID} cancelled, 0.0004 of 0.001 executed`);
  });

  it('that is not marketable is acknowledged, cancelled and good', async () => {
    await using venue = await fakeVenue({ place: acknowledge });
    const order = { symbol: 'BTCUSD', order_type: 'limit', quantity: 0.001, price: 1 };
    const { seen, log } = await run(venue.url, { order });
    expect(seen).toMatchObject({ outcome: 'good' });
    expect(seen.readings).toEqual([duration('ack', expect.any(Number)), duration('order-cancel', expect.any(Number))]);
    expect(log.at(-1)).toBe(`close ${ID} cancelled`);
  });

  it('that the venue rejects was answered', async () => {
    await using venue = await fakeVenue({
      place: (order) => {
        order.status = 'rejected';
        order.reject_reason = 'halted';
      },
    });
    const { seen, log } = await run(venue.url);
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'rejected', detail: 'the venue rejected the order: halted' });
    expect(seen.readings).toEqual([duration('ack', expect.any(Number)), duration('order-fill', null), quantity('0')]);
    expect(log.at(-1)).toBe(`close ${ID} rejected: halted`);
  });

  it.each([
    [422, { error: 'risk_rejected' }, 'risk-rejected', 'the order was refused with status 422 (risk_rejected)'],
    [400, { error: 'invalid_order' }, 'http-4xx', 'the order was refused with status 400 (invalid_order)'],
    [401, {}, 'http-4xx', 'the order was refused with status 401'],
  ])('refused with %i %j leaves the SLI', async (status, body, reason, detail) => {
    await using venue = await fakeVenue({
      submit: (_request, response) => {
        answerJson(response, status, body);
        return true;
      },
    });
    const { seen, log } = await run(venue.url);
    expect(seen).toMatchObject({ outcome: 'excluded', reason, detail, readings: [] });
    expect(log).toEqual([`intend ${ID}`, `close ${ID} never placed: ${detail}`]);
  });

  it('that cannot be closed is left open, and says so', async () => {
    await using venue = await fakeVenue({ place: acknowledge, cancel: () => {} });
    const { seen, log } = await run(venue.url, { timeout: '1200ms' }, { timeoutMs: 1200 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'left-open', values: { doubtful: 1 } });
    expect(seen.detail).toBe(`order ${ID} could not be closed: its status is acknowledged (before that: not-filled)`);
    expect(log).toEqual([`intend ${ID}`]);
  });

  it('waits for a cancel that takes its time', async () => {
    await using venue = await fakeVenue({
      place: acknowledge,
      cancel: (order) => {
        order.status = 'pending_cancel';
        setTimeout(() => (order.status = 'cancelled'), 150);
      },
    });
    const { seen, log } = await run(venue.url);
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'not-filled' });
    expect(log.at(-1)).toBe(`close ${ID} cancelled`);
    expect(venue.log.filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
  });

  it('whose submission breaks is asked after, and cancelled if it arrived', async () => {
    await using venue = await fakeVenue();
    let broken = false;
    await using breaking = await fakeVenue({
      submit: (request, _response, body) => {
        broken = true;
        breaking.orders.set('o1', {
          order_id: 'o1',
          client_order_id: body.client_order_id,
          side: 'buy',
          quantity: 0.001,
          status: 'acknowledged',
          filled_quantity: 0,
          ack_timestamp: 1,
          reject_reason: null,
        });
        request.socket.resetAndDestroy();
        return true;
      },
    });
    const { seen, log } = await run(breaking.url);
    expect(broken).toBe(true);
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'reset', readings: [duration('ack', null), {}, {}] });
    expect(log.at(-1)).toBe(`close ${ID} cancelled`);
    expect(venue.log).toEqual([]);
  });

  it('answered with 500 and unknown to the venue stays in doubt, until a later run may say that it never arrived', async () => {
    let failing = true;
    await using venue = await fakeVenue({
      submit: (_request, response) => {
        if (failing) answerJson(response, 500, {});
        return failing;
      },
    });
    const probe = open(venue.url);
    const first = testContext();
    expect(await probe.run(first)).toMatchObject({ outcome: 'bad', reason: 'http-5xx', values: { doubtful: 1 } });
    expect(first.orderLog).toEqual([`intend ${ID}`]);
    failing = false;
    const soon = testContext({ runId: 'probe/2/b' });
    expect(await probe.run(soon)).toMatchObject({ outcome: 'good', values: { doubtful: 1 } });
    const later = testContext({ runId: 'probe/3/c' });
    const clock = { ...later.clock, wallMs: () => later.clock.wallMs() + 60_000 };
    expect(await probe.run({ ...later, clock })).toMatchObject({ outcome: 'good', values: { doubtful: 0 } });
    expect(later.orderLog[0]).toBe(`close ${ID} never arrived at the venue`);
  });

  it('is closed before the run ends when the process stops', async () => {
    const stop = new AbortController();
    await using venue = await fakeVenue({
      place: (order) => {
        acknowledge(order);
        stop.abort(new Error('the process stops'));
      },
    });
    const { seen, log } = await run(venue.url, {}, { signal: stop.signal });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'aborted', readings: [] });
    expect(log.at(-1)).toBe(`close ${ID} cancelled`);
  });

  it('keeps its id within 128 characters, whatever the names', async () => {
    await using venue = await fakeVenue();
    const long = { location: 'l'.repeat(80), probe: 'p'.repeat(200), runId: `${'p'.repeat(200)}/1abc/0f0f` };
    const { intents } = await run(venue.url, {}, long);
    expect(intents[0]?.clientOrderId.length).toBeLessThanOrEqual(128);
    expect(intents[0]?.clientOrderId).toMatch(/\.1abc\.0f0f$/);
  });
});

describe('paper or nothing: no order leaves', () => {
  it.each([
    [
      'when the account says something else',
      { mode: 'live' },
      'expected $.mode to be "paper", got "live"; nothing was sent',
    ],
    ['when the account says nothing', {}, 'expected $.mode to be "paper", got nothing there; nothing was sent'],
  ])('%s', async (_name, body, detail) => {
    await using venue = await fakeVenue({ account: (response) => answerJson(response, 200, body) });
    const { seen, log } = await run(venue.url);
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'not-paper', detail, readings: [] });
    expect(venue.sent()).toBe(0);
    expect(log).toEqual([]);
  });

  it('when the proof is no JSON, or points elsewhere', async () => {
    for (const status of [200, 302]) {
      await using venue = await fakeVenue({ account: (response) => response.writeHead(status).end('<html>') });
      expect((await run(venue.url)).seen).toMatchObject({ outcome: 'fault', reason: 'not-paper' });
      expect(venue.sent()).toBe(0);
    }
  });

  it('when one of the hosts is not on the list; nobody is even asked', async () => {
    await using venue = await fakeVenue();
    const { seen } = await run(venue.url, { cancel: { url: 'https://live.example/orders/{order_id}' } });
    expect(seen).toMatchObject({
      outcome: 'fault',
      reason: 'not-paper',
      detail: 'expected only hosts of paper.hosts, got live.example; nothing was sent',
    });
    expect(venue.log).toEqual([]);
  });

  it('when the proof cannot be had', async () => {
    await using ill = await fakeVenue({ account: (response) => answerJson(response, 503, {}) });
    expect((await run(ill.url)).seen).toMatchObject({
      outcome: 'bad',
      reason: 'proof-unreachable',
      detail: 'no proof that the account is paper: status 503',
    });
    expect(ill.sent()).toBe(0);
    await using closed = await fakeVenue({ account: (response) => answerJson(response, 401, {}) });
    expect((await run(closed.url)).seen).toMatchObject({ outcome: 'excluded', reason: 'proof-unreachable' });
    expect(closed.sent()).toBe(0);
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect((await run(nobody)).seen).toMatchObject({ outcome: 'bad', reason: 'proof-unreachable' });
  });

  it('when the proof does not come in time', async () => {
    await using venue = await fakeVenue({ account: () => {} });
    const { seen } = await run(venue.url, { timeout: '1s' }, { timeoutMs: 1000 });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'proof-unreachable',
      detail: 'no proof that the account is paper: no complete answer within 200 ms',
    });
    expect(venue.sent()).toBe(0);
  });

  it.each([
    [{ maxQuantity: '0.0009' }, 'expected a quantity of at most 0.0009, got 0.001; nothing was sent'],
    [{ maxNotional: '49.99' }, 'expected a notional of at most 49.99, got 0.001 at 50000; nothing was sent'],
  ])('beyond the limits %j', async (limits, detail) => {
    await using venue = await fakeVenue();
    const { seen } = await run(venue.url, {
      limits: { maxQuantity: 1, maxNotional: 1000, maxPerMinute: 6, ...limits },
    });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'limit', detail });
    expect(venue.log).toEqual([]);
  });

  it('more often than the rate cap admits', async () => {
    await using venue = await fakeVenue();
    const probe = open(venue.url, { limits: { maxQuantity: 1, maxNotional: 1000, maxPerMinute: 2 } });
    let nowMs = 0;
    const at = (run: number) => {
      const context = testContext({ runId: `probe/${run}/a` });
      return { ...context, clock: { ...context.clock, monotonicMs: () => nowMs + performance.now() / 1000 } };
    };
    expect(await probe.run(at(1))).toMatchObject({ outcome: 'good' });
    expect(await probe.run(at(2))).toMatchObject({ outcome: 'good' });
    expect(await probe.run(at(3))).toMatchObject({
      outcome: 'fault',
      reason: 'limit',
      detail: 'expected at most 2 orders a minute, 2 have left and 1 would follow; nothing was sent',
    });
    expect(venue.sent()).toBe(2);
    nowMs = 61_000;
    expect(await probe.run(at(4))).toMatchObject({ outcome: 'good' });
  });
});

describe('flattening', () => {
  it('sends the opposite order, under an id of its own', async () => {
    await using venue = await fakeVenue();
    const { seen, log } = await run(venue.url, { flatten: true });
    expect(seen).toMatchObject({ outcome: 'good' });
    expect([...venue.orders.values()].map(({ side, status, quantity }) => [side, status, quantity])).toEqual([
      ['buy', 'filled', 0.001],
      ['sell', 'filled', 0.001],
    ]);
    expect(log.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      `intend ${ID}`,
      `close ${ID}`,
      `intend ${ID}.flat`,
      `close ${ID}.flat`,
    ]);
  });

  it('that fails is bad, and names the position', async () => {
    await using venue = await fakeVenue({
      place: (order) => (order.side === 'buy' ? fill(order) : (order.status = 'rejected')),
    });
    const { seen } = await run(venue.url, { flatten: true });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'not-flat',
      detail: 'a position of 0.001 BTCUSD was not flattened: the venue rejected the order: no reason given',
    });
  });
});

describe('the sweep of what earlier runs left', () => {
  const intent = (clientOrderId: string, atMs = 0): OrderIntent => ({
    clientOrderId,
    probe: 'probe',
    venue: 'primary',
    runId: 'probe/0/z',
    atMs,
  });
  const order = (client_order_id: string, status: string) => ({
    order_id: `of-${client_order_id}`,
    client_order_id,
    side: 'buy',
    quantity: 0.001,
    status,
    filled_quantity: status === 'filled' ? 0.001 : 0,
    ack_timestamp: 1,
    reject_reason: null,
  });

  it('cancels what is open and reports how each ended', async () => {
    await using venue = await fakeVenue();
    for (const known of [order('a', 'acknowledged'), order('b', 'filled')]) venue.orders.set(known.order_id, known);
    const swept = await open(venue.url).sweep?.([intent('a'), intent('b'), intent('c')], testContext());
    expect(swept).toEqual([
      { clientOrderId: 'a', state: 'closed', how: 'cancelled' },
      { clientOrderId: 'b', state: 'closed', how: 'filled, 0.001 of 0.001 executed' },
      { clientOrderId: 'c', state: 'closed', how: 'never arrived at the venue' },
    ]);
    expect(venue.sent()).toBe(0);
  });

  it('asks again later when the venue is not there, or the order may still be on its way', async () => {
    const nobody = open(`http://127.0.0.1:${await freePort()}`);
    const swept = await nobody.sweep?.([intent('a')], testContext({ timeoutMs: 200 }));
    expect(swept).toMatchObject([{ clientOrderId: 'a', state: 'unreachable' }]);
    await using venue = await fakeVenue();
    expect(await open(venue.url).sweep?.([intent('c', Date.now())], testContext())).toEqual([
      { clientOrderId: 'c', state: 'unreachable', how: 'the venue does not know it, but it may be on its way' },
    ]);
  });
});
