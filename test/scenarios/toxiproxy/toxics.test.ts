import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/servers.ts';
import { BACKENDS, dial, echoServer, openBench, pause, Peer, tcpServer } from './support.ts';

// Lower bounds are exact but for a timer's grain; upper ones only tell a wait from none, where the wait would be long.
const GRAIN_MS = 2;

/** Sends a byte and tells how long its echo took. */
async function pingMs(peer: Peer): Promise<number> {
  const startMs = performance.now();
  const before = peer.bytes;
  peer.write('x');
  return (await peer.received(before + 1)) - startMs;
}

/** A server that keeps what it sees. */
async function recorder() {
  const peers: Peer[] = [];
  const server = await tcpServer((socket) => peers.push(new Peer(socket)));
  return {
    address: server.address,
    peer: (n = 0) => eventually(() => peers[n], `connection ${n}`),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe.each(BACKENDS)('latency on the $name server', (backend) => {
  test('begins and ends on an open connection, and a request meets it once', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    using peer = await dial(await bench.proxy('p', echo.address));
    await pingMs(peer);
    await bench.toxic('p', { type: 'latency', attributes: { latency: 200 } });
    const slow = await pingMs(peer);
    expect(slow).toBeGreaterThanOrEqual(200 - GRAIN_MS);
    await bench.call('PATCH', '/proxies/p/toxics/latency_downstream', { attributes: { latency: 400 } });
    expect(await pingMs(peer)).toBeGreaterThanOrEqual(400 - GRAIN_MS);
    await bench.call('PATCH', '/proxies/p/toxics/latency_downstream', { attributes: { latency: 60_000 } });
    await bench.call('DELETE', '/proxies/p/toxics/latency_downstream');
    expect(await pingMs(peer)).toBeLessThan(30_000);
  });

  test('adds up over toxics and over both streams', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    using peer = await dial(await bench.proxy('p', echo.address));
    await bench.toxic('p', { name: 'a', type: 'latency', attributes: { latency: 100 } });
    await bench.toxic('p', { name: 'b', type: 'latency', attributes: { latency: 150 } });
    await bench.toxic('p', { name: 'c', type: 'latency', stream: 'upstream', attributes: { latency: 50 } });
    expect(await pingMs(peer)).toBeGreaterThanOrEqual(300 - 2 * GRAIN_MS);
  });

  test('overlaps: chunks keep their distance', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    using peer = await dial(await bench.proxy('p', server.address));
    await bench.toxic('p', { type: 'latency', stream: 'upstream', attributes: { latency: 2000 } });
    const other = await server.peer();
    const startMs = performance.now();
    peer.write('a');
    await pause(100);
    peer.write('b');
    await other.received(2);
    const [a, b] = other.chunks.map(({ atMs }) => atMs - startMs);
    expect(a).toBeGreaterThanOrEqual(2000 - GRAIN_MS);
    expect(b).toBeGreaterThanOrEqual(2100 - GRAIN_MS);
    // One after the other it would be 4000.
    expect(b).toBeLessThan(3900);
  });

  test('lets go of all it holds, in order, when it is removed', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    using peer = await dial(await bench.proxy('p', server.address));
    await bench.toxic('p', { type: 'latency', stream: 'upstream', attributes: { latency: 60_000 } });
    const other = await server.peer();
    for (const letter of 'abcde') {
      peer.write(letter);
      await pause(10);
    }
    expect(other.bytes).toBe(0);
    await bench.call('DELETE', '/proxies/p/toxics/latency_upstream');
    await other.received(5);
    expect(other.text).toBe('abcde');
  });

  test('stays within its jitter, uses it, and keeps the order', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    using peer = await dial(await bench.proxy('p', server.address));
    await bench.toxic('p', { type: 'latency', stream: 'upstream', attributes: { latency: 60, jitter: 50 } });
    const other = await server.peer();
    const delays: number[] = [];
    for (let n = 0; n < 25; n += 1) {
      const startMs = performance.now();
      peer.write(String.fromCharCode(65 + n));
      delays.push((await other.received(n + 1)) - startMs);
    }
    expect(other.text).toBe('ABCDEFGHIJKLMNOPQRSTUVWXY');
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10 - GRAIN_MS);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(30);
  });

  test('does not delay an end beyond the data before it', async () => {
    await using bench = await openBench(backend);
    await using server = await tcpServer((socket) => socket.end('bye'));
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'latency', attributes: { latency: 2000 } });
    const startMs = performance.now();
    using peer = await dial(address);
    const ended = await peer.ended;
    expect(peer.text).toBe('bye');
    expect((peer.chunks[0]?.atMs ?? 0) - startMs).toBeGreaterThanOrEqual(2000 - GRAIN_MS);
    expect(ended.atMs - (peer.chunks[0]?.atMs ?? 0)).toBeLessThan(1900);
  });
});

describe.each(BACKENDS)('bandwidth on the $name server', (backend) => {
  test('holds the rate, in pieces of a tenth of a second', async () => {
    await using bench = await openBench(backend);
    await using server = await tcpServer((socket) => socket.write(Buffer.alloc(100_000)));
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'bandwidth', attributes: { rate: 100 } });
    const startMs = performance.now();
    using peer = await dial(address);
    const tookMs = (await peer.received(100_000)) - startMs;
    expect(tookMs).toBeGreaterThanOrEqual(1000 - 10 * GRAIN_MS);
    expect((peer.chunks[0]?.atMs ?? 0) - startMs).toBeGreaterThanOrEqual(100 - GRAIN_MS);
    expect(peer.chunks.length).toBeGreaterThanOrEqual(5);
  });

  test('delays a small chunk by its share of the rate', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    using peer = await dial(await bench.proxy('p', echo.address));
    await bench.toxic('p', { type: 'bandwidth', attributes: { rate: 1 } });
    const startMs = performance.now();
    peer.write(Buffer.alloc(90));
    expect((await peer.received(90)) - startMs).toBeGreaterThanOrEqual(90 - GRAIN_MS);
  });

  test('of rate 0 holds everything, and delivers it when removed', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    using peer = await dial(await bench.proxy('p', echo.address));
    await bench.toxic('p', { type: 'bandwidth', attributes: { rate: 0 } });
    peer.write('held');
    await pause(300);
    expect(peer.bytes).toBe(0);
    await bench.call('DELETE', '/proxies/p/toxics/bandwidth_downstream');
    await peer.received(4);
    expect(peer.text).toBe('held');
  });
});

describe.each(BACKENDS)('slow_close on the $name server', (backend) => {
  test('delays the end that travels its way, not the data, nor the other end', async () => {
    await using bench = await openBench(backend);
    const served: Peer[] = [];
    await using server = await tcpServer((socket) => {
      served.push(new Peer(socket));
      socket.write('data');
    });
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'slow_close', attributes: { delay: 500 } });

    using first = await dial(address);
    await first.received(4);
    const startMs = performance.now();
    server.sockets[0]?.end();
    expect((await first.ended).atMs - startMs).toBeGreaterThanOrEqual(500 - GRAIN_MS);

    using second = await dial(address);
    await second.received(4);
    const other = served[1];
    await bench.call('PATCH', '/proxies/p/toxics/slow_close_downstream', { attributes: { delay: 600_000 } });
    second.socket.end();
    expect((await other?.ended)?.how).toBe('end');
  });

  test('closes at once when it is removed during the wait', async () => {
    await using bench = await openBench(backend);
    await using server = await tcpServer((socket) => socket.end('data'));
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'slow_close', attributes: { delay: 60_000 } });
    using peer = await dial(address);
    await peer.received(4);
    await pause(50);
    await bench.call('DELETE', '/proxies/p/toxics/slow_close_downstream');
    expect((await peer.ended).how).toBe('end');
  });
});

describe.each(BACKENDS)('timeout on the $name server', (backend) => {
  test('discards, and closes after its time without data; data starts that time again', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'timeout', stream: 'upstream', attributes: { timeout: 1000 } });
    const startMs = performance.now();
    using peer = await dial(address);
    let lastMs = startMs;
    for (let n = 0; n < 5; n += 1) {
      await pause(300);
      lastMs = performance.now();
      peer.write('x');
    }
    const { how, atMs } = await peer.ended;
    expect(how).toBe('end');
    expect(atMs - lastMs).toBeGreaterThanOrEqual(1000 - GRAIN_MS);
    expect((await server.peer()).bytes).toBe(0);
  });

  test('of 0 never closes by itself, lets an end pass, and closes when removed', async () => {
    await using bench = await openBench(backend);
    await using server = await tcpServer((socket) => socket.pipe(socket));
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'timeout', attributes: { timeout: 0 } });
    using idle = await dial(address);
    using ending = await dial(address);
    idle.write('lost');
    await pause(300);
    expect([idle.bytes, idle.socket.readyState]).toEqual([0, 'open']);
    server.sockets[1]?.end();
    expect((await ending.ended).how).toBe('end');
    await bench.call('DELETE', '/proxies/p/toxics/timeout_downstream');
    expect((await idle.ended).how).toBe('end');
    expect(idle.bytes).toBe(0);
  });

  test('closes its time after a change, and on reset', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    await bench.toxic('p', { type: 'timeout', attributes: { timeout: 0 } });
    using first = await dial(address);
    await pause(50);
    const startMs = performance.now();
    await bench.call('PATCH', '/proxies/p/toxics/timeout_downstream', { attributes: { timeout: 300 } });
    expect((await first.ended).atMs - startMs).toBeGreaterThanOrEqual(300 - GRAIN_MS);
    await bench.call('PATCH', '/proxies/p/toxics/timeout_downstream', { attributes: { timeout: 0 } });
    using second = await dial(address);
    await pause(50);
    await bench.call('POST', '/reset');
    expect((await second.ended).how).toBe('end');
  });
});

describe.each(BACKENDS)('reset_peer on the $name server', (backend) => {
  test('waits for the first data, swallows it, and resets both peers', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'reset_peer', stream: 'upstream', attributes: { timeout: 200 } });
    using peer = await dial(address);
    const other = await server.peer();
    await pause(300);
    expect(peer.socket.readyState).toBe('open');
    const startMs = performance.now();
    peer.write('x');
    const [here, there] = await Promise.all([peer.ended, other.ended]);
    expect([here.how, there.how]).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(here.atMs - startMs).toBeGreaterThanOrEqual(200 - GRAIN_MS);
    expect(other.bytes).toBe(0);
  });

  test('leaves a connection alone when it is removed before any data', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    await bench.toxic('p', { type: 'reset_peer', stream: 'upstream' });
    using peer = await dial(address);
    await pause(50);
    await bench.call('DELETE', '/proxies/p/toxics/reset_peer_upstream');
    expect(await pingMs(peer)).toBeGreaterThan(0);
  });
});

describe.each(BACKENDS)('slicer on the $name server', (backend) => {
  test('cuts a chunk into pieces of the asked size, with pauses between', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', {
      type: 'slicer',
      stream: 'upstream',
      attributes: { average_size: 100, size_variation: 10, delay: 20_000 },
    });
    using peer = await dial(address);
    const other = await server.peer();
    const sent = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 251));
    const startMs = performance.now();
    peer.write(sent);
    const tookMs = (await other.received(1000)) - startMs;
    expect(Buffer.concat(other.chunks.map(({ data }) => data)).equals(sent)).toBe(true);
    // Nine or more pieces of at most 110 bytes have eight or more pauses between them.
    expect(tookMs).toBeGreaterThanOrEqual(8 * 20 - 8 * GRAIN_MS);
    expect(other.chunks.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...other.chunks.map(({ data }) => data.length))).toBeLessThanOrEqual(110);
  });

  test('sends the rest whole when it is removed', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    const address = await bench.proxy('p', server.address);
    const attributes = { average_size: 10, size_variation: 1, delay: 10_000_000 };
    await bench.toxic('p', { type: 'slicer', stream: 'upstream', attributes });
    using peer = await dial(address);
    const other = await server.peer();
    peer.write('0123456789'.repeat(10));
    await other.received(1);
    await bench.call('DELETE', '/proxies/p/toxics/slicer_upstream');
    await other.received(100);
    expect(other.text).toBe('0123456789'.repeat(10));
    expect(other.chunks.length).toBeLessThanOrEqual(4);
  });
});

describe.each(BACKENDS)('limit_data on the $name server', (backend) => {
  test('passes exactly its bytes and closes, whether they are met or crossed', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'limit_data', stream: 'upstream', attributes: { bytes: 10 } });
    for (const [n, writes] of [['0123456789'], ['01234', '56789'], ['01234', '56789abcdef']].entries()) {
      using peer = await dial(address);
      const other = await server.peer(n);
      for (const [index, text] of writes.entries()) {
        peer.write(text);
        if (index < writes.length - 1) await other.received(5);
      }
      expect((await other.ended).how).toBe('end');
      expect(other.text).toBe('0123456789');
      await peer.ended;
    }
  });

  test('of 0 closes on the first data and passes none', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'limit_data', stream: 'upstream', attributes: { bytes: 0 } });
    using peer = await dial(address);
    const other = await server.peer();
    await pause(200);
    expect(peer.socket.readyState).toBe('open');
    peer.write('x');
    await Promise.all([peer.ended, other.ended]);
    expect(other.bytes).toBe(0);
  });

  test('goes on counting when the limit changes', async () => {
    await using bench = await openBench(backend);
    await using server = await recorder();
    const address = await bench.proxy('p', server.address);
    await bench.toxic('p', { type: 'limit_data', stream: 'upstream', attributes: { bytes: 10 } });
    using peer = await dial(address);
    const other = await server.peer();
    peer.write('01234567');
    await other.received(8);
    await bench.call('PATCH', '/proxies/p/toxics/limit_data_upstream', { attributes: { bytes: 20 } });
    peer.write('8'.repeat(40));
    await other.ended;
    expect(other.bytes).toBe(20);
  });
});

describe.each(BACKENDS)('toxicity on the $name server', (backend) => {
  test('picks connections, and stays with its choice', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    await bench.toxic('p', { type: 'latency', toxicity: 0.5, attributes: { latency: 1000 } });
    const peers = await Promise.all(Array.from({ length: 40 }, () => dial(address)));
    const isSlow = async () => Promise.all(peers.map(async (peer) => (await pingMs(peer)) >= 1000 - GRAIN_MS));
    const first = await isSlow();
    const hit = first.filter(Boolean).length;
    // Outside of this once in about 10,000 fair draws of 40.
    expect(hit).toBeGreaterThanOrEqual(8);
    expect(hit).toBeLessThanOrEqual(32);
    expect(await isSlow()).toEqual(first);
    for (const peer of peers) peer[Symbol.dispose]();
  });

  test('of 0 touches none', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    await bench.toxic('p', { type: 'limit_data', toxicity: 0, attributes: { bytes: 0 } });
    using peer = await dial(address);
    expect(await pingMs(peer)).toBeGreaterThan(0);
  });
});
