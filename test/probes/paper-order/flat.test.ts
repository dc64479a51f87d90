import { describe, expect, it } from 'vitest';
import { duration, quantity, run } from './open.ts';
import { answerJson, fakeVenue, fill } from './venue.ts';

const some: unknown = expect.any(Number);
const flat = (url: string, more: object = {}) => ({
  flatten: true,
  positions: { url: `${url}/positions`, within: '200ms', ...more },
});

describe('the position afterwards', () => {
  it('is asked for, and flat', async () => {
    await using venue = await fakeVenue();
    const { seen } = await run(venue.url, flat(venue.url));
    expect(seen).toMatchObject({ outcome: 'good', values: { position: 0 } });
    expect(venue.log.at(-1)).toBe('GET /positions');
  });

  it('that is not flat is bad, with its size', async () => {
    await using venue = await fakeVenue({
      positions: (response) =>
        answerJson(response, 200, {
          positions: [
            { symbol: 'ETHUSD', quantity: 5 },
            { symbol: 'BTCUSD', quantity: -0.003 },
          ],
        }),
    });
    const { seen } = await run(venue.url, flat(venue.url));
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'not-flat',
      detail: 'a position of -0.003 BTCUSD remains',
      values: { position: -0.003 },
    });
    expect(seen.readings).toEqual([duration('ack', some), duration('order-fill', some), quantity('0.001')]);
  });

  it('may take a moment to be shown', async () => {
    let asked = 0;
    await using venue = await fakeVenue({
      positions: (response) => {
        asked += 1;
        answerJson(response, 200, { positions: asked === 1 ? [{ symbol: 'BTCUSD', quantity: 0.001 }] : [] });
      },
    });
    expect((await run(venue.url, flat(venue.url))).seen).toMatchObject({ outcome: 'good', values: { position: 0 } });
  });

  it('is read where the configuration says that it is', async () => {
    await using venue = await fakeVenue({
      positions: (response) => answerJson(response, 200, { result: { name: 'BTCUSD', held: { size: '0.002' } } }),
    });
    const where = { path: '$.result', symbol: 'name', quantity: 'held.size' };
    const { seen } = await run(venue.url, flat(venue.url, where));
    expect(seen).toMatchObject({ reason: 'not-flat', detail: 'a position of 0.002 BTCUSD remains' });
  });

  it.each([
    [200, { other: [] }, 'the position is not known: nothing at $.positions'],
    [200, { positions: [{ symbol: 'BTCUSD' }] }, 'the position is not known: no quantity of BTCUSD'],
    [503, {}, 'the position is not known: status 503'],
  ])('that the venue does not say (%i %j) is not flat', async (status, body, detail) => {
    await using venue = await fakeVenue({ positions: (response) => answerJson(response, status, body) });
    const { seen } = await run(venue.url, flat(venue.url));
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'not-flat', detail, values: { position: null } });
  });

  it('is on one of the allowed hosts, or nobody is asked anything', async () => {
    await using venue = await fakeVenue();
    const { seen } = await run(venue.url, flat('https://live.example'));
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'not-paper' });
    expect(venue.log).toEqual([]);
  });
});

describe('a run that is stopped', () => {
  it.each([
    ['by the process', new Error('the process stops')],
    ['by its deadline', new DOMException('no answer within 5000 ms', 'TimeoutError')],
  ])('%s, once its order is filled, still puts the position back', async (_, why) => {
    const stop = new AbortController();
    let held = 0;
    await using venue = await fakeVenue({
      place: (order) => {
        fill(order);
        held += order.side === 'sell' ? -order.quantity : order.quantity;
        stop.abort(why);
      },
      positions: (response) => answerJson(response, 200, { positions: [{ symbol: 'BTCUSD', quantity: held }] }),
    });
    const { log } = await run(venue.url, flat(venue.url), { signal: stop.signal });
    expect(held).toBe(0);
    expect(log.map((line) => line.split(' ')[0])).toEqual(['intend', 'close', 'intend', 'close']);
  });

  it('gives up within its own bound when the venue does not let it', async () => {
    const stop = new AbortController();
    let orders = 0;
    await using venue = await fakeVenue({
      // The way back is never answered.
      submit: () => ++orders > 1,
      place: (order) => {
        fill(order);
        stop.abort(new Error('the process stops'));
      },
      find: () => orders > 1,
    });
    const startedMs = performance.now();
    const { seen } = await run(venue.url, flat(venue.url), { signal: stop.signal });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'aborted' });
    expect(orders).toBe(2);
    expect(performance.now() - startedMs).toBeLessThan(4_500);
  });
});
