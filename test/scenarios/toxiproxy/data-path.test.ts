import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { eventually, freePort } from '../../support/servers.ts';
import { seededRandom } from '../../../scenarios/random.ts';
import { BACKENDS, dial, echoServer, listenOf, openBench, Peer, tcpServer } from './support.ts';

describe.each(BACKENDS)('connections through the $name server', (backend) => {
  test('carry many bytes both ways unchanged, in order, under backpressure', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    using peer = await dial(address);
    const random = seededRandom(1, 'payload');
    const sent = createHash('sha256');
    const total = 16 * 1024 * 1024;
    const write = async () => {
      for (let left = total; left > 0;) {
        const data = Buffer.alloc(Math.min(left, 1 + Math.floor(random() * 200_000)), Math.floor(random() * 256));
        sent.update(data);
        left -= data.length;
        if (!peer.socket.write(data)) await new Promise((resolve) => peer.socket.once('drain', resolve));
      }
    };
    await Promise.all([write(), peer.received(total)]);
    const got = createHash('sha256').update(Buffer.concat(peer.chunks.map(({ data }) => data)));
    expect(peer.bytes).toBe(total);
    expect(got.digest('hex')).toBe(sent.digest('hex'));
  });

  test('see an end when disabled, are refused then, and pass again on the same port when enabled', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    using peer = await dial(address);
    peer.write('hello');
    await peer.received(5);
    await bench.call('PATCH', '/proxies/p', { enabled: false });
    expect((await peer.ended).how).toBe('end');
    await expect(dial(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await bench.call('PATCH', '/proxies/p', { enabled: true });
    using again = await dial(address);
    again.write('again');
    await again.received(5);
  });

  test('see an end when their proxy is deleted', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    using peer = await dial(address);
    peer.write('x');
    await peer.received(1);
    await bench.call('DELETE', '/proxies/p');
    expect((await peer.ended).how).toBe('end');
    await expect(dial(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('stay when a PATCH names the address that they have, and are dropped by a new one, which keeps the toxics', async () => {
    await using bench = await openBench(backend);
    await using echo = await echoServer();
    const address = await bench.proxy('p', echo.address);
    await bench.toxic('p', { type: 'latency', attributes: { latency: 150 } });
    using peer = await dial(address);
    await bench.call('PATCH', '/proxies/p', {
      listen: address.replace('127.0.0.1', 'localhost'),
      upstream: echo.address,
    });
    peer.write('x');
    await peer.received(1);
    const port = await freePort();
    const moved = await bench.call('PATCH', '/proxies/p', { listen: `localhost:${port}` });
    expect(moved.json).toMatchObject({
      listen: `127.0.0.1:${port}`,
      enabled: true,
      toxics: [{ name: 'latency_downstream' }],
    });
    expect((await peer.ended).how).toBe('end');
    await expect(dial(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const anywhere = listenOf(await bench.call('PATCH', '/proxies/p', { listen: '127.0.0.1:0' }));
    expect(anywhere).not.toBe(`127.0.0.1:${port}`);
    using again = await dial(anywhere);
    const startMs = performance.now();
    again.write('x');
    expect((await again.received(1)) - startMs).toBeGreaterThanOrEqual(148);
  });

  test('are dropped by a new upstream, and go there next time', async () => {
    await using bench = await openBench(backend);
    await using one = await tcpServer((socket) => socket.write('one'));
    await using two = await tcpServer((socket) => socket.write('two'));
    const address = await bench.proxy('p', one.address);
    using first = await dial(address);
    await first.received(3);
    await bench.call('PATCH', '/proxies/p', { upstream: two.address });
    expect((await first.ended).how).toBe('end');
    using second = await dial(address);
    await second.received(3);
    expect([first.text, second.text]).toEqual(['one', 'two']);
  });

  test('are accepted and then ended when the upstream refuses', async () => {
    await using bench = await openBench(backend);
    const address = await bench.proxy('p', `127.0.0.1:${await freePort()}`);
    using peer = await dial(address);
    expect((await peer.ended).how).toBe('end');
  });

  test('have no half-close: an end on one side closes both, after what was sent before it', async () => {
    await using bench = await openBench(backend);
    let served: Peer | undefined;
    await using server = await tcpServer((socket) => {
      served = new Peer(socket);
    });
    const address = await bench.proxy('p', server.address);
    using peer = await dial(address);
    peer.socket.end('last words');
    const other = await eventually(() => served, 'a connection');
    expect((await other.ended).how).toBe('end');
    expect(other.text).toBe('last words');
    expect((await peer.ended).how).toBe('end');
  });

  test('deliver all that the server sent before its end', async () => {
    await using bench = await openBench(backend);
    const total = 3_000_000;
    await using server = await tcpServer((socket) => socket.end(Buffer.alloc(total, 1)));
    const address = await bench.proxy('p', server.address);
    using peer = await dial(address);
    expect((await peer.ended).how).toBe('end');
    expect(peer.bytes).toBe(total);
  });

  test('see an orderly end when the other side resets', async () => {
    await using bench = await openBench(backend);
    await using server = await tcpServer((socket) => socket.write('x'));
    const address = await bench.proxy('p', server.address);
    using peer = await dial(address);
    await peer.received(1);
    server.sockets[0]?.resetAndDestroy();
    expect((await peer.ended).how).toBe('end');
  });
});
