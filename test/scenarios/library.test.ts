/** Every shipped exercise that the practice exchange and a fault proxy are enough for, run whole, as its user runs it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startSandbox, type Sandbox } from '../../sandbox/start.ts';
import { spawnToxiproxy, type SpawnedToxiproxy } from '../../scenarios/toxiproxy/spawn.ts';
import { cli } from '../support/cli.ts';

let folder = '';
let proxy: SpawnedToxiproxy;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'library-'));
  proxy = await spawnToxiproxy({ port: 0, seed: 1 });
  sandbox = await startSandbox({ toxiproxyUrl: proxy.url });
  const headers = { authorization: 'Bearer ${VENUE_TOKEN}' };
  const order = (id: string, venue: string) => ({
    id,
    kind: 'paper-order',
    service: 'order-execution',
    venue,
    headers,
    submit: { url: `${sandbox.edgeUrl}/api/v1/orders` },
    order: { symbol: 'BTCUSD', side: 'buy', order_type: 'market', quantity: '0.001', reference_price: '50000' },
    paper: {
      url: `${sandbox.edgeUrl}/api/v1/account`,
      json: { path: '$.mode', equals: 'paper' },
      hosts: ['127.0.0.1'],
    },
    limits: { maxQuantity: '0.01', maxNotional: '1000', maxPerMinute: 60 },
    ackDeadline: '1s',
    fillDeadline: '1500ms',
    every: '2s',
    timeout: '1900ms',
  });
  const configuration = {
    environment: 'sandbox',
    listen: false,
    objectives: [],
    loopTolerance: '1s',
    probes: [
      {
        id: 'api-status',
        kind: 'http',
        service: 'client-api',
        url: `${sandbox.edgeUrl}/api/v1/status`,
        every: '500ms',
        timeout: '450ms',
      },
      {
        id: 'ticks',
        kind: 'market-data',
        service: 'market-data',
        url: `${sandbox.edgeUrl.replace('http', 'ws')}/ws`,
        subscribe: [{ action: 'subscribe', channels: ['trades'] }],
        every: '1s',
        timeout: '900ms',
      },
      order('paper-primary', 'primary'),
      order('paper-backup', 'backup'),
    ],
    gamedays: {
      environments: ['sandbox'],
      injectors: [{ kind: 'toxiproxy', url: proxy.url, proxies: ['feed', 'gateway', 'edge'] }],
    },
  };
  writeFileSync(join(folder, 'pulsedrill.config.json'), JSON.stringify(configuration));
}, 60_000);
afterAll(async () => {
  await sandbox.stop();
  await proxy.stop();
  rmSync(folder, { recursive: true });
});

const outcomeSchema = z.object({
  verdict: z.string(),
  passed: z.boolean(),
  detail: z.string(),
  notUndone: z.array(z.unknown()),
});
const proxies = z.record(z.string(), z.object({ enabled: z.boolean(), toxics: z.array(z.unknown()) }));

describe('the library', { timeout: 180_000 }, () => {
  it.each([
    ['silent-feed', 'recovered-despite-fault'],
    ['edge-resets', 'recovered-after-lift'],
    ['slow-and-truncated', 'recovered-after-lift'],
    ['broker-outage', 'held'],
  ])('%s ends with %s, passes, and leaves nothing behind', async (scenario, verdict) => {
    const set = ['--set', 'HOLD=1s', ...(scenario === 'silent-feed' ? ['--set', `VENUE_URL=${sandbox.edgeUrl}`] : [])];
    const ran = await cli(['gameday', 'run', scenario, ...set, '--json'], {
      folder,
      env: { VENUE_TOKEN: sandbox.token },
    });
    const outcome = outcomeSchema.parse(JSON.parse(ran.stdout));
    expect(outcome).toMatchObject({ verdict, passed: true, notUndone: [] });
    expect(ran.code).toBe(0);
    const left = proxies.parse(await (await fetch(`${proxy.url}/proxies`)).json());
    expect(Object.values(left).every(({ enabled, toxics }) => enabled && toxics.length === 0)).toBe(true);
  });
});
