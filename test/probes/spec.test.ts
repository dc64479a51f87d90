import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../probes/kinds.ts';
import { durationText, parseDuration } from '../../probes/duration.ts';
import { decimalText, duration } from '../../probes/spec.ts';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['15s', 15_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['30d', 2_592_000_000],
    ['0.5ms', 0.5],
  ])('%s is %d ms', (text, ms) => {
    expect(duration().parse(text)).toBe(ms);
  });

  it.each(['15 bananas', '15', '', '-1s', '0s', 15, null, undefined, '1e3s'])('is not %j', (value) => {
    expect(duration().safeParse(value).error?.issues[0]?.message).toBe('a duration such as "15s"');
  });

  it('is read back from its own text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e10 }), (ms) => {
        expect(parseDuration(durationText(ms))).toBe(ms);
      }),
    );
  });
});

describe('a decimal', () => {
  it.each([
    ['0.001', '0.001'],
    [0.001, '0.001'],
    ['12345678901234567890.123456789', '12345678901234567890.123456789'],
  ])('%j keeps its digits', (value, text) => {
    expect(decimalText().parse(value)).toBe(text);
  });

  it.each(['0', '-1', '1e3', 1e-9, '', 'x'])('is not %j', (value) => {
    expect(decimalText().safeParse(value).error?.issues[0]?.message).toBe('a decimal number above 0 such as "0.001"');
  });
});

describe('the configuration of a probe', () => {
  const http = { id: 'a', kind: 'http', service: 's', url: 'http://x' };
  const told = (document: unknown) =>
    KINDS.http.schema.safeParse(document).error?.issues.map(({ path, message }) => [path.join('.'), message]);

  it('needs an id, a kind, a service and what the kind asks for; the rest has defaults', () => {
    expect(KINDS.http.schema.parse(http)).toEqual({
      ...http,
      yellow: 'auto',
      fastest: 1000,
      timeout: 10_000,
      method: 'GET',
      headers: {},
      expect: [],
      secrets: {},
      redirects: 0,
      keepAlive: false,
      protocol: 'auto',
      family: 'auto',
      maxBodyBytes: 1_048_576,
    });
  });

  it.each([
    [{ every: '15 bananas' }, [['every', 'a duration such as "15s"']]],
    [{ yellow: 'soon' }, [['yellow', 'a duration such as "15s", or "auto"']]],
    [{ every: '15s', yellow: '15s' }, [['yellow', 'an interval shorter than every (15s)']]],
    [{ red: '2m' }, [['red', 'an interval shorter than every (1m)']]],
    [{ every: '1m', cron: '* * * * *' }, [['cron', 'either every or cron, not both']]],
    [{ timezone: 'Europe/Berlin' }, [['timezone', 'a cron expression beside it']]],
    [{ cron: '* * * * *', timezone: 'Mars/Olympus' }, [['timezone', 'a time zone such as "America/New_York"']]],
    [{ id: 'A b' }, [['id', 'an id of a-z, 0-9 and hyphens such as "api-status"']]],
    [{ url: 'ftp://x' }, [['url', 'a URL such as "https://api.example/health"']]],
    [{ headers: { a: 'x\r\ny: z' } }, [['headers.a', 'a header value of one line']]],
    [{ expect: [{ status: 99 }] }, [['expect.0.status', 'a status such as 200, [200, 204] or "2xx"']]],
    [
      { expect: [{ json: { path: 'status', exists: true } }] },
      [['expect.0.json.path', 'a JSONPath such as "$.status"']],
    ],
    [{ expect: [{ json: { path: '$.a' } }] }, [['expect.0.json', 'one of equals, oneOf, matches and exists']]],
    [{ expect: [{ body: { matches: '(' } }] }, [['expect.0.body.matches', 'a regular expression such as "^ok$"']]],
    [{ expect: [{}] }, [['expect.0', 'one of status, header, json, schema, body, size, certificate and phases']]],
    [{ ca: 'x' }, [['ca', 'a certificate in PEM']]],
  ])('%j is told what was expected', (part, expected) => {
    expect(told({ ...http, ...part })).toEqual(expected);
  });

  it('reports every problem at once, unknown keys too', () => {
    expect(told({ ...http, every: 'x', url: 'y', evry: 1 })?.map(([path]) => path)).toEqual(['every', 'url', '']);
  });

  it('of a session listens shorter than it may take', () => {
    const spec = { id: 'a', kind: 'market-data', service: 's', url: 'ws://x', mode: 'session', for: '10s' };
    expect(KINDS['market-data'].schema.safeParse(spec).error?.issues).toMatchObject([
      { path: ['for'], message: 'less than the timeout' },
    ]);
  });

  it('of an order needs a price, or a reference for the want of one', () => {
    const paper = { url: 'http://x', json: { path: '$.m', equals: 'paper' }, hosts: ['x'] };
    const limits = { maxQuantity: 1, maxNotional: 1, maxPerMinute: 1 };
    const base = { id: 'a', kind: 'paper-order', service: 's', venue: 'v', submit: { url: 'http://x' }, paper, limits };
    const told = (order: object) =>
      KINDS['paper-order'].schema
        .safeParse({ ...base, order: { symbol: 'A', quantity: 1, ...order } })
        .error?.issues.map(({ path, message }) => [path.join('.'), message]);
    expect(told({})).toEqual([['order.reference_price', 'a reference price for a market order']]);
    expect(told({ order_type: 'limit' })).toEqual([['order.price', 'a price for a limit order']]);
    expect(told({ reference_price: 1 })).toBeUndefined();
  });
});
