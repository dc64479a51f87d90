/** A venue that is killed comes back where it was, and knows what it said. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSandbox } from '../../sandbox/start.ts';
import { eventually } from '../support/servers.ts';
import { health, parseJson, type Json } from './support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervise-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pid = (): number => Number(readFileSync(join(folder, 'venue.pid'), 'utf8'));

test(
  'a killed venue is started again on its ports, with every order, position and first answer',
  { timeout: 60_000 },
  async () => {
    await using sandbox = await startSandbox({ pidFolder: folder });
    const headers = { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' };
    const ask = async (path: string, body?: object): Promise<Json> => {
      const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
      return parseJson(await (await fetch(`${sandbox.venueUrl}/api/v1${path}`, init)).text());
    };
    const order = { symbol: 'BTCUSD', side: 'buy', quantity: 0.5, reference_price: 50_000, client_order_id: 'mine' };
    const first = await ask('/orders', order);
    const filled = await eventually(async () => {
      const found = await ask(`/orders/${String(first['order_id'])}`);
      return found['status'] === 'filled' ? found : undefined;
    }, 'the fill');
    const positions = await ask('/positions');

    const before = pid();
    expect(sandbox.pids.venue).toBe(before);
    process.kill(before, 'SIGKILL');
    await eventually(() => (pid() === before ? undefined : true), 'another process', 20_000);
    await eventually(
      async () => ((await health(sandbox.venueUrl).catch((): Json => ({})))['status'] === 'ok' ? true : undefined),
      'a healthy venue',
      20_000,
    );
    expect(sandbox.pids.venue).toBe(pid());
    expect(await ask(`/orders/${String(first['order_id'])}`)).toEqual(filled);
    const held = (json: Json) => JSON.stringify(json).replaceAll(/"(?:current_price|unrealized_pnl)":[-\d.]+/g, '""');
    expect(held(await ask('/positions'))).toBe(held(positions));
    // The same order again is no second one.
    expect(await ask('/orders', order)).toEqual(first);
    expect(await ask('/orders', { ...order, quantity: 1 })).toMatchObject({ error: 'idempotency_conflict' });
  },
);
