import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { spawnToxiproxy } from '../../../scenarios/toxiproxy/spawn.ts';
import { startToxiproxy, type Toxiproxy } from '../../../scenarios/toxiproxy/server.ts';
import { eventually } from '../../support/servers.ts';
import { client, dial, echoServer, listenOf, toxicNamesOf, type Call } from './support.ts';

const proxies = [{ name: 'feed', upstream: 'localhost:1' }];
const start = (): Promise<Toxiproxy> => startToxiproxy({ port: 0, seed: 1, config: proxies });

async function lease(call: Call, ttlMs: number): Promise<string> {
  const reply = await call('POST', '/leases', { holder: 'gd-1', ttlMs });
  expect(reply.status).toBe(201);
  return z.object({ id: z.string() }).parse(reply.json).id;
}

const under = (id: string) => ({ 'x-pulsedrill-lease': id });
const toxics = async (call: Call) => toxicNamesOf(await call('GET', '/proxies/feed/toxics'));

describe('a lease of the fault proxy', () => {
  test('that nobody renews ends, and takes with it what stands under it, and nothing else', async () => {
    await using server = await start();
    const call = client(server.url);
    const [short, long] = [await lease(call, 1000), await lease(call, 60_000)];
    await call('POST', '/proxies/feed/toxics', { name: 'short', type: 'latency' }, under(short));
    await call('POST', '/proxies/feed/toxics', { name: 'long', type: 'latency' }, under(long));
    await call('POST', '/proxies/feed/toxics', { name: 'for-good', type: 'latency' });
    // A change is no change of who vouches for it.
    await call('PATCH', '/proxies/feed/toxics/short', { attributes: { latency: 9 } });
    expect(await toxics(call)).toEqual(['short', 'long', 'for-good']);
    await eventually(async () => ((await toxics(call)).length === 2 ? true : undefined), 'the short lease is over');
    expect(await toxics(call)).toEqual(['long', 'for-good']);
    expect((await call('POST', `/leases/${short}`)).json).toEqual({ error: 'lease not found, or over', status: 404 });
    expect((await call('GET', '/leases')).json).toMatchObject([{ id: long, holder: 'gd-1', ttlMs: 60_000 }]);
  });

  test('that is renewed lasts', async () => {
    await using server = await start();
    const call = client(server.url);
    const id = await lease(call, 1500);
    await call('POST', '/proxies/feed/toxics', { name: 'kept', type: 'noop' }, under(id));
    for (let beat = 0; beat < 8; beat += 1) {
      await delay(300);
      expect((await call('POST', `/leases/${id}`)).status).toBe(200);
    }
    expect(await toxics(call)).toEqual(['kept']);
  });

  test('enables again what was disabled under it, on the port that it had', async () => {
    await using echo = await echoServer();
    await using server = await startToxiproxy({ port: 0, seed: 1, config: [{ name: 'feed', upstream: echo.address }] });
    const call = client(server.url);
    const address = listenOf(await call('GET', '/proxies/feed'));
    const id = await lease(call, 1000);
    expect((await call('PATCH', '/proxies/feed', { enabled: false }, under(id))).json).toMatchObject({
      enabled: false,
    });
    await expect(dial(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const peer = await eventually(() => dial(address).catch(() => undefined), 'the proxy listens again');
    peer.write('x');
    await peer.received(1);
    peer[Symbol.dispose]();
  });

  test('leaves disabled what was disabled without one, before or after', async () => {
    await using server = await start();
    const call = client(server.url);
    const isEnabled = async () => (await call('GET', '/proxies/feed')).json;
    for (const first of [true, false]) {
      await call('POST', '/reset');
      const id = await lease(call, 60_000);
      const orders = [under(id), {}];
      for (const headers of first ? orders : orders.toReversed()) {
        await call('PATCH', '/proxies/feed', { enabled: false }, headers);
      }
      await call('DELETE', `/leases/${id}`);
      await call('GET', '/version');
      expect(await isEnabled()).toMatchObject({ enabled: false });
    }
  });

  test('that is given back mends at once', async () => {
    await using server = await start();
    const call = client(server.url);
    const id = await lease(call, 60_000);
    await call('POST', '/proxies/feed/toxics', { name: 'gone', type: 'timeout' }, under(id));
    expect((await call('DELETE', `/leases/${id}`)).status).toBe(204);
    expect(await toxics(call)).toEqual([]);
    expect((await call('DELETE', `/leases/${id}`)).status).toBe(404);
  });

  test('that is over lets nothing be broken under it, but taken back', async () => {
    await using server = await start();
    const call = client(server.url);
    const id = await lease(call, 60_000);
    await call('DELETE', `/leases/${id}`);
    await call('POST', '/proxies/feed/toxics', { name: 'other', type: 'noop' });
    const stale = { error: 'the lease is over, or never was: nothing was changed', status: 412 };
    const breaking: readonly (readonly [string, string, unknown])[] = [
      ['POST', '/proxies/feed/toxics', { type: 'timeout' }],
      ['PATCH', '/proxies/feed/toxics/other', { toxicity: 0 }],
      ['PATCH', '/proxies/feed', { enabled: false }],
      ['POST', '/proxies', { name: 'new', upstream: 'localhost:1' }],
    ];
    for (const [method, path, body] of breaking) {
      expect(await call(method, path, body, under(id))).toMatchObject({ status: 412, json: stale });
    }
    expect((await call('GET', '/proxies')).json).toMatchObject({
      feed: { enabled: true, toxics: [{ name: 'other' }] },
    });
    expect((await call('DELETE', '/proxies/feed/toxics/other', undefined, under(id))).status).toBe(204);
  });

  test('says what is wrong with what was asked', async () => {
    await using server = await start();
    const call = client(server.url);
    for (const [body, why] of [
      [{ ttlMs: 3000 }, 'holder: expected a string'],
      [{ holder: '', ttlMs: 3000 }, 'holder: expected who holds it'],
      [{ holder: 'a' }, 'ttlms: expected milliseconds'],
      [{ holder: 'a', ttlMs: 999 }, 'ttlms: expected 1000 or more'],
      [{ holder: 'a', ttlMs: 3_600_001 }, 'ttlms: expected at most 3600000'],
    ] as const) {
      expect((await call('POST', '/leases', body)).json).toEqual({ error: `bad request body: ${why}`, status: 400 });
    }
  });

  test('does not outlast a stop of the server, even if it is renewed first thing afterwards', async () => {
    await using server = await spawnToxiproxy({ port: 0, seed: 1, config: proxies });
    const call = client(server.url);
    const id = await lease(call, 1000);
    await call('POST', '/proxies/feed/toxics', { name: 'stale', type: 'latency' }, under(id));
    process.kill(server.pid, 'SIGSTOP');
    const renewed = call('POST', `/leases/${id}`);
    await delay(1500);
    process.kill(server.pid, 'SIGCONT');
    expect((await renewed).status).toBe(404);
    expect(await toxics(call)).toEqual([]);
  });
});
