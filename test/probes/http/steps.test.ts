import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { testContext } from '../context.ts';
import { open, runOnce, served, told } from './asking.ts';

const TOKEN = 'tok-4711-very/secret"';

/** Gives out a token for the right password, and positions for the token. */
const platform = (more: (path: string, response: ServerResponse) => boolean = () => false) =>
  served((request, response, body) => {
    const json = (status: number, value: unknown): void => {
      response.writeHead(status).end(JSON.stringify(value));
    };
    const path = request.url ?? '';
    if (more(path, response)) return;
    if (path === '/login') {
      const sent: unknown = JSON.parse(body);
      const isRight = typeof sent === 'object' && sent !== null && Reflect.get(sent, 'password') === 'pw-1234';
      if (isRight) response.setHeader('set-cookie', ['theme=dark', 'sid=cookie-5678; Path=/']);
      json(isRight ? 200 : 401, isRight ? { token: TOKEN, user: 17 } : {});
    } else if (path.startsWith('/echo')) json(200, { path, body, headers: request.headers });
    else json(request.headers.authorization === `Bearer ${TOKEN}` ? 200 : 401, { positions: [] });
  });

const login = (url: string, more: object = {}) => ({
  name: 'login',
  url: `${url}/login`,
  method: 'POST',
  body: { password: 'pw-1234' },
  capture: { token: '$.token', user: '$.user', sid: { header: 'set-cookie', matches: 'sid=([^;]+)' } },
  ...more,
});
const positions = (url: string) => ({
  name: 'positions',
  url: `${url}/positions`,
  auth: { bearer: '{token}' },
  expect: [{ json: { path: '$.positions', exists: true } }],
});
const logout = (url: string) => ({ name: 'logout', url: `${url}/echo/logout/{user}`, method: 'DELETE' });

describe('an http probe in steps', () => {
  it('carries values on, and times each step on its own', async () => {
    await using server = await platform();
    const seen = await runOnce({ steps: [login(server.url), positions(server.url)] });
    expect(seen).toMatchObject({ outcome: 'good', values: { status: 200, requests: 2, connections: 2 } });
    expect(seen.trail?.map(({ name, status }) => [name, status])).toEqual([
      ['login', 200],
      ['positions', 200],
    ]);
    const [first = null, second = null] = [seen.values['step:login'], seen.values['step:positions']];
    expect(seen.readings).toEqual([
      { type: 'duration', indicator: 'latency', ms: expect.closeTo((first ?? NaN) + (second ?? NaN), 6) },
    ]);
  });

  it('puts values into addresses, headers and bodies, each as it must be written there', async () => {
    await using server = await platform();
    const echo = {
      name: 'echo',
      url: `${server.url}/echo?t={token}&other={nobody_knows}`.replace('{nobody_knows}', 'x'),
      method: 'POST',
      headers: { cookie: 'sid={sid}' },
      body: { user: '{user}', text: 'user {user}', other: '{other}' },
      expect: [
        { json: { path: '$.path', equals: `/echo?t=${encodeURIComponent(TOKEN)}&other=x` } },
        { json: { path: '$.headers.cookie', equals: 'sid=cookie-5678' } },
        { json: { path: '$.body', equals: '{"user":17,"text":"user 17","other":"{other}"}' } },
      ],
    };
    expect(await runOnce({ steps: [login(server.url), echo] })).toMatchObject({ outcome: 'good', detail: null });
  });

  it('stops at the first step that is not good and says which; a 4xx leaves the ratio', async () => {
    await using server = await platform((path, response) => {
      if (path !== '/down') return false;
      response.writeHead(503).end();
      return true;
    });
    const down = { name: 'down', url: `${server.url}/down` };
    const broken = await runOnce({ steps: [login(server.url), down, positions(server.url)] });
    expect(broken).toMatchObject({
      outcome: 'bad',
      reason: 'http-5xx',
      detail: 'down: expected a status below 400, got 503',
      readings: [{ ms: null }],
    });
    expect(server.asked).toEqual(['POST /login', 'GET /down']);
    const refused = await runOnce({ steps: [login(server.url, { body: {} }), positions(server.url)] });
    expect(refused).toMatchObject({
      outcome: 'excluded',
      reason: 'http-4xx',
      detail: 'login: expected a status below 400, got 401',
    });
  });

  it.each([
    [{ token: '$.nothing' }, 'login: expected one line or a number to capture as token at $.nothing, got nothing'],
    [{ token: '$' }, 'login: expected one line or a number to capture as token at $, got a group of keys'],
    [
      { token: { header: 'x-none' } },
      'login: expected one line or a number to capture as token at header x-none, got nothing',
    ],
  ])('is bad when there is nothing to capture: %j', async (capture, detail) => {
    await using server = await platform();
    const seen = await runOnce({ steps: [login(server.url, { capture }), positions(server.url)] });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'assertion' });
    expect(seen.detail).toBe(detail);
  });

  it('blames no service for a pattern that takes too long to capture by', async () => {
    await using server = await served((_request, response) => {
      response.setHeader('x-token', `${'a'.repeat(60)}!`).end();
    });
    const capture = { token: { header: 'x-token', matches: '^(a+)+$' } };
    const seen = await runOnce({ steps: [{ name: 'login', url: server.url, capture }] });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'internal' });
    expect(seen.detail).toMatch(/^login: token at header x-token was not found within 50 ms: a pattern, /);
  });

  it('captures no line feed, which would make a header two', async () => {
    await using server = await served((_request, response) => response.end('{"token":"a\\r\\nx-evil: 1"}'));
    const steps = [{ name: 'login', url: server.url, capture: { token: '$.token' } }, positions(server.url)];
    const seen = await runOnce({ steps });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'assertion' });
    expect(seen.detail).toMatch(/, got several lines$/);
    expect(server.asked).toHaveLength(1);
  });

  it('shows no captured value, neither in its detail nor in its trail nor in the exchange', async () => {
    await using server = await platform();
    const echo = {
      name: 'echo',
      url: `${server.url}/echo/{token}?t={token}`,
      expect: [{ json: { path: '$.path', equals: 'x' } }],
    };
    const seen = await runOnce({ steps: [login(server.url), echo] }, { verbose: true });
    expect(seen.detail).toBe('echo: expected $.path to be "x", got "/echo/{token}?t={token}"');
    const all = JSON.stringify([seen.trail, seen.transcript]);
    expect(all).toContain('{token}');
    for (const shape of [TOKEN, encodeURIComponent(TOKEN), JSON.stringify(TOKEN).slice(1, -1), 'cookie-5678']) {
      expect(all).not.toContain(JSON.stringify(shape).slice(1, -1));
    }
    // Also not the value of the very step that fails.
    const failing = login(server.url, { expect: [{ json: { path: '$', equals: 1 } }] });
    expect((await runOnce({ steps: [failing] })).detail).toBe(
      'login: expected $ to be 1, got {"token":"{token}","user":17}',
    );
  });

  it('uses one connection for all of them by choice', async () => {
    await using server = await platform();
    const probe = open({ steps: [login(server.url), positions(server.url)], keepAlive: true });
    expect(await probe.run(testContext())).toMatchObject({ outcome: 'good', values: { connections: 1, requests: 2 } });
    expect(await probe.run(testContext())).toMatchObject({ outcome: 'good', values: { connections: 0, requests: 2 } });
  });
});

describe('the cleanup of an http probe', () => {
  it('runs after success, and its time is not in the latency', async () => {
    await using server = await platform();
    const seen = await runOnce({ steps: [login(server.url), positions(server.url)], cleanup: [logout(server.url)] });
    expect(seen).toMatchObject({ outcome: 'good', values: { requests: 3, 'cleanup:logout': expect.any(Number) } });
    expect(server.asked.at(-1)).toBe('DELETE /echo/logout/17');
    const steps = (seen.values['step:login'] ?? NaN) + (seen.values['step:positions'] ?? NaN);
    expect(seen.readings).toMatchObject([{ ms: expect.closeTo(steps, 6) }]);
  });

  it('runs after a failure, whose word stands', async () => {
    await using server = await platform();
    const wrong = { name: 'wrong', url: `${server.url}/echo`, expect: [{ status: 500 }] };
    const seen = await runOnce({ steps: [login(server.url), wrong], cleanup: [logout(server.url)] });
    expect(seen).toMatchObject({ outcome: 'bad', detail: 'wrong: expected status 500, got 200' });
    expect(server.asked.at(-1)).toBe('DELETE /echo/logout/17');
  });

  it('runs after the deadline of the steps, in the time that is kept back', async () => {
    await using server = await platform((path) => path === '/hang');
    const hang = { name: 'hang', url: `${server.url}/hang` };
    const part = { steps: [login(server.url), hang], cleanup: [logout(server.url)], reserve: '2s' };
    const seen = await runOnce(part, { timeoutMs: 2500 });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'timeout',
      // Half of the timeout is the most that is kept back.
      detail: 'hang: no complete answer within 1250 ms',
      values: { 'cleanup:logout': expect.any(Number) },
    });
    expect(server.asked.at(-1)).toBe('DELETE /echo/logout/17');
  });

  it('runs when the process stops', async () => {
    const stop = new AbortController();
    await using server = await platform((path) => {
      if (path !== '/hang') return false;
      stop.abort(new Error('the process stops'));
      return true;
    });
    const hang = { name: 'hang', url: `${server.url}/hang` };
    const seen = await runOnce(
      { steps: [login(server.url), hang], cleanup: [logout(server.url)] },
      { signal: stop.signal },
    );
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'aborted', readings: [] });
    expect(server.asked.at(-1)).toBe('DELETE /echo/logout/17');
  });

  it('does not undo what was never done', async () => {
    await using server = await platform();
    const seen = await runOnce({ steps: [login(server.url, { body: {} })], cleanup: [logout(server.url)] });
    expect(seen.outcome).toBe('excluded');
    expect(server.asked).toEqual(['POST /login']);
  });

  it('that fails makes a good run bad, but a 4xx does not', async () => {
    let status = 500;
    await using server = await platform((path, response) => {
      if (!path.startsWith('/echo')) return false;
      response.writeHead(status).end();
      return true;
    });
    const part = { steps: [login(server.url)], cleanup: [logout(server.url)] };
    expect(await runOnce(part)).toMatchObject({
      outcome: 'bad',
      reason: 'http-5xx',
      detail: 'cleanup logout: expected a status below 400, got 500',
    });
    status = 404;
    expect(await runOnce(part)).toMatchObject({ outcome: 'good', detail: null });
  });
});

describe('the configuration of steps', () => {
  const url = 'http://127.0.0.1/';
  it.each([
    [{}, ['url: a URL such as "https://api.example/health"']],
    [{ url, steps: [{ name: 'a', url }] }, ['url: either steps or a request of its own']],
    [{ steps: [] }, ['steps: a list of steps']],
    [
      {
        steps: [
          { name: 'a', url },
          { name: 'a', url },
        ],
      },
      ['steps.1.name: a name of its own'],
    ],
    [{ steps: [{ name: 'a b', url }] }, ['steps.0.name: a name of letters, digits, _ and - such as "login"']],
    [{ steps: [{ name: 'a', url: `${url}{x}` }] }, ['steps.0.url: a value that an earlier step captures']],
    [
      { steps: [{ name: 'a', url, headers: { b: '{x}' }, capture: { x: '$.x' } }] },
      ['steps.0.headers.b: a value that an earlier step captures'],
    ],
    [{ url, cleanup: [{ name: 'a', url }] }, ['cleanup: steps before it']],
    [{ url, reserve: '1s' }, ['reserve: cleanup steps']],
    [
      { steps: [{ name: 'a', url }], cleanup: [{ name: 'b', url }], reserve: '10s' },
      ['reserve: less than the timeout'],
    ],
    [
      { steps: [{ name: 'a', url, capture: { x: 'x' } }] },
      ['steps.0.capture.x: a JSONPath such as "$.token", or a header'],
    ],
    [{ url, family: 6 }, ['url: an address of IPv6']],
    [{ url, expect: [{ certificate: { daysLeft: 1 } }] }, ['expect.0.certificate: an https URL to ask']],
  ])('%j is told what was expected', (part, expected) => {
    expect(told(part)).toEqual(expected);
  });
});
