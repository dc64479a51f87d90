import { describe, expect, it } from 'vitest';
import { runOnce, served } from './asking.ts';

/** `/n` redirects to `/n-1`, `/0` answers. */
const stairs = () =>
  served((request, response) => {
    const left = Number(request.url?.split('?')[0]?.slice(1));
    if (left === 0) response.end('there');
    else response.writeHead(302, { location: `/${left - 1}?code=secret-code` }).end();
  });

describe('an http probe and redirects', () => {
  it('takes one for the answer unless it is asked to follow', async () => {
    await using server = await stairs();
    const seen = await runOnce({ url: `${server.url}/1` });
    expect(seen).toMatchObject({ outcome: 'good', values: { status: 302, requests: 1 } });
    expect(seen.trail).toBeUndefined();
    expect(server.asked).toEqual(['GET /1']);
  });

  it('follows as many as it may, each with its own time, without the values in their queries', async () => {
    await using server = await stairs();
    const seen = await runOnce({ url: `${server.url}/2`, redirects: 2, expect: [{ body: { contains: 'there' } }] });
    expect(seen).toMatchObject({ outcome: 'good', values: { status: 200, requests: 3, connections: 3 } });
    const ms: unknown = expect.any(Number);
    expect(seen.trail).toEqual([
      { name: null, url: `${server.url}/2`, status: 302, ms },
      { name: null, url: `${server.url}/1?code=…`, status: 302, ms },
      { name: null, url: `${server.url}/0?code=…`, status: 200, ms },
    ]);
    const sum = (seen.trail ?? []).reduce((total, leg) => total + (leg.ms ?? 0), 0);
    expect(seen.readings).toEqual([{ type: 'duration', indicator: 'latency', ms: expect.closeTo(sum, 6) }]);
  });

  it('is bad when there is one more, and does not go there', async () => {
    await using server = await stairs();
    const seen = await runOnce({ url: `${server.url}/3`, redirects: 2 });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'http-3xx',
      detail: `expected no further redirect, got one to ${server.url}/0?code=…`,
    });
    expect(server.asked).toHaveLength(3);
  });

  it.each([
    ['POST', 301, 'GET', ''],
    ['POST', 302, 'GET', ''],
    ['PUT', 302, 'PUT', 'hello'],
    ['PUT', 303, 'GET', ''],
    ['POST', 307, 'POST', 'hello'],
    ['POST', 308, 'POST', 'hello'],
  ] as const)('asks on as a browser would: %s and %i become %s', async (method, status, then, body) => {
    await using server = await served((request, response, came) => {
      if (request.url === '/') response.writeHead(status, { location: '/next' }).end();
      else response.end(`${request.method} ${came} ${request.headers['content-type'] ?? 'no type'}`);
    });
    const type = body === '' ? 'no type' : 'text/plain';
    const seen = await runOnce({
      url: `${server.url}/`,
      method,
      body: 'hello',
      headers: { 'content-type': 'text/plain' },
      redirects: 1,
      expect: [{ body: { contains: `${then} ${body} ${type}` } }],
    });
    expect(seen).toMatchObject({ outcome: 'good' });
  });

  it('takes credentials to no other origin', async () => {
    await using elsewhere = await served((request, response) => response.end(JSON.stringify(request.headers)));
    await using server = await served((_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/` }).end();
    });
    const seen = await runOnce(
      {
        url: `${server.url}/`,
        headers: { 'x-api-key': 'k-secret', cookie: 'sid=1' },
        auth: { bearer: 't-secret' },
        redirects: 1,
      },
      { verbose: true },
    );
    expect(seen.outcome).toBe('good');
    const came: unknown = JSON.parse(seen.transcript?.at(-1)?.slice(2) ?? '');
    expect(came).toEqual({
      host: new URL(elsewhere.url).host,
      connection: 'close',
      'user-agent': 'pulsedrill',
      'accept-encoding': 'gzip, deflate, br, zstd',
    });
  });

  it.each([
    [
      307,
      'ELSEWHERE',
      /^expected no redirect that takes the body to another origin, got one to http:\/\/localhost:1\/$/,
    ],
    [302, 'ftp://x/', /^expected a redirect to http or https, got /],
    [302, 'http://', /^expected a redirect to an address, got none that can be read$/],
  ])('is bad when %i leads to %s', async (status, location, detail) => {
    await using server = await served((_request, response) => {
      response.writeHead(status, { location: location.replace('ELSEWHERE', 'http://localhost:1/') }).end();
    });
    const seen = await runOnce({ url: `${server.url}/`, method: 'POST', body: 'secret', redirects: 3 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'http-3xx' });
    expect(seen.detail).toMatch(detail);
    expect(server.asked).toHaveLength(1);
  });

  it('takes a 304 and a redirect to nowhere for answers', async () => {
    await using server = await served((_request, response) => response.writeHead(302).end());
    expect(await runOnce({ url: server.url, redirects: 3 })).toMatchObject({
      outcome: 'good',
      values: { status: 302 },
    });
  });
});
