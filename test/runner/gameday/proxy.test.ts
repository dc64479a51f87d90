import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../../runner/clock.ts';
import { seededRandom } from '../../../scenarios/random.ts';
import { conduct } from '../../../runner/gameday/conductor.ts';
import { makeGamedayFolder } from '../../../runner/gameday/gameday-id.ts';
import { guardianStarter } from '../../../runner/gameday/guard.ts';
import type { InjectorSpec } from '../../../scenarios/injectors/specs.ts';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import { readJournal } from '../../../runner/gameday/journal.ts';
import type { Witness } from '../../../runner/witness.ts';
import { parseScenario } from '../../../scenarios/scenario.ts';
import { startToxiproxy } from '../../../scenarios/toxiproxy/server.ts';
import type { Toxiproxy } from '../../../scenarios/toxiproxy/server.ts';

const server = createServer((_, response) => response.end('{"status":"open"}'));
let proxy: Toxiproxy;
let folder: string;
let shopUrl: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = z.object({ port: z.number() }).parse(server.address());
  const shop = { name: 'shop', listen: '127.0.0.1:0', upstream: `127.0.0.1:${address.port}`, enabled: true };
  proxy = await startToxiproxy({ port: 0, seed: 1, config: [shop] });
  const response = await fetch(`${proxy.url}/proxies/shop`);
  shopUrl = `http://${z.object({ listen: z.string() }).parse(await response.json()).listen}`;
  folder = await mkdtemp(join(tmpdir(), 'pulsedrill-proxy-'));
});
afterAll(async () => {
  await proxy.close();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** All that is asked is asked by the scenario's own watch. */
const quiet: Witness = {
  attend: () => ({ [Symbol.dispose]: () => undefined }),
  intervalMs: () => null,
  refusal: (signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(null));
    }),
  // eslint-disable-next-line require-yield
  async *watch(signal) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  },
};

async function run(fault: object, wait: readonly object[], pass: readonly string[]) {
  const parsed = parseScenario(
    {
      id: 'shop',
      title: 'Shop',
      objective: 'The shop stays open.',
      component: 'shop',
      hypothesis: [{ name: 'the shop answers', probe: 'door', outcome: 'good', of: 2 }],
      watch: [{ id: 'door', kind: 'http', url: shopUrl, every: '100ms', timeout: '2s', expect: [{ status: 200 }] }],
      steps: [
        { inject: { id: 'f', fault, target: { injector: 'toxiproxy', name: 'shop' } } },
        ...wait,
        { lift: { fault: 'f' } },
      ],
      pass,
    },
    'shop.yaml',
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { gamedayId, journalPath } = await makeGamedayFolder(folder, 'shop', systemClock.wallMs());
  const setting: InjectorSpec = { kind: 'toxiproxy', url: proxy.url, proxies: ['shop'] };
  const outcome = await conduct({
    scenario: parsed.scenario,
    gamedayId,
    mode: 'run',
    injectors: injectorsByKind([setting], { gameday: gamedayId }),
    permittedTargets: new Map([['toxiproxy', ['shop']]]),
    permittedEnvironments: ['sandbox'],
    witness: quiet,
    clock: systemClock,
    random: seededRandom(1),
    seed: 1,
    journalPath,
    startGuardian: guardianStarter({ injectors: [setting], leaseMs: 10_000 }),
    environment: 'sandbox',
    location: 'local',
    timeScale: 1,
    obligation: null,
    signal: new AbortController().signal,
  });
  const { entries } = await readJournal(journalPath);
  return { outcome, entries };
}

test('a shop that is cut off is seen to close, and to open again once the fault is lifted', async () => {
  const closed = { name: 'closed', probe: 'door', outcome: 'bad' };
  const { outcome, entries } = await run(
    { type: 'refuse' },
    [{ wait: { for: closed, within: '20s', mark: 'detected' } }],
    ['recovered-after-lift'],
  );
  expect(outcome).toMatchObject({ verdict: 'recovered-after-lift', passed: true, notUndone: [] });
  expect(outcome.detectedAfterMs).toBeGreaterThan(0);
  expect(outcome.recoveredAfterLiftMs).toBeGreaterThan(0);
  expect(entries.find((entry) => entry.type === 'lifted')).toMatchObject({ by: 'conductor', verified: true });
});

test('a shop that is only a little slower has held, and the proxy proves that its traffic crossed the fault', async () => {
  const { outcome } = await run({ type: 'latency', delay: '10ms' }, [{ hold: { for: '1s' } }], ['held']);
  expect(outcome).toMatchObject({ verdict: 'held', passed: true });
  expect(outcome.detail).toMatch(/^the steady state held while [1-9]\d* bytes crossed the fault$/);
});
