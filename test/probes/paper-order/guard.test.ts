/** What no configuration can switch off. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Guard, Permit } from '../../../probes/paper-order/guard.ts';
import { RateCap } from '../../../probes/paper-order/limits.ts';
import { openPaperOrder } from '../../../probes/paper-order/probe.ts';
import { paperOrderSpec, type PaperOrderSpec } from '../../../probes/paper-order/spec.ts';
import { Venue } from '../../../probes/paper-order/venue.ts';
import { intervalMs, yellowAutoMs } from '../../../runner/engine/cadence.ts';
import { timeBase } from '../../../slo/time-base.ts';
import { plannedProbe } from '../../runner/configured.ts';
import { systemClock } from '../../../runner/clock.ts';
import { testContext, testEnvironment } from '../context.ts';
import { open, run } from './open.ts';
import { fakeSocket } from './socket.ts';
import { answerJson, fakeVenue } from './venue.ts';

const order = { symbol: 'BTCUSD', quantity: 0.001, reference_price: 50_000 };

function document(url: string, part: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'probe',
    kind: 'paper-order',
    service: 's',
    venue: 'primary',
    submit: { url: `${url}/orders` },
    order,
    paper: { url: `${url}/account`, json: { path: '$.mode', equals: 'paper' }, hosts: ['127.0.0.1'] },
    limits: { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute: 60 },
    ackDeadline: '20ms',
    fillDeadline: '30ms',
    ...part,
  };
}

const expected = (part: Record<string, unknown>): readonly string[] =>
  paperOrderSpec.safeParse(document('http://127.0.0.1:1', part)).error?.issues.map(({ message }) => message) ?? [];

describe('a configuration', () => {
  it.each([
    ['no proof', { paper: { url: 'http://127.0.0.1/', hosts: ['127.0.0.1'] } }],
    ['no hosts', { paper: { url: 'http://127.0.0.1/', json: { path: '$.mode', equals: 'paper' }, hosts: [] } }],
    ['no proof at all', { paper: undefined }],
    ['no limits', { limits: undefined }],
    ['no quantity cap', { limits: { maxNotional: 1, maxPerMinute: 1 } }],
    ['no notional cap', { limits: { maxQuantity: 1, maxPerMinute: 1 } }],
    ['no rate cap', { limits: { maxQuantity: 1, maxNotional: 1 } }],
    ['an endless cap', { limits: { maxQuantity: Infinity, maxNotional: 1, maxPerMinute: 1 } }],
    ['an endless rate', { limits: { maxQuantity: 1, maxNotional: 1, maxPerMinute: Infinity } }],
    ['a switch', { limits: { maxQuantity: 1, maxNotional: 1, maxPerMinute: 1, off: true } }],
    ['a switch of its own', { paperOnly: false }],
    ['an order without a price to value it at', { order: { symbol: 'BTCUSD', quantity: 1 } }],
  ])('with %s is refused', (_name, part) => {
    expect(expected(part)).not.toEqual([]);
  });

  it('cannot take for a proof what every account could say', () => {
    const paper = (json: object) => ({ paper: { url: 'http://127.0.0.1/', json, hosts: ['127.0.0.1'] } });
    const value = 'a value that only a paper account has: equals, oneOf, matches';
    expect(expected(paper({ path: '$.mode', exists: true }))).toEqual([value]);
    expect(expected(paper({ path: '$.live', exists: false }))).toEqual([value]);
    expect(expected(paper({ path: '$.mode', matches: '.*' }))).toEqual(['a pattern that not everything matches']);
  });
});

describe('the rate cap', () => {
  it('is kept by every interval that a colour or a game-day can choose, whatever burns', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.boolean(),
        fc.array(fc.constantFrom('0.95', '0.999', '0.99999'), { maxLength: 3 }),
        (maxPerMinute, flatten, burning) => {
          // A flattening run sends two: that cap of one is refused with the configuration.
          fc.pre(maxPerMinute > 1 || !flatten);
          const limits = { maxQuantity: 0.01, maxNotional: 1000, maxPerMinute };
          const probe = plannedProbe({
            ...document('http://127.0.0.1:1', { flatten, limits }),
            every: '10m',
            timeout: '100ms',
            fastest: '1ms',
          });
          const autoMs = yellowAutoMs(probe, 600_000, timeBase(1), burning);
          for (const cadence of ['green', 'yellow', 'red', 'gameday'] as const) {
            const ms = intervalMs(probe, cadence, autoMs) ?? 0;
            expect((60_000 / ms) * (flatten ? 2 : 1)).toBeLessThanOrEqual(maxPerMinute);
          }
        },
      ),
    );
  });
});

describe('the guard', () => {
  it('lets an order leave only where the account answered that it is paper, whatever it answered and however it is configured', async () => {
    const answers = fc.record({
      status: fc.constantFrom(200, 200, 200, 201, 204, 301, 400, 401, 404, 429, 500, 503),
      body: fc.oneof(
        fc.constant(JSON.stringify({ mode: 'paper', account_id: 'PAPER-1' })),
        fc
          .record({ mode: fc.constantFrom('paper', 'live', 'Paper', '', 1, null), account_id: fc.string() })
          .map((b) => JSON.stringify(b)),
        fc.json(),
        fc.string(),
      ),
    });
    const parts = fc.record(
      {
        flatten: fc.boolean(),
        expectFill: fc.boolean(),
        headers: fc.constant({ 'x-paper': 'no' }),
        account: fc.constant({ path: '$.account_id', matches: '^PAPER-' }),
        quantity: fc.constantFrom(0.001, 0.01, 0.02),
        cancel: fc.constant({ method: 'POST' }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(answers, parts, async ({ status, body }, { account, quantity, cancel, ...part }) => {
        await using venue = await fakeVenue({
          account: (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
        });
        const given = document(venue.url, part);
        const spec = paperOrderSpec.parse({
          ...given,
          order: { ...order, quantity: quantity ?? 0.001 },
          paper: {
            url: `${venue.url}/account`,
            json: { path: '$.mode', equals: 'paper' },
            hosts: ['127.0.0.1'],
            ...(account === undefined ? {} : { account }),
          },
          ...(cancel === undefined ? {} : { cancel: { url: `${venue.url}/cancel/{order_id}`, ...cancel } }),
        });
        await openPaperOrder(spec, testEnvironment).run(testContext());
        const may = isPaper(status, body, account !== undefined) && spec.order.quantity !== '0.02';
        const left = venue.sent() > 0 && venue.log.includes('POST /orders');
        expect({ status, body, left }).toEqual({ status, body, left: may });
      }),
      { numRuns: 60 },
    );
  });

  function isPaper(status: number, body: string, byAccount: boolean): boolean {
    // A 204 has no body (RFC 9110), whatever its server wrote.
    if (status === 204 || status >= 300) return false;
    try {
      const said = JSON.parse(body);
      if (said?.mode !== 'paper') return false;
      return !byAccount || (typeof said.account_id === 'string' && said.account_id.startsWith('PAPER-'));
    } catch {
      return false;
    }
  }

  it('gives permits that nobody else can make, and that serve once', async () => {
    await using server = await fakeVenue();
    const spec: PaperOrderSpec = paperOrderSpec.parse(document(server.url));
    const ctx = testContext();
    await using venue = new Venue(spec, systemClock, null);
    const guard = new Guard(spec, new RateCap(1), venue, ctx, 1000);
    const ruling = await guard.permit({ ...spec.order, clientOrderId: 'a' });
    if (!ruling.ok) throw new Error(ruling.verdict.detail ?? '');
    expect(server.log).toEqual(['GET /account']);
    await venue.submit(ruling.permit, ctx.signal, 1000);
    expect(() => venue.submit(ruling.permit, ctx.signal, 1000)).toThrow('the permit of a has been used');
    expect(server.sent()).toBe(1);
    expect(() => Reflect.construct(Permit, [Symbol('made by the guard'), spec.order])).toThrow(
      'a permit that the guard has not given',
    );
    expect(await guard.permit({ ...spec.order, clientOrderId: 'b' })).toMatchObject({
      ok: false,
      verdict: { outcome: 'fault', reason: 'limit' },
    });
  });

  it('looks at the size of the order that leaves, not of the one that is configured', async () => {
    await using server = await fakeVenue();
    const spec = paperOrderSpec.parse(document(server.url));
    await using venue = new Venue(spec, systemClock, null);
    const guard = new Guard(spec, new RateCap(60), venue, testContext(), 1000);
    expect(await guard.permit({ ...spec.order, quantity: '0.011', clientOrderId: 'a' })).toMatchObject({
      ok: false,
      verdict: { reason: 'limit', detail: 'expected a quantity of at most 0.01, got 0.011; nothing was sent' },
    });
  });
});

describe('an account that changes', () => {
  const paperOnce = () => {
    let asked = 0;
    return (response: Parameters<typeof answerJson>[0]) =>
      answerJson(response, 200, { mode: asked++ === 0 ? 'paper' : 'live' });
  };

  it('is asked again when the connection was lost before the way back, which then stays where it is', async () => {
    let isBroken = false;
    await using venue = await fakeVenue({
      account: paperOnce(),
      submit: (_request, response, body) => {
        // The answer is the whole story, so that nothing else is asked; the connection ends after it.
        isBroken = true;
        response.setHeader('connection', 'close');
        answerJson(response, 201, { ...body, order_id: 1, status: 'FILLED', filled_quantity: 0.001 });
        return true;
      },
    });
    const { seen, log } = await run(venue.url, { flatten: true });
    expect(isBroken).toBe(true);
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'not-flat',
      detail:
        'a position of 0.001 BTCUSD was not flattened: expected $.mode to be "paper", got "live"; nothing was sent',
    });
    expect(venue.log).toEqual(['GET /account', 'POST /orders', 'GET /account']);
    expect(log.at(-1)).toMatch(/\.flat never sent: expected \$\.mode/);
  });

  it('is asked again when the connection was lost while a signal was waited for', async () => {
    await using socket = await fakeSocket();
    let asked = 0;
    let isLost = false;
    await using venue = await fakeVenue({
      account: (response) => {
        asked += 1;
        const { socket: connection } = response;
        connection?.once('close', () => {
          isLost = true;
        });
        if (asked === 1) setTimeout(() => connection?.destroy(), 30);
        answerJson(response, 200, { mode: asked === 1 ? 'paper' : 'live' });
      },
    });
    const timer = setInterval(() => {
      if (isLost) socket.push({ type: 'signal', symbol: 'BTCUSD' });
    }, 100);
    const { seen } = await run(venue.url, { signal: { url: socket.url, within: '1s' } });
    clearInterval(timer);
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'not-paper', readings: [] });
    expect(venue.log).toEqual(['GET /account', 'GET /account']);
  });

  it('is proven by its id as well as by what it says', async () => {
    for (const [account_id, outcome] of [
      ['PAPER-7', 'good'],
      ['LIVE-7', 'fault'],
      [undefined, 'fault'],
    ] as const) {
      await using venue = await fakeVenue({ account: (response) => answerJson(response, 200, { account_id }) });
      const paper = {
        url: `${venue.url}/account`,
        account: { path: '$.account_id', matches: '^PAPER-' },
        hosts: ['127.0.0.1'],
      };
      const seen = await open(venue.url, { paper }).run(testContext());
      expect(seen).toMatchObject({ outcome, ...(outcome === 'fault' ? { reason: 'not-paper' } : {}) });
      expect(venue.sent()).toBe(outcome === 'good' ? 1 : 0);
    }
  });

  it('that contradicts itself sends nothing', async () => {
    await using venue = await fakeVenue({
      account: (response) => answerJson(response, 200, { mode: 'paper', account_id: 'LIVE-1' }),
    });
    const paper = {
      url: `${venue.url}/account`,
      json: { path: '$.mode', equals: 'paper' },
      account: { path: '$.account_id', matches: '^PAPER-' },
      hosts: ['127.0.0.1'],
    };
    expect(await open(venue.url, { paper }).run(testContext())).toMatchObject({
      outcome: 'fault',
      reason: 'not-paper',
      detail: 'expected $.account_id to match /^PAPER-/u, got "LIVE-1"; nothing was sent',
    });
    expect(venue.sent()).toBe(0);
  });

  it('that has gone is no proof, and one that refuses us for now is none yet', async () => {
    for (const [status, outcome, reason] of [
      [404, 'fault', 'not-paper'],
      [403, 'excluded', 'proof-unreachable'],
      [429, 'excluded', 'proof-unreachable'],
      [502, 'bad', 'proof-unreachable'],
    ] as const) {
      await using venue = await fakeVenue({ account: (response) => answerJson(response, status, {}) });
      expect((await run(venue.url)).seen).toMatchObject({ outcome, reason });
      expect(venue.sent()).toBe(0);
    }
  });
});
