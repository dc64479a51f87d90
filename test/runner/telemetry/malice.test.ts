import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../runner/telemetry/kinds.ts';
import type { Answer, TelemetrySource } from '../../../runner/telemetry/source.ts';
import { configured } from '../configured.ts';
import { MINUTE, serve } from './fake.ts';

const SPAN = { fromMs: 0, toMs: 2 * MINUTE, stepMs: MINUTE };
const SIGNAL = new AbortController().signal;

type Kind = 'prometheus' | 'influxdb';

/** Without a socket until it is asked. */
function opened(kind: Kind, url: string, part: object = {}): TelemetrySource {
  const database = kind === 'influxdb' ? { database: 'tp' } : {};
  const { sources } = configured(
    {
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/' }],
      sources: [{ id: 'it', kind, url, timeout: '2s', ...database, ...part }],
    },
    '/nowhere',
    { TOKEN: 'a-token-of-some-length' },
  );
  const [planned] = sources;
  if (planned === undefined) throw new Error('no source');
  return openSource(planned.spec);
}

async function ask(kind: Kind, url: string, part: object = {}, split: 'venue' | null = null): Promise<Answer> {
  await using source = opened(kind, url, part);
  return await source.ask('q', SPAN, split, SIGNAL);
}

const says =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));

const matrix = (result: unknown) => ({ status: 'success', data: { resultType: 'matrix', result } });
const rows = (series: unknown) => ({ results: [{ statement_id: 0, series }] });

describe.each(['prometheus', 'influxdb'] as const)('a source of kind %s', (kind) => {
  const name = kind === 'prometheus' ? 'Prometheus' : 'InfluxDB';

  it.each<[string, RequestListener, string]>([
    ['HTML', says('<html>\n<h1>Sign in</h1></html>'), 'answers 200 with no JSON: "<html> <h1>Sign in</h1></html>"'],
    ['nothing', says(''), 'answers 200 with nothing'],
    ['truncated JSON', says('{"status":"succ'), 'answers 200 with no JSON: "{\\"status\\":\\"succ"'],
    ['a server error in HTML', says('<h1>Bad Gateway</h1>', 502), 'answers 502 with no JSON: "<h1>Bad Gateway</h1>"'],
    ['JSON of another form', says([42], 500), `answers 500, and not as ${name} does`],
    ['a huge body', says('x'.repeat(5_000_000)), 'an answer of more than 262144 bytes'],
    [
      'a body that never ends',
      (_request, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('{'), 5);
        response.on('close', () => clearInterval(timer));
      },
      'no answer within 2000 ms',
    ],
    ['silence', () => undefined, 'no answer within 2000 ms'],
  ])('that answers with %s gives a reason', async (_what, listener, expected) => {
    await using server = await serve(listener);
    const answer = await ask(kind, server.url);
    expect(answer).toEqual({ ok: false, reason: expected });
  });

  it('that hangs up in the middle gives a reason', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"status"', () => response.destroy());
    });
    const answer = await ask(kind, server.url);
    expect(answer).toMatchObject({ ok: false, reason: expect.stringMatching(/^cannot be reached: /) });
  });

  it('that is not there gives a reason', async () => {
    const url = await (async () => {
      await using server = await serve(says(''));
      return server.url;
    })();
    expect(await ask(kind, url)).toEqual({
      ok: false,
      reason: `cannot be reached: connect-refused: connect ECONNREFUSED ${url.slice('http://'.length)}`,
    });
  });

  it('is told who asks', async () => {
    const seen: unknown[] = [];
    await using server = await serve((request, response) => {
      seen.push([request.method, request.headers.authorization, request.headers['x-scope-orgid']]);
      response.end('{}');
    });
    const secret = kind === 'prometheus' ? { auth: { bearer: '${TOKEN}' } } : { token: '${TOKEN}' };
    await ask(kind, server.url, { headers: { 'X-Scope-OrgID': 'desk' }, ...secret });
    expect(seen).toEqual([['POST', `${kind === 'prometheus' ? 'Bearer' : 'Token'} a-token-of-some-length`, 'desk']]);
  });

  it('that takes no answer ends with the process', async () => {
    await using server = await serve(() => undefined);
    const stop = new AbortController();
    await using source = opened(kind, server.url, { timeout: '1h', stale: '2h' });
    const asked = source.ask('q', SPAN, null, stop.signal);
    stop.abort();
    expect((await asked).ok).toBe(false);
  });
});

describe('Prometheus', () => {
  it.each([
    [
      { status: 'error', errorType: 'bad_data', error: '1:5: parse error: unexpected <by>' },
      'answers 400: bad_data: 1:5: parse error: unexpected <by>',
    ],
    [
      { status: 'success', data: { resultType: 'scalar', result: [] } },
      'answers with a scalar where a matrix is expected',
    ],
    [
      matrix([
        { metric: { job: 'a' }, values: [[60, '1']] },
        { metric: { job: 'b' }, values: [[60, '1']] },
      ]),
      '2 series where one is expected (job="a", …): sum them',
    ],
  ])('that answers %j gives a reason', async (body, reason) => {
    await using server = await serve(says(body, 'error' in body ? 400 : 200));
    expect(await ask('prometheus', server.url)).toEqual({ ok: false, reason });
  });

  it('that answers without series has no samples', async () => {
    await using server = await serve(says(matrix([])));
    expect(await ask('prometheus', server.url)).toEqual({ ok: true, samples: new Map() });
  });

  it('is split by the label of the split', async () => {
    const series = (metric: object) => ({ metric, values: [[60, '1']] });
    await using server = await serve(says(matrix([series({ venue: 'primary' }), series({ venue: 'backup' })])));
    expect(await ask('prometheus', server.url, {}, 'venue')).toEqual({
      ok: true,
      samples: new Map([
        ['primary', new Map([[0, '1']])],
        ['backup', new Map([[0, '1']])],
      ]),
    });
    await using bare = await serve(says(matrix([series({ job: 'a' })])));
    expect(await ask('prometheus', bare.url, {}, 'venue')).toEqual({
      ok: false,
      reason: 'a series without the label venue (job="a"): sum by (venue)',
    });
    await using twice = await serve(says(matrix([series({ venue: 'a', x: '1' }), series({ venue: 'a', x: '2' })])));
    expect(await ask('prometheus', twice.url, {}, 'venue')).toEqual({
      ok: false,
      reason: 'several series of the venue "a": sum by (venue)',
    });
    const many = Array.from({ length: 101 }, (_, n) => series({ venue: String(n) }));
    await using crowd = await serve(says(matrix(many)));
    expect(await ask('prometheus', crowd.url, {}, 'venue')).toEqual({
      ok: false,
      reason: '101 values of venue where at most 100 are expected: sum by fewer',
    });
  });
});

describe('InfluxDB', () => {
  it.each([
    [
      { error: 'unable to parse authentication credentials' },
      'answers 401: unable to parse authentication credentials',
    ],
    [{ results: [{ error: 'database not found: tp' }] }, 'answers 401: database not found: tp'],
    [{ results: [] }, 'answers 401 without a result'],
    [{ results: [{}, {}] }, 'several statements where one is expected'],
    [{ results: [{ partial: true, series: [] }] }, 'only a part of the answer: it has too many rows'],
    [
      rows([{ name: 'jobs', columns: ['time', 'a', 'b'], values: [[0, 1, 2]] }]),
      'the columns time, a, b where a time and one number are expected',
    ],
    [
      rows([
        { name: 'jobs', columns: ['time', 'sum'], values: [[0, 1]] },
        { name: 'more', columns: ['time', 'sum'], values: [[0, 1]] },
      ]),
      '2 series where one is expected (no labels, …): sum them',
    ],
    [rows([{ name: 'jobs', columns: ['time', 'sum'], values: [['2026', 1]] }]), 'a time that is no number'],
  ])('that answers %j gives a reason', async (body, reason) => {
    await using server = await serve(says(body, 401));
    expect(await ask('influxdb', server.url)).toEqual({ ok: false, reason });
  });

  it('that has nothing for an interval has no sample of it', async () => {
    await using server = await serve(
      says(
        rows([
          {
            name: 'jobs',
            columns: ['time', 'sum'],
            values: [
              [0, null],
              [MINUTE, 12.5],
            ],
          },
        ]),
      ),
    );
    expect(await ask('influxdb', server.url)).toEqual({
      ok: true,
      samples: new Map([['', new Map([[MINUTE, '12.5']])]]),
    });
  });
});
