import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startToxiproxy } from '../../scenarios/toxiproxy/server.ts';
import { startSandbox, SANDBOX_PROXIES } from '../../sandbox/start.ts';
import { eventually, freePort } from '../support/servers.ts';
import { hear, health, json, steps } from './support.ts';

const MAIN = new URL('../../sandbox/main.ts', import.meta.url).pathname;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const gone = (pids: readonly number[]): Promise<true> =>
  eventually(() => (pids.some(isAlive) ? undefined : true), `processes ${pids.join(', ')} have ended`);

test('the sandbox starts as three processes, works end to end, and stops without a trace', async () => {
  const sandbox = await startSandbox({ seed: 5, token: 'secret-token', ticksPerSecond: 400, symbols: 8 });
  const pids = Object.values(sandbox.pids);
  try {
    expect(new Set([...pids, process.pid]).size).toBe(4);
    expect(sandbox.token).toBe('secret-token');
    expect([sandbox.edgeUrl, sandbox.edgeWsUrl]).toEqual([sandbox.venueUrl, sandbox.wsUrl]);
    expect(await health(sandbox.venueUrl)).toMatchObject({ status: 'ok', feed: 'primary' });
    using ear = await hear(sandbox.wsUrl, ['trades']);
    await eventually(() => (ear.of('tick').length > 100 ? true : undefined), '100 ticks');
    expect(steps(ear.of('tick'))).toEqual(new Set([1]));
    expect(new Set(ear.of('tick').map((tick) => tick['symbol'])).size).toBe(8);

    const response = await fetch(`${sandbox.edgeUrl}/api/v1/orders`, {
      method: 'POST',
      headers: { authorization: 'Bearer secret-token' },
      body: JSON.stringify({ symbol: 'BTCUSD', side: 'buy', quantity: 1, reference_price: 50_000 }),
    });
    expect(response.status).toBe(201);
    for (const control of Object.values(sandbox.controls)) {
      expect((await fetch(`${control}/knobs`)).status).toBe(200);
    }
  } finally {
    await Promise.all([sandbox.stop(), sandbox.stop()]);
  }
  await gone(pids);
});

test('the sandbox ends when its parent is killed', async () => {
  const parent = spawn(process.execPath, [new URL('./orphan-parent.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(parent.stdout, 'data'));
  const pids = Object.values(z.record(z.string(), z.number()).parse(JSON.parse(line.toString())));
  expect(pids.filter(isAlive).length).toBe(3);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await gone(pids);
});

test('a sandbox that cannot start says why and leaves nothing running', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const bound = z.object({ port: z.number() }).parse(taken.address());
  try {
    await expect(startSandbox({ ports: { backupGateway: bound.port } })).rejects.toThrow(
      `the sandbox's exchange did not start: listen EADDRINUSE: address already in use 127.0.0.1:${bound.port}`,
    );
    await expect(startSandbox({ symbols: 0 })).rejects.toThrow(
      "the sandbox's exchange did not start: symbols: Too small: expected number to be >=1",
    );
  } finally {
    taken.close();
  }
});

test('a sandbox whose fault proxy is not there says so and leaves nothing running', async () => {
  await expect(startSandbox({ toxiproxyUrl: `http://127.0.0.1:${await freePort()}` })).rejects.toThrow('fetch failed');
});

test('one role runs by hand, says where it listens on one line, and ends on SIGTERM', async () => {
  const child = spawn(process.execPath, [MAIN, '{"role":"exchange","symbols":1}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(child.stdout, 'data'));
  const { addresses } = z
    .object({
      type: z.literal('ready'),
      role: z.literal('exchange'),
      addresses: z.object({ feed: z.object({ port: z.number() }) }),
    })
    .parse(JSON.parse(line.toString()));
  using feed = await hear(`ws://127.0.0.1:${addresses.feed.port}`);
  await feed.first('tick');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a role started wrongly by hand explains itself', async () => {
  const child = spawn(process.execPath, [MAIN, 'exchange'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toBe('usage: node sandbox/main.ts \'{"role":"exchange"}\' (options: docs/sandbox.md)\n');
  expect(child.exitCode).toBe(2);
});

test('with a fault proxy, everything the venue says and hears goes through it', async () => {
  await using proxy = await startToxiproxy({ port: 0, seed: 1 });
  const call = async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(`${proxy.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.ok).toBe(true);
  };
  const names = async (): Promise<string[]> => Object.keys(await json(await fetch(`${proxy.url}/proxies`))).toSorted();
  const sandbox = await startSandbox({ toxiproxyUrl: proxy.url, staleAfterMs: 500, failbackMs: 500 });
  try {
    expect(await names()).toEqual([...SANDBOX_PROXIES].toSorted());
    expect(sandbox.edgeUrl).not.toBe(sandbox.venueUrl);
    const feedIs = (feed: string): Promise<true> =>
      eventually(async () => ((await health(sandbox.edgeUrl))['feed'] === feed ? true : undefined), `feed is ${feed}`);

    // A slow feed, not a silent one: the timestamps give it away.
    await call('POST', '/proxies/feed/toxics', { name: 'slow', type: 'latency', attributes: { latency: 1_500 } });
    await feedIs('backup');
    await call('DELETE', '/proxies/feed/toxics/slow');
    await feedIs('primary');

    // A slow gateway shows in the venue's own stamp of the acknowledgement.
    await call('POST', '/proxies/gateway/toxics', { name: 'slow', type: 'latency', attributes: { latency: 600 } });
    const headers = { authorization: `Bearer ${sandbox.token}` };
    const body = JSON.stringify({ symbol: 'BTCUSD', side: 'buy', quantity: 1, reference_price: 50_000 });
    const placed = await json(await fetch(`${sandbox.edgeUrl}/api/v1/orders`, { method: 'POST', headers, body }));
    const filled = await eventually(async () => {
      const order = await json(
        await fetch(`${sandbox.edgeUrl}/api/v1/orders/${String(placed['order_id'])}`, { headers }),
      );
      return order['status'] === 'filled' ? order : undefined;
    }, 'the order is filled');
    expect(Number(filled['ack_timestamp']) - Number(filled['created_timestamp'])).toBeGreaterThan(590_000);

    await call('POST', '/proxies/edge', { enabled: false });
    await expect(fetch(`${sandbox.edgeUrl}/health`)).rejects.toThrow('fetch failed');
    expect(await health(sandbox.venueUrl)).toMatchObject({ feed: 'primary' });
  } finally {
    await sandbox.stop();
  }
  expect(await names()).toEqual([]);
});
