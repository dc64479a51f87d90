import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from './support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-gameday-'));
  mkdirSync(join(folder, 'etc'));
  const configuration = {
    environment: 'production',
    location: 'fra1',
    listen: false,
    gamedays: { environments: ['sandbox'] },
    probes: [{ id: 'shop', kind: 'http', service: 'shop', url: 'http://127.0.0.1:1', every: '1s', timeout: '500ms' }],
  };
  writeFileSync(join(folder, 'etc', 'pulsedrill.yaml'), JSON.stringify(configuration));
  const scenario = {
    id: 'shop-cut',
    title: 'The shop is cut off',
    objective: 'It says so.',
    component: 'shop',
    settle: '100ms',
    hypothesis: [{ name: 'the shop answers', probe: 'shop', outcome: 'good' }],
    steps: [
      {
        inject: {
          id: 'cut',
          fault: { type: 'blackhole' },
          target: { injector: 'toxiproxy', name: '${FEED_PROXY:-feed}' },
        },
      },
      { lift: { fault: 'cut' } },
    ],
  };
  mkdirSync(join(folder, 'drills'));
  writeFileSync(join(folder, 'drills', 'shop-cut.yaml'), JSON.stringify(scenario));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = (...words: readonly string[]) =>
  command(folder, 'gameday', 'check', ...words, '--config', 'etc/pulsedrill.yaml');

test.each([
  ['FEED_PROXI', 'one of FEED_PROXY (did you mean "FEED_PROXY"?), got "FEED_PROXI"'],
  ['VENUE', 'one of FEED_PROXY, got "VENUE"'],
])('--set of %s, which the scenario does not have, is refused with the names that it has', async (name, words) => {
  expect(await check('drills/shop-cut.yaml', '--set', `${name}=gateway`)).toEqual({
    code: 2,
    printed: '',
    complained: `shop-cut.yaml: --set: expected ${words}`,
  });
});

test('a misspelt --set is told together with the value that is missing for it', async () => {
  const { code, complained } = await check('feed-latency', '--set', 'VENUE_UR=http://127.0.0.1:1');
  expect(code).toBe(2);
  expect(complained.split('\n').slice(0, 2)).toEqual([
    'feed-latency.ts: --set: expected one of BUDGET, FEED_PROXY, TICKS_PROBE, VENUE_URL (did you mean "VENUE_URL"?), got "VENUE_UR"',
    'feed-latency.ts: watch[0].url: expected a value for VENUE_URL, got none',
  ]);
});

test('a scenario is found from the working directory, not from the folder of the configuration, and its verdict told once', async () => {
  const { code, printed } = await check('drills/shop-cut.yaml', '--set', 'FEED_PROXY=gateway');
  expect(code).toBe(4);
  expect(printed.match(/refused/g)).toHaveLength(1);
  expect(printed).toContain('\nrefused: environment: game-days may run in sandbox, not in production');
});
