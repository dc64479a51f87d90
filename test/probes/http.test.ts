import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openHttp } from '../../probes/http/probe.ts';
import { httpSpec } from '../../probes/http/spec.ts';
import type { Observation, Probe, RunContext } from '../../probes/probe.ts';
import { eventually, freePort } from '../support/servers.ts';
import { LONG_EXPIRED, selfSigned } from './certificates.ts';
import { listening, testContext, testEnvironment } from './context.ts';

const opened: Probe[] = [];
afterEach(async () => {
  for (const probe of opened.splice(0)) await probe.close?.();
});

function open(part: Record<string, unknown>): Probe {
  const probe = openHttp(httpSpec.parse({ id: 'p', kind: 'http', service: 's', ...part }), testEnvironment);
  opened.push(probe);
  return probe;
}

function runOnce(part: Record<string, unknown>, ctx: Partial<RunContext> = {}): Promise<Observation> {
  return open(part).run(testContext(ctx));
}

async function served(listener: RequestListener) {
  const server = await listening(createServer(listener));
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function raw(talk: (socket: Socket) => void) {
  const server = await listening(createTcpServer(talk));
  return { url: `http://127.0.0.1:${server.port}/`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const answering = (status: number, body = '') => served((_request, response) => response.writeHead(status).end(body));

describe('an http probe judges the status', () => {
  it.each([
    [200, 'good', null, null],
    [204, 'good', null, null],
    [302, 'good', null, null],
    [404, 'excluded', 'http-4xx', 'expected a status below 400, got 404'],
    [429, 'excluded', 'http-4xx', 'expected a status below 400, got 429'],
    [503, 'bad', 'http-5xx', 'expected a status below 400, got 503'],
  ] as const)('%i is %s when nothing is expected by name', async (status, outcome, reason, detail) => {
    await using server = await answering(status);
    expect(await runOnce({ url: server.url })).toMatchObject({ outcome, reason, detail, values: { status } });
  });

  it.each([
    [404, 404, 'good', null, null],
    [503, '5xx', 'good', null, null],
    [201, [200, 204], 'bad', 'assertion', 'expected status 200 or 204, got 201'],
    [302, '2xx', 'bad', 'http-3xx', 'expected status 2xx, got 302'],
    [401, 200, 'excluded', 'http-4xx', 'expected status 200, got 401'],
    [500, 200, 'bad', 'http-5xx', 'expected status 200, got 500'],
  ] as const)('%i against an expected %j is %s', async (status, expected, outcome, reason, detail) => {
    await using server = await answering(status);
    const seen = await runOnce({ url: server.url, expect: [{ status: expected }] });
    expect(seen).toMatchObject({ outcome, reason, detail });
  });
});

describe('an http probe judges the body', () => {
  it.each([
    [{ json: { path: '$.status', equals: 'running' } }, null],
    [{ json: { path: '$.status', equals: 'up' } }, 'expected $.status to be "up", got "running"'],
    [{ json: { path: '$.state', exists: true } }, 'expected $.state to exist, got nothing there'],
    [{ json: { path: '$.list', exists: false } }, 'expected nothing at $.list, got [1,2]'],
    [{ json: { path: '$.list', equals: [1, 2] } }, null],
    [{ json: { path: '$.list[*]', oneOf: [1, 3] } }, 'expected $.list[*] to be one of [1,3], got 2'],
    [{ json: { path: '$.status', matches: '^run' } }, null],
    [{ json: { path: '$.status', matches: '^x' } }, 'expected $.status to match /^x/u, got "running"'],
    [{ body: { contains: 'running' } }, null],
    [
      { body: { contains: 'down' } },
      'expected a body that contains "down", got "{\\"status\\":\\"running\\",\\"list\\":[1,2]}"',
    ],
    [
      { body: { matches: '^ok$' } },
      'expected a body that matches /^ok$/u, got "{\\"status\\":\\"running\\",\\"list\\":[1,2]}"',
    ],
  ])('%j', async (expectation, detail) => {
    await using server = await answering(200, '{"status":"running","list":[1,2]}');
    expect(await runOnce({ url: server.url, expect: [expectation] })).toMatchObject({
      outcome: detail === null ? 'good' : 'bad',
      reason: detail === null ? null : 'assertion',
      detail,
    });
  });

  it('says what came when JSON was expected', async () => {
    await using server = await answering(200, '<html>');
    const seen = await runOnce({ url: server.url, expect: [{ json: { path: '$.a', exists: true } }] });
    expect(seen.reason).toBe('assertion');
    expect(seen.detail).toMatch(/^expected JSON, got "<html>" \(/);
  });

  it('stops reading a body that is too large', async () => {
    await using server = await answering(200, 'x'.repeat(5000));
    const seen = await runOnce({ url: server.url, maxBodyBytes: 1000 });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'body-too-large',
      detail: 'expected a body of at most 1000 bytes, got more',
    });
  });

  it('cuts a long answer in its detail', async () => {
    await using server = await answering(200, 'y'.repeat(5000));
    const seen = await runOnce({ url: server.url, expect: [{ body: { contains: 'z' } }] });
    expect(seen.detail?.length).toBeLessThanOrEqual(200);
  });
});

describe('an http probe gives each network failure its reason', () => {
  it('connect-refused', async () => {
    const seen = await runOnce({ url: `http://127.0.0.1:${await freePort()}/` });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'connect-refused', values: { status: null } });
    expect(seen.readings).toEqual([{ type: 'duration', indicator: 'latency', ms: null }]);
    expect(seen.phases.connectMs).toBeNull();
  });

  it('dns', async () => {
    const seen = await runOnce({ url: 'http://no-such-host.invalid/' });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'dns' });
  });

  it('unreachable', async () => {
    // The kernel has no way for a stream to everybody at once.
    const seen = await runOnce({ url: 'http://255.255.255.255/' });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'unreachable', values: { requests: 0 } });
  });

  it.runIf(process.platform === 'linux')('connect-timeout, when nobody takes the call', async () => {
    // A stopped process whose backlog is full: the kernel drops what else wants to connect.
    const program = `const s=require('node:net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},()=>console.log(s.address().port))`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const fillers: Socket[] = [];
    try {
      const [line] = await once(child.stdout, 'data');
      const port = Number(String(line));
      child.kill('SIGSTOP');
      for (let n = 0; n < 8; n++) fillers.push(connect(port, '127.0.0.1').on('error', () => {}));
      await eventually(() => (fillers.some((socket) => !socket.connecting) ? true : undefined), 'the backlog filled');
      const seen = await runOnce({ url: `http://127.0.0.1:${port}/` }, { timeoutMs: 300 });
      expect(seen).toMatchObject({
        outcome: 'bad',
        reason: 'connect-timeout',
        detail: 'no TCP connection within 300 ms',
        readings: [{ ms: null }],
      });
      expect(seen.phases.connectMs).toBeNull();
    } finally {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
    }
  });

  it('internal, when the request cannot be sent as it is configured', async () => {
    await using server = await answering(200);
    const seen = await runOnce({ url: server.url, headers: { 'content-length': 'x' } });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'internal', readings: [] });
  });

  it('timeout, when the peer accepts and says nothing', async () => {
    await using server = await raw(() => {});
    const seen = await runOnce({ url: server.url }, { timeoutMs: 100 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'timeout', detail: 'no complete answer within 100 ms' });
    expect(seen.phases.connectMs).not.toBeNull();
    expect(seen.phases.firstByteMs).toBeNull();
    expect(seen.readings).toEqual([{ type: 'duration', indicator: 'latency', ms: null }]);
  });

  it('timeout, when the body never ends', async () => {
    await using server = await raw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'));
    const seen = await runOnce({ url: server.url }, { timeoutMs: 100 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'timeout', values: { status: 200, bytes: 4 } });
  });

  it('reset', async () => {
    await using server = await raw((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await runOnce({ url: server.url })).toMatchObject({ outcome: 'bad', reason: 'reset' });
  });

  it('closed', async () => {
    await using server = await raw((socket) => socket.once('data', () => socket.end()));
    expect(await runOnce({ url: server.url })).toMatchObject({ outcome: 'bad', reason: 'closed' });
  });

  it('protocol', async () => {
    await using server = await raw((socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n')));
    expect(await runOnce({ url: server.url })).toMatchObject({ outcome: 'bad', reason: 'protocol' });
  });

  it('aborted is no word about the service', async () => {
    await using server = await raw(() => {});
    const stop = new AbortController();
    const running = runOnce({ url: server.url }, { signal: stop.signal });
    stop.abort(new Error('the process stops'));
    expect(await running).toMatchObject({ outcome: 'fault', reason: 'aborted', readings: [] });
  });
});

describe('an http probe over TLS', () => {
  const valid = selfSigned('localhost');

  async function secure(certificate: { key: string; cert: string }) {
    const server = await listening(createSecureServer(certificate, (_request, response) => response.end('ok')));
    return {
      url: `https://localhost:${server.port}/`,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }

  it('times every phase', async () => {
    await using server = await secure(valid);
    const seen = await runOnce({ url: server.url, ca: valid.cert, expect: [{ body: { contains: 'ok' } }] });
    expect(seen).toMatchObject({ outcome: 'good', reason: null });
    for (const ms of Object.values(seen.phases)) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('tls-other, when nobody vouches for the certificate', async () => {
    await using server = await secure(valid);
    const seen = await runOnce({ url: server.url });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'tls-other' });
    expect(seen.phases.connectMs).not.toBeNull();
    expect(seen.phases.tlsMs).toBeNull();
  });

  it('tls-name', async () => {
    const other = selfSigned('other.example');
    await using server = await secure(other);
    const seen = await runOnce({ url: server.url, ca: other.cert });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'tls-name' });
  });

  it('tls-expired', async () => {
    const old = selfSigned('localhost', LONG_EXPIRED);
    await using server = await secure(old);
    const seen = await runOnce({ url: server.url, ca: old.cert });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'tls-expired' });
  });

  it('timeout, when the handshake never ends', async () => {
    await using server = await listening(createTcpServer(() => {}));
    const seen = await runOnce({ url: `https://localhost:${server.port}/` }, { timeoutMs: 150 });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'timeout',
      detail: 'no end of the TLS handshake within 150 ms',
    });
  });
});

describe('an http probe and its connections', () => {
  it('makes a fresh one for each run and leaves none behind', async () => {
    const open: Socket[] = [];
    await using server = await served((request, response) => {
      open.push(request.socket);
      response.end(request.headers.connection);
    });
    const probe = openHttp(httpSpec.parse({ id: 'p', kind: 'http', service: 's', url: server.url }), testEnvironment);
    for (let run = 0; run < 3; run++) {
      const seen = await probe.run(testContext());
      expect(seen).toMatchObject({ outcome: 'good', values: { connections: 1, bytes: 'close'.length } });
      expect(seen.phases).toMatchObject({ dnsMs: null, tlsMs: null, connectMs: expect.any(Number) });
    }
    expect(new Set(open).size).toBe(3);
    await eventually(() => (open.every((socket) => socket.destroyed) ? true : undefined), 'all sockets closed');
    await probe.close?.();
  });

  it('keeps one by choice, and does not pretend to have measured what it did not do', async () => {
    await using server = await answering(200, 'ok');
    const probe = open({ url: server.url, keepAlive: true });
    const first = await probe.run(testContext());
    const second = await probe.run(testContext());
    expect(first.phases.connectMs).not.toBeNull();
    expect(second).toMatchObject({ outcome: 'good', values: { connections: 0 } });
    expect(second.phases).toMatchObject({ dnsMs: null, connectMs: null, tlsMs: null });
    expect(second.phases.firstByteMs).not.toBeNull();
  });

  it('closes the connection of a run that timed out, and the next run is unharmed', async () => {
    let slow = true;
    const sockets: Socket[] = [];
    await using server = await served((request, response) => {
      sockets.push(request.socket);
      if (!slow) response.end('ok');
    });
    const probe = open({ url: server.url });
    expect(await probe.run(testContext({ timeoutMs: 80 }))).toMatchObject({ reason: 'timeout' });
    await eventually(() => (sockets[0]?.destroyed === true ? true : undefined), 'the socket closed');
    slow = false;
    expect(await probe.run(testContext())).toMatchObject({ outcome: 'good' });
  });

  it('asks once on the wire, even when a kept connection was closed under it', async () => {
    let requests = 0;
    await using server = await served((request, response) => {
      requests++;
      if (requests === 1) response.end('ok');
      else request.socket.destroy();
    });
    const probe = open({ url: server.url, keepAlive: true });
    expect(await probe.run(testContext())).toMatchObject({ outcome: 'good' });
    expect(await probe.run(testContext())).toMatchObject({ outcome: 'bad', reason: 'closed' });
    expect(requests).toBe(2);
  });

  it.each([false, true])('asks once when the peer breaks off in the middle, keepAlive %j', async (keepAlive) => {
    let requests = 0;
    await using server = await served((request, response) => {
      requests++;
      response.writeHead(200, { 'content-length': '9' }).write('half');
      setTimeout(() => request.socket.destroy(), 10);
    });
    const seen = await runOnce({ url: server.url, keepAlive });
    expect(seen).toMatchObject({ outcome: 'bad', values: { requests: 1, connections: 1 } });
    expect(requests).toBe(1);
  });

  it('tries addresses of one family by choice', async () => {
    await using server = await answering(200, 'ok');
    const url = server.url.replace('127.0.0.1', 'localhost');
    expect(await runOnce({ url, family: 4 })).toMatchObject({ outcome: 'good', values: { addressFamily: 4 } });
    const other = await runOnce({ url, family: 6 });
    expect(other).toMatchObject({ outcome: 'bad', values: { addressFamily: null } });
    expect(['dns', 'connect-refused', 'unreachable']).toContain(other.reason);
  });

  it('tells how long a request took to be sent, apart from what comes before and after', async () => {
    await using server = await served((request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    const seen = await runOnce({ url: server.url, method: 'POST', body: 'x'.repeat(4_000_000) });
    const { connectMs, sentMs, firstByteMs, transferMs } = seen.phases;
    for (const ms of [connectMs, sentMs, firstByteMs, transferMs]) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('survives two runs at once', async () => {
    await using server = await answering(200, 'ok');
    const probe = open({ url: server.url });
    const both = await Promise.all([probe.run(testContext()), probe.run(testContext())]);
    expect(both.map((seen) => seen.outcome)).toEqual(['good', 'good']);
  });

  it('sends method, headers and a JSON body, and keeps a transcript when asked', async () => {
    await using server = await served((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => response.end(`${request.method} ${request.headers['content-type']} ${body}`));
    });
    const seen = await runOnce(
      { url: server.url, method: 'POST', headers: { 'x-a': 'b' }, body: { n: 1 } },
      { verbose: true },
    );
    expect(seen.transcript).toContain('> POST /');
    expect(seen.transcript).toContain('> x-a: b');
    expect(seen.transcript).toContain('> {"n":1}');
    expect(seen.transcript).toContain('< 200');
    expect(seen.transcript?.at(-1)).toBe('< POST application/json {"n":1}');
  });
});
