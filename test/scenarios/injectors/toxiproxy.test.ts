import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../scenarios/fault.ts';
import type { Answer, Injector, Undo } from '../../../scenarios/injector.ts';
import { injectorSchema } from '../../../scenarios/injectors/specs.ts';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import { toxiproxyInjector } from '../../../scenarios/injectors/toxiproxy.ts';
import { eventually, freePort } from '../../support/servers.ts';
import {
  BACKENDS,
  dial,
  EMBEDDED,
  echoServer,
  openBench,
  pause,
  tcpServer,
  toxicNamesOf,
  type Bench,
} from '../toxiproxy/support.ts';

const PATIENT = new AbortController().signal;
/** The lease is there. */
const MAY = () => Promise.resolve(true);
const FEED = { injector: 'toxiproxy', name: 'feed' };
const DELAY: Fault = { type: 'latency', ms: 100, jitterMs: 0, roundTrip: false };
const REFUSE: Fault = { type: 'refuse' };

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.message}`);
  return answer.value;
}

function problemOf(answer: Answer<unknown>): { readonly code: string; readonly message: string } {
  if (answer.ok) throw new Error('expected a problem');
  return answer.problem;
}

function injectorOn({ url }: { readonly url: string }): Injector {
  return toxiproxyInjector({ url, proxies: ['feed'], gameday: 'gd-1' });
}

async function injected(injector: Injector, fault: Fault): Promise<Undo> {
  const undo = valueOf(await injector.prepare(FEED, fault, PATIENT));
  valueOf(await injector.inject(FEED, fault, undo, PATIENT, MAY));
  return undo;
}

async function toxicsOf(bench: Bench): Promise<unknown> {
  return (await bench.call('GET', '/proxies/feed/toxics')).json;
}

describe.each(BACKENDS)('the toxiproxy injector on the $name server', (backend) => {
  const toxic = (n: number, type: string, stream: string, attributes: object) => ({
    name: `pd-gd-1-${n}`,
    type,
    stream,
    toxicity: 1,
    attributes,
  });
  const faults: readonly (readonly [Fault, readonly object[]])[] = [
    [DELAY, [toxic(1, 'latency', 'downstream', { latency: 100, jitter: 0 })]],
    [
      { type: 'latency', ms: 101, jitterMs: 11, roundTrip: true },
      [
        toxic(1, 'latency', 'upstream', { latency: 50, jitter: 5 }),
        toxic(2, 'latency', 'downstream', { latency: 51, jitter: 6 }),
      ],
    ],
    [
      { type: 'blackhole' },
      [toxic(1, 'timeout', 'upstream', { timeout: 0 }), toxic(2, 'timeout', 'downstream', { timeout: 0 })],
    ],
    [
      { type: 'reset', afterMs: 5 },
      [toxic(1, 'reset_peer', 'upstream', { timeout: 5 }), toxic(2, 'reset_peer', 'downstream', { timeout: 5 })],
    ],
    [{ type: 'throttle', rateKBps: 5, direction: 'upstream' }, [toxic(1, 'bandwidth', 'upstream', { rate: 5 })]],
    [
      { type: 'slowClose', ms: 5, direction: 'both' },
      [toxic(1, 'slow_close', 'upstream', { delay: 5 }), toxic(2, 'slow_close', 'downstream', { delay: 5 })],
    ],
    [{ type: 'cutAfter', bytes: 5, direction: 'downstream' }, [toxic(1, 'limit_data', 'downstream', { bytes: 5 })]],
    [
      { type: 'slice', bytes: 5, variationBytes: 4, gapUs: 3, direction: 'downstream' },
      [toxic(1, 'slicer', 'downstream', { average_size: 5, size_variation: 4, delay: 3 })],
    ],
  ];

  test.each(faults)('compiles %j, and takes it back, twice without harm', async (fault, toxics) => {
    await using bench = await openBench(backend);
    await bench.proxy('feed', 'localhost:1');
    const injector = injectorOn(bench);
    valueOf(await injector.check(FEED, fault, PATIENT));
    const undo = valueOf(await injector.prepare(FEED, fault, PATIENT));
    expect(await toxicsOf(bench)).toEqual([]);
    valueOf(await injector.inject(FEED, fault, undo, PATIENT, MAY));
    expect(await toxicsOf(bench)).toEqual(toxics);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: false })).toBe(true);
    // As another process would read it from the journal.
    const written = JSON.parse(JSON.stringify(undo));
    valueOf(await injectorOn(bench).undo(written, PATIENT));
    expect(await toxicsOf(bench)).toEqual([]);
    valueOf(await injectorOn(bench).undo(written, PATIENT));
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: true })).toBe(false);
  });

  test('switches a proxy off and on again, on the same port', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('feed', echo.address);
    const injector = injectorOn(bench);
    const undo = await injected(injector, REFUSE);
    await expect(dial(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(problemOf(await injector.check(FEED, DELAY, PATIENT))).toEqual({
      code: 'conflict',
      message: 'proxy feed is disabled already: a fault on it would prove nothing',
    });
    valueOf(await injector.undo(undo, PATIENT));
    using peer = await dial(address);
    peer.write('x');
    await peer.received(1);
  });

  test('tells by hand commands that do the same', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('feed', 'localhost:1');
    const injector = injectorOn(bench);
    const toxics = `${bench.url}/proxies/feed/toxics`;
    expect(valueOf(await injector.prepare(FEED, { type: 'blackhole' }, PATIENT)).byHand).toBe(
      `curl -fsS -X DELETE '${toxics}/pd-gd-1-1'; curl -fsS -X DELETE '${toxics}/pd-gd-1-2'`,
    );
    expect(valueOf(await injector.prepare(FEED, REFUSE, PATIENT)).byHand).toBe(
      `curl -fsS -X POST -d '{"enabled":true}' '${bench.url}/proxies/feed'`,
    );
  });

  test('touches only the proxies that it may, and knows those that there are', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('gateway', 'localhost:1');
    const injector = injectorOn(bench);
    const other = { injector: 'toxiproxy', name: 'gateway' };
    const forbidden = { code: 'unknown-target', message: 'proxy gateway is not among those that may be touched: feed' };
    expect(problemOf(await injector.check(other, DELAY, PATIENT))).toEqual(forbidden);
    expect(problemOf(await injector.prepare(other, DELAY, PATIENT))).toEqual(forbidden);
    const absent = { code: 'unknown-target', message: `toxiproxy at ${bench.url} has no proxy feed` };
    expect(problemOf(await injector.check(FEED, DELAY, PATIENT))).toEqual(absent);
    expect(problemOf(await injector.prepare(FEED, DELAY, PATIENT))).toEqual(absent);
  });

  test("leaves other people's toxics alone, and does not overwrite one of its name", async () => {
    await using bench = await openBench(backend);
    await bench.proxy('feed', 'localhost:1');
    await bench.toxic('feed', { name: 'theirs', type: 'noop' });
    const undo = await injected(injectorOn(bench), DELAY);
    expect(problemOf(await injectorOn(bench).prepare(FEED, DELAY, PATIENT))).toEqual({
      code: 'conflict',
      message: 'proxy feed has a toxic pd-gd-1-1 already',
    });
    expect(problemOf(await injectorOn(bench).inject(FEED, DELAY, undo, PATIENT, MAY))).toEqual({
      code: 'conflict',
      message: `toxiproxy at ${bench.url}, proxy feed: 409 toxic already exists`,
    });
    valueOf(await injectorOn(bench).undo(undo, PATIENT));
    expect(toxicNamesOf(await bench.call('GET', '/proxies/feed'))).toEqual(['theirs']);
  });

  test('takes a proxy that is gone for a fault that is lost', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('feed', 'localhost:1');
    const injector = injectorOn(bench);
    const undos = [await injected(injector, DELAY), await injected(injector, REFUSE)];
    await bench.call('DELETE', '/proxies/feed');
    for (const undo of undos) {
      expect(await injector.stands?.(undo, PATIENT)).toEqual({ ok: true, value: false });
      expect(await injector.undo(undo, PATIENT)).toEqual({ ok: true, value: undefined });
    }
  });

  test('says that a switched-off proxy could not be bound again', async () => {
    await using bench = await openBench(backend);
    const address = await bench.proxy('feed', 'localhost:1');
    const injector = injectorOn(bench);
    const undo = await injected(injector, REFUSE);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(Number(address.split(':')[1]), '127.0.0.1', resolve));
    try {
      expect(problemOf(await injector.undo(undo, PATIENT))).toEqual({
        code: 'failed',
        message: `toxiproxy at ${bench.url}, proxy feed: 500 listen tcp ${address}: bind: address already in use`,
      });
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
    valueOf(await injector.undo(undo, PATIENT));
  });

  test('tells what crossed, or that the server does not count', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('feed', echo.address);
    using peer = await dial(address);
    peer.write('12345');
    await peer.received(5);
    const crossed = valueOf((await injectorOn(bench).effect?.(FEED, PATIENT)) ?? { ok: true, value: null });
    expect(crossed).toEqual(backend.embedded ? { bytes: 10, connections: 1, cut: 0 } : null);
  });
});

const NONSENSE: readonly (readonly [Fault, string])[] = [
  [{ ...DELAY, ms: -1 }, 'latency latency: expected a whole number of 0 or more, got -1'],
  [{ ...DELAY, ms: 0.5 }, 'latency latency: expected a whole number of 0 or more, got 0.5'],
  [
    { type: 'throttle', rateKBps: -1, direction: 'both' },
    'bandwidth rate: expected a whole number of 0 or more, got -1',
  ],
  [
    { type: 'slice', bytes: 0, variationBytes: 0, gapUs: 0, direction: 'both' },
    'slicer average_size: expected 1 or more, got 0',
  ],
  [
    { type: 'slice', bytes: 5, variationBytes: 5, gapUs: 0, direction: 'both' },
    'slicer size_variation: expected less than average_size (5), got 5',
  ],
];

describe('the toxiproxy injector', () => {
  test.each(NONSENSE)('refuses %j before any call', async (fault, message) => {
    const injector = toxiproxyInjector({ url: `http://127.0.0.1:${await freePort()}`, proxies: ['feed'] });
    const problem = { code: 'cannot-express', message };
    expect(problemOf(await injector.check(FEED, fault, PATIENT))).toEqual(problem);
    expect(problemOf(await injector.prepare(FEED, fault, PATIENT))).toEqual(problem);
  });

  test('says that nobody is there', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const message = `toxiproxy at ${url}, proxy feed: connect ECONNREFUSED ${url.slice(7)}`;
    const problem = { code: 'unreachable', message };
    const injector = toxiproxyInjector({ url: `${url}/`, proxies: ['feed'] });
    expect(problemOf(await injector.check(FEED, DELAY, PATIENT))).toEqual(problem);
    expect(problemOf((await injector.effect?.(FEED, PATIENT)) ?? { ok: true, value: null })).toEqual(problem);
    const proxy = { name: 'feed', listen: '127.0.0.1:1', upstream: '127.0.0.1:2', enabled: true, toxics: [] };
    const undo = { injector: 'toxiproxy', body: { url, proxy, toxics: ['pd-x-1'], enable: false }, byHand: '' };
    expect(problemOf(await injector.undo(undo, PATIENT))).toEqual(problem);
  });

  test("does not take another injector's undo for its own", async () => {
    const injector = toxiproxyInjector({ url: 'http://127.0.0.1:1', proxies: ['feed'] });
    const problem = problemOf(await injector.undo({ injector: 'toxiproxy', body: {}, byHand: '' }, PATIENT));
    expect(problem.code).toBe('failed');
    expect(problem.message).toMatch(/^this undo is not the toxiproxy injector's: /);
  });

  test('is made from its configuration', async () => {
    await using bench = await openBench(EMBEDDED);
    await bench.proxy('feed', 'localhost:1');
    const spec = injectorSchema.parse({ kind: 'toxiproxy', url: bench.url, proxies: ['feed'] });
    const injector = injectorsByKind([spec], { gameday: 'gd/ä 2' }).get('toxiproxy');
    if (injector === undefined) throw new Error('no injector was made');
    await injected(injector, DELAY);
    expect(toxicNamesOf(await bench.call('GET', '/proxies/feed/toxics'))).toEqual(['pd-gd---2-1']);
    expect(injectorSchema.safeParse({ kind: 'toxiproxy', url: 'x', proxies: [], more: 1 }).success).toBe(false);
  });
});

/** A server in front of another that gives no answer to some calls, as a wedged one does. */
async function stuckServer(url: string, isStuck: (call: string) => boolean) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const call = `${request.method ?? ''} ${request.url ?? ''}`;
    calls.push(call);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (isStuck(call)) return;
      const body = Buffer.concat(chunks).toString();
      void fetch(url + (request.url ?? ''), {
        method: request.method ?? 'GET',
        ...(body === '' ? {} : { body }),
      }).then(async (answer) => {
        response.writeHead(answer.status);
        response.end(await answer.text());
      });
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a fault on a server that knows leases', () => {
  const open = () => openBench(EMBEDDED);

  test('stands for as long as its injector lives, and gives its lease back', async () => {
    await using bench = await open();
    await bench.proxy('feed', 'localhost:1');
    const injector = injectorOn(bench);
    const undo = await injected(injector, DELAY);
    await delay(4000);
    expect(await toxicsOf(bench)).toMatchObject([{ name: 'pd-gd-1-1' }]);
    expect((await bench.call('GET', '/leases')).json).toMatchObject([{ holder: 'pd-gd-1', ttlMs: 3000 }]);
    valueOf(await injector.undo(undo, PATIENT));
    expect((await bench.call('GET', '/leases')).json).toEqual([]);
  });

  test('cannot be injected any more once somebody else has lifted it', async () => {
    await using bench = await open();
    await bench.proxy('feed', 'localhost:1');
    const [conductor, guardian] = [injectorOn(bench), injectorOn(bench)];
    const target = { injector: 'toxiproxy', name: 'feed' };
    for (const fault of [DELAY, { type: 'refuse' }] as const) {
      const undo = valueOf(await conductor.prepare(target, fault, PATIENT));
      valueOf(await guardian.undo(undo, PATIENT));
      expect(problemOf(await conductor.inject(target, fault, undo, PATIENT, MAY))).toEqual({
        code: 'failed',
        message: `toxiproxy at ${bench.url}, proxy feed: 412 the lease is over, or never was: nothing was changed`,
      });
      expect((await bench.call('GET', '/proxies/feed')).json).toMatchObject({ enabled: true, toxics: [] });
    }
  });
});

describe('undoing on a server that is stuck', () => {
  const open = () => openBench(EMBEDDED);

  test('makes the proxy anew, without our toxics and with the others', async () => {
    await using bench = await open();
    const address = await bench.proxy('feed', 'localhost:1');
    await bench.toxic('feed', { name: 'theirs', type: 'noop' });
    await using stuck = await stuckServer(bench.url, (call) => call.startsWith('DELETE /proxies/feed/toxics/'));
    const injector = injectorOn(stuck);
    await injected(injector, { type: 'throttle', rateKBps: 9, direction: 'downstream' });
    const undo = await injected(injector, DELAY);
    valueOf(await injector.undo(undo, PATIENT));
    // Renewing goes on meanwhile.
    const calls = stuck.calls.filter((call) => !call.includes('/leases'));
    expect(calls.slice(-4)).toEqual([
      'DELETE /proxies/feed/toxics/pd-gd-1-2',
      'DELETE /proxies/feed',
      'POST /proxies',
      'POST /proxies/feed/toxics',
    ]);
    expect((await bench.call('GET', '/proxies/feed')).json).toMatchObject({
      listen: address,
      upstream: 'localhost:1',
      enabled: true,
      toxics: [{ name: 'theirs' }],
    });
  });

  test('says, when that fails too, what to do by hand', async () => {
    await using bench = await open();
    const address = await bench.proxy('feed', 'localhost:1');
    let isStuck = false;
    await using stuck = await stuckServer(bench.url, () => isStuck);
    const injector = injectorOn(stuck);
    const undo = await injected(injector, DELAY);
    isStuck = true;
    const definition = `{"name":"feed","listen":"${address}","upstream":"localhost:1","enabled":true}`;
    expect(problemOf(await injector.undo(undo, PATIENT))).toEqual({
      code: 'failed',
      message:
        `toxiproxy at ${stuck.url}, proxy feed: does not answer, and could not be deleted (no answer within 3000 ms); ` +
        `restart that server, or: curl -fsS -X DELETE '${stuck.url}/proxies/feed'; ` +
        `curl -fsS -X POST -d '${definition}' '${stuck.url}/proxies'`,
    });
    isStuck = false;
    valueOf(await injector.undo(undo, PATIENT));
    expect(await toxicsOf(bench)).toEqual([]);
  });

  test('stops waiting when it is told to', async () => {
    await using bench = await open();
    await bench.proxy('feed', 'localhost:1');
    let isStuck = false;
    await using stuck = await stuckServer(bench.url, () => isStuck);
    const injector = injectorOn(stuck);
    const undo = await injected(injector, DELAY);
    isStuck = true;
    const stop = new AbortController();
    const undone = injector.undo(undo, stop.signal);
    await eventually(() => (stuck.calls.at(-1)?.startsWith('DELETE') === true ? true : undefined), 'a call under way');
    stop.abort();
    expect(problemOf(await undone)).toEqual({
      code: 'failed',
      message: `toxiproxy at ${stuck.url}, proxy feed: aborted before it was lifted`,
    });
  });

  test.each(BACKENDS)('gets a fault off the $name server whose client has stopped reading', async (backend) => {
    await using bench = await openBench(backend);
    await using server = await tcpServer((socket) => {
      const more = () => {
        while (socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', more);
      more();
    });
    const address = await bench.proxy('feed', server.address);
    const injector = injectorOn(bench);
    const undo = await injected(injector, { ...DELAY, ms: 1 });
    using peer = await dial(address);
    peer.socket.pause();
    await pause(500);
    valueOf(await injector.undo(undo, PATIENT));
    expect(await toxicsOf(bench)).toEqual([]);
    using again = await dial(address);
    await again.received(1);
  });
});
