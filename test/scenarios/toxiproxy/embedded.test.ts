/** What the embedded server does better than the one whose interface it speaks, and what only it has. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../../../scenarios/random.ts';
import { startToxiproxy } from '../../../scenarios/toxiproxy/server.ts';
import { pieces } from '../../../scenarios/toxiproxy/toxics/slicer.ts';
import { eventually } from '../../support/servers.ts';
import {
  EMBEDDED,
  client,
  dial,
  echoServer,
  listenOf,
  openBench,
  pause,
  Peer,
  silentServer,
  tcpServer,
} from './support.ts';

const bench = () => openBench(EMBEDDED);
const LONG_MS = 600_000;

describe('the embedded interface', () => {
  test('binds loopback when no host is given', async () => {
    await using b = await bench();
    expect(b.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    for (const [name, listen] of [['a'], ['b', ''], ['c', ':0']] as const) {
      const reply = await b.call('POST', '/proxies', { name, listen, upstream: 'localhost:1' });
      expect(listenOf(reply)).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    }
  });

  test('says that its errors are JSON', async () => {
    await using b = await bench();
    expect(await b.call('GET', '/proxies/p')).toMatchObject({ status: 404, type: 'application/json' });
  });

  test.each([
    [{ type: 'latency', attributes: { latency: -1 } }, 'attributes.latency: expected 0 or more'],
    [{ type: 'latency', attributes: { latency: 1.5 } }, 'attributes.latency: expected an integer'],
    [{ type: 'latency', attributes: { latency: '5' } }, 'attributes.latency: expected an integer'],
    [{ type: 'latency', attributes: 5 }, 'attributes: expected an object'],
    [{ type: 'bandwidth', attributes: { rate: -1 } }, 'attributes.rate: expected 0 or more'],
    [{ type: 'slicer' }, 'attributes.average_size: expected 1 or more'],
    [
      { type: 'slicer', attributes: { average_size: 5, size_variation: 5 } },
      'attributes.size_variation: expected less than average_size',
    ],
    [{ type: 'noop', toxicity: 7 }, 'toxicity: expected 0 to 1'],
    [{ type: 'noop', toxicity: -0.1 }, 'toxicity: expected 0 to 1'],
  ])('refuses the toxic %j', async (toxic, problem) => {
    await using b = await bench();
    await b.proxy('p', 'localhost:1');
    expect((await b.call('POST', '/proxies/p/toxics', toxic)).json).toEqual({
      error: `bad request body: ${problem}`,
      status: 400,
    });
    expect((await b.call('GET', '/proxies/p/toxics')).json).toEqual([]);
  });

  test('changes all of a toxic or nothing', async () => {
    await using b = await bench();
    await b.proxy('p', 'localhost:1');
    await b.toxic('p', { name: 't', type: 'latency', attributes: { latency: 5, jitter: 2 } });
    const before = await b.call('GET', '/proxies/p/toxics/t');
    for (const body of [{ attributes: { latency: 9, jitter: 'x' } }, { attributes: { latency: 9 }, toxicity: 2 }]) {
      expect((await b.call('PATCH', '/proxies/p/toxics/t', body)).status).toBe(400);
      expect((await b.call('GET', '/proxies/p/toxics/t')).json).toEqual(before.json);
    }
  });

  test('resets the proxies behind one that cannot be bound, and reports that one', async () => {
    await using b = await bench();
    await using taken = await tcpServer(() => {});
    await b.call('POST', '/proxies', { name: 'a', listen: taken.address, upstream: 'localhost:1', enabled: false });
    await b.toxic('a', { type: 'noop' });
    await b.proxy('b', 'localhost:1');
    await b.toxic('b', { type: 'noop' });
    expect(await b.call('POST', '/reset')).toMatchObject({
      status: 500,
      json: { error: `listen tcp ${taken.address}: bind: address already in use`, status: 500 },
    });
    expect((await b.call('GET', '/proxies')).json).toMatchObject({
      a: { enabled: false, toxics: [] },
      b: { enabled: true, toxics: [] },
    });
  });

  test('hears only the hosts that it was told, when it was told any', async () => {
    await using server = await startToxiproxy({ port: 0, seed: 1, allowedHosts: ['toxiproxy.internal'] });
    const reply = await client(server.url)('GET', '/proxies');
    expect([reply.status, reply.text]).toEqual([403, 'Host not allowed\n']);
    const { port } = new URL(server.url);
    await using named = await startToxiproxy({ port: 0, seed: 1, allowedHosts: ['127.0.0.1'] });
    expect(port).not.toBe('0');
    expect((await client(named.url)('GET', '/proxies')).status).toBe(200);
  });

  test('refuses a body of more than a megabyte', async () => {
    await using b = await bench();
    expect((await b.call('POST', '/proxies', ' '.repeat(1024 * 1024 + 1))).status).toBe(413);
  });

  test('takes changes of one proxy from several clients one after the other', async () => {
    await using b = await bench();
    await using echo = await echoServer();
    await b.proxy('p', echo.address);
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, n) => b.call('PATCH', '/proxies/p', { enabled: n % 2 === 1 })),
    );
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect((await b.call('PATCH', '/proxies/p', { enabled: true })).json).toMatchObject({ enabled: true });
    using peer = await dial(listenOf(await b.call('GET', '/proxies/p')));
    peer.write('x');
    await peer.received(1);
  });
});

const countersSchema = z.object({
  upstream: z.object({ receivedBytes: z.number(), sentBytes: z.number() }),
  downstream: z.object({ receivedBytes: z.number(), sentBytes: z.number() }),
  connections: z.object({ accepted: z.number(), open: z.number(), failed: z.number(), cut: z.number() }),
});

describe('the counters', () => {
  test('tell, live, what came, what went on and what was cut', async () => {
    await using b = await bench();
    await using echo = await echoServer();
    const counters = async () => countersSchema.parse((await b.call('GET', '/proxies/p/counters')).json);
    const address = await b.proxy('p', echo.address);
    using one = await dial(address);
    using two = await dial(address);
    one.write('12345');
    await one.received(5);
    two.write('1');
    await two.received(1);
    expect(await counters()).toEqual({
      upstream: { receivedBytes: 6, sentBytes: 6 },
      downstream: { receivedBytes: 6, sentBytes: 6 },
      connections: { accepted: 2, open: 2, failed: 0, cut: 0 },
    });
    await b.toxic('p', { type: 'timeout' });
    one.write('67');
    await eventually(
      async () => ((await counters()).downstream.receivedBytes === 8 ? true : undefined),
      'two more bytes',
    );
    expect((await counters()).downstream).toEqual({ receivedBytes: 8, sentBytes: 6 });
    one.socket.end();
    await one.ended;
    await eventually(async () => ((await counters()).connections.open === 1 ? true : undefined), 'one connection less');
    expect((await counters()).connections.cut).toBe(0);
    await b.call('PATCH', '/proxies/p', { enabled: false });
    await two.ended;
    expect((await counters()).connections).toEqual({ accepted: 2, open: 0, failed: 0, cut: 1 });
  });

  test('count a connection whose upstream does not answer as failed', async () => {
    await using b = await bench();
    const address = await b.proxy('p', 'not an address');
    using peer = await dial(address);
    expect((await peer.ended).how).toBe('end');
    expect((await b.call('GET', '/proxies/p/counters')).json).toMatchObject({
      connections: { accepted: 1, failed: 1 },
    });
  });
});

describe('removal', () => {
  test.each(['latency', 'bandwidth', 'timeout', 'slicer'])(
    'of %s does not wait for a reader that has stopped',
    async (type) => {
      await using b = await bench();
      await using server = await tcpServer((socket) => {
        const more = () => {
          while (socket.write(Buffer.alloc(65_536)));
        };
        socket.on('drain', more);
        more();
      });
      const attributes = {
        latency: { latency: 5 },
        bandwidth: { rate: 1_000_000 },
        timeout: {},
        slicer: { average_size: 1000 },
      }[type];
      const address = await b.proxy('p', server.address);
      await b.toxic('p', { name: 't', type, attributes });
      using peer = await dial(address);
      peer.socket.pause();
      await eventually(async () => {
        const reply = countersSchema.parse((await b.call('GET', '/proxies/p/counters')).json);
        return reply.downstream.receivedBytes > 1_000_000 ? true : undefined;
      }, 'a megabyte under way');
      expect((await b.call('DELETE', '/proxies/p/toxics/t')).status).toBe(204);
      expect((await b.call('GET', '/proxies')).status).toBe(200);
      expect((await b.call('PATCH', '/proxies/p', { enabled: false })).status).toBe(200);
    },
  );

  test('of reset_peer during its wait resets at once', async () => {
    await using b = await bench();
    await using echo = await echoServer();
    const address = await b.proxy('p', echo.address);
    await b.toxic('p', { type: 'reset_peer', stream: 'upstream', attributes: { timeout: LONG_MS } });
    using peer = await dial(address);
    peer.write('x');
    await pause(50);
    await b.call('DELETE', '/proxies/p/toxics/reset_peer_upstream');
    expect((await peer.ended).how).toBe('ECONNRESET');
  });
});

describe('reset_peer', () => {
  test('resets connections that were open before it, too', async () => {
    await using b = await bench();
    await using echo = await echoServer();
    using peer = await dial(await b.proxy('p', echo.address));
    peer.write('x');
    await peer.received(1);
    await b.toxic('p', { type: 'reset_peer', stream: 'upstream' });
    peer.write('y');
    expect((await peer.ended).how).toBe('ECONNRESET');
  });

  test('of toxicity 0 leaves an ordinary end an ordinary end', async () => {
    await using b = await bench();
    await using server = await tcpServer((socket) => socket.end('bye'));
    const address = await b.proxy('p', server.address);
    await b.toxic('p', { type: 'reset_peer', toxicity: 0 });
    using peer = await dial(address);
    expect((await peer.ended).how).toBe('end');
  });
});

describe('an upstream that does not answer', () => {
  test('holds up neither other connections nor the switch', async () => {
    await using b = await bench();
    await using echo = await echoServer();
    await using silent = await silentServer();
    const address = await b.proxy('p', silent.address);
    const waiting = await Promise.all([dial(address), dial(address), dial(address)]);
    expect((await b.call('PATCH', '/proxies/p', { upstream: echo.address })).status).toBe(200);
    for (const peer of waiting) expect((await peer.ended).how).toBe('end');
    using peer = await dial(address);
    peer.write('x');
    await peer.received(1);
  });

  test('is given up after the time allowed, and the client sees an end', async () => {
    await using server = await startToxiproxy({ port: 0, seed: 1, connectTimeoutMs: 200 });
    await using silent = await silentServer();
    const call = client(server.url);
    const address = listenOf(await call('POST', '/proxies', { name: 'p', upstream: silent.address }));
    const startMs = performance.now();
    using peer = await dial(address);
    const { how, atMs } = await peer.ended;
    expect(how).toBe('end');
    expect(atMs - startMs).toBeGreaterThanOrEqual(198);
    expect((await call('GET', '/proxies/p/counters')).json).toMatchObject({ connections: { accepted: 1, failed: 1 } });
  });
});

describe('the sender', () => {
  test('is held back when nothing passes, and everything arrives in order afterwards', async () => {
    await using b = await bench();
    const peers: Peer[] = [];
    await using server = await tcpServer((socket) => peers.push(new Peer(socket)));
    using peer = await dial(await b.proxy('p', server.address));
    await b.toxic('p', { type: 'bandwidth', stream: 'upstream', attributes: { rate: 0 } });
    const total = 64 * 1024 * 1024;
    const sent = Buffer.alloc(total);
    for (let n = 0; n < total; n += 4096) sent.writeUInt32BE(n, n);
    peer.write(sent);
    await pause(500);
    const { upstream } = countersSchema.parse((await b.call('GET', '/proxies/p/counters')).json);
    expect(upstream.receivedBytes).toBeLessThan(1024 * 1024);
    await b.call('DELETE', '/proxies/p/toxics/bandwidth_upstream');
    const other = await eventually(() => peers[0], 'a connection');
    await other.received(total);
    expect(Buffer.concat(other.chunks.map(({ data }) => data)).equals(sent)).toBe(true);
  });
});

describe('a chain of toxics that come, change and go', () => {
  test('loses, repeats and reorders nothing', async () => {
    await using b = await bench();
    await using echo = await echoServer();
    using peer = await dial(await b.proxy('p', echo.address));
    const random = seededRandom(11, 'churn');
    const pick = <T>(list: readonly T[]): T => {
      const [picked] = list.slice(Math.floor(random() * list.length));
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    };
    const toxics = [
      { type: 'latency', attributes: { latency: 20, jitter: 20 } },
      { type: 'bandwidth', attributes: { rate: 2000 } },
      { type: 'slicer', attributes: { average_size: 400, size_variation: 50, delay: 100 } },
      { type: 'slow_close', attributes: { delay: 1 } },
      { type: 'noop' },
    ];
    let sent = '';
    let there: string[] = [];
    for (let n = 0; n < 120; n += 1) {
      const text = `${n},`.repeat(1 + Math.floor(random() * 300));
      sent += text;
      peer.write(text);
      const dice = random();
      if (dice < 0.5) {
        await b.toxic('p', { name: `t${n}`, stream: pick(['upstream', 'downstream']), toxicity: 0.8, ...pick(toxics) });
        there.push(`t${n}`);
      } else if (there.length > 0) {
        const name = pick(there);
        if (dice < 0.65) await b.call('PATCH', `/proxies/p/toxics/${name}`, { toxicity: random() });
        else {
          await b.call('DELETE', `/proxies/p/toxics/${name}`);
          there = there.filter((other) => other !== name);
        }
      }
    }
    await b.call('POST', '/reset');
    await peer.received(sent.length);
    expect(peer.text).toBe(sent);
  });
});

describe('the seed', () => {
  /** Which of 12 connections one after the other a toxic of toxicity 0.5 touches. */
  async function choices(seed: number): Promise<string> {
    await using server = await startToxiproxy({ port: 0, seed });
    await using upstream = await tcpServer((socket) => socket.pipe(socket));
    const call = client(server.url);
    const address = listenOf(await call('POST', '/proxies', { name: 'p', upstream: upstream.address }));
    const cut = { type: 'limit_data', toxicity: 0.5, attributes: { bytes: 0 } };
    await call('POST', '/proxies/p/toxics', cut);
    let seen = '';
    for (let n = 0; n < 12; n += 1) {
      using peer = await dial(address);
      peer.write('x');
      seen += await Promise.race([peer.received(1).then(() => '-'), peer.ended.then(() => 'x')]);
    }
    return seen;
  }

  test('decides which connections a toxic touches, the same each time', async () => {
    const first = await choices(42);
    expect(await choices(42)).toBe(first);
    expect(await choices(43)).not.toBe(first);
    expect(first).toMatch(/x/);
    expect(first).toMatch(/-/);
  });

  test('gives draws that are uniform and independent of other paths', () => {
    const random = seededRandom(5, 'p', 1, 'upstream', 't');
    const draws = Array.from({ length: 20_000 }, random);
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(seededRandom(5, 'p', 1, 'upstream', 't')()).toBe(draws[0]);
    expect(seededRandom(5, 'p', 1, 'downstream', 't')()).not.toBe(draws[0]);
  });
});

describe('slices', () => {
  test('add up to the chunk, are none of them empty, and none longer than asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 3000 }).chain((average) => fc.tuple(fc.constant(average), fc.nat(average - 1))),
        fc.integer(),
        (bytes, [average, variation], seed) => {
          const sizes = pieces(bytes, average, variation, seededRandom(seed));
          expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes);
          expect(Math.min(...sizes)).toBeGreaterThan(0);
          expect(Math.max(...sizes)).toBeLessThanOrEqual(average + variation);
        },
      ),
    );
  });
});
