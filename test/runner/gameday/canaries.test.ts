import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';
import { atTerminal } from '../../support/pseudo-terminal.ts';

const MAIN = join(import.meta.dirname, '../../../runner/main.ts');

/** Each looks like nothing else, so that none is found by chance. */
const CANARIES = {
  PROBE_TOKEN: 'canary-probe-1f0c',
  HOOK_SECRET: 'canary-hook-secret-77aa',
  SLACK_PATH: 'canary-slack-5b1e',
  INFLUX_TOKEN: 'canary-influx-90d2',
  FLAG_TOKEN: 'canary-flag-31c4',
  FLAG_BODY: 'canary-body-6ee8',
  VENUE_TOKEN: 'canary-venue-a7b3',
  SCHEDULE_VALUE: 'canary-schedule-c2f9',
  WATCH_TOKEN: 'canary-watch-e481',
  WATCH_KEY: 'canary-key-0d56',
  SOURCE_TOKEN: 'canary-source-b9aa',
  SOURCE_KEY: 'canary-sourcekey-4c1d',
} as const;

let folder = '';
let close: () => Promise<void>;
let url = '';
/** What anybody was asked with: the canaries did get where they belong. */
let heard: string[] = [];
beforeEach(async () => {
  heard = [];
  folder = mkdtempSync(join(tmpdir(), 'canaries-'));
  let isOn = false;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${text}`);
      if (request.url === '/flag' && request.method === 'POST') isOn = text.includes('on');
      const path = request.url ?? '';
      // Whoever answers badly may answer with what it was asked.
      if (path.startsWith('/fails'))
        response.writeHead(500).end(`no: ${String(request.headers['authorization'])} ${path}`);
      else
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ flag: isOn, data: [] }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const bearer = (name: keyof typeof CANARIES) => ({ authorization: `Bearer \${${name}}` });
  const flag = (state: string) => ({
    url: `${url}/flag`,
    headers: bearer('FLAG_TOKEN'),
    body: { state, token: '${FLAG_BODY}' },
  });
  const configuration = {
    environment: 'staging',
    listen: false,
    loopTolerance: '10s',
    services: { shop: { owners: ['Shop'] } },
    probes: [
      {
        id: 'status',
        kind: 'http',
        service: 'shop',
        url,
        headers: bearer('PROBE_TOKEN'),
        every: '1s',
        timeout: '900ms',
      },
    ],
    objectives: [],
    store: { influx: { url: 'http://127.0.0.1:9', org: 'sre', bucket: 'drill', token: '${INFLUX_TOKEN}' } },
    notify: [
      { kind: 'webhook', url: `${url}/hook`, secret: '${HOOK_SECRET}' },
      { kind: 'slack', url: `${url}/\${SLACK_PATH}` },
    ],
    gamedays: {
      injectors: [
        {
          kind: 'http',
          targets: [
            {
              name: 'flag',
              inject: flag('on'),
              undo: flag('off'),
              clear: { url: `${url}/flag`, headers: bearer('FLAG_TOKEN'), json: { path: '$.flag', equals: false } },
            },
          ],
        },
      ],
      trading: {
        headers: bearer('VENUE_TOKEN'),
        orders: { url: `${url}/fails/orders` },
        positions: { url: `${url}/fails/positions` },
      },
      schedule: [
        { id: 'weekly', scenario: './leaky.yaml', cron: '0 10 * * 2', set: { WATCH_KEY: '${SCHEDULE_VALUE}' } },
      ],
    },
  };
  const scenario = {
    id: 'leaky',
    title: 'A flag is switched on',
    objective: 'Nothing that is secret is written down.',
    component: 'shop',
    settle: '3s',
    hypothesis: [{ name: 'the shop answers', probe: 'status', outcome: 'good' }],
    watch: [
      {
        id: 'gauge',
        kind: 'http',
        url: `${url}/fails?key=\${WATCH_KEY}`,
        headers: bearer('WATCH_TOKEN'),
        every: '1s',
        timeout: '500ms',
      },
    ],
    sources: [
      { name: 'platform', kind: 'prometheus', url: `${url}/fails/\${SOURCE_KEY}`, headers: bearer('SOURCE_TOKEN') },
    ],
    success: [{ name: 'the queue is short', promql: 'sum(depth)', source: 'platform', value: { atMost: 1 } }],
    steps: [
      { inject: { id: 'on', fault: { type: 'call' }, target: { injector: 'http', name: 'flag' } } },
      { wait: { for: { name: 'the gauge falls', probe: 'gauge', outcome: 'good' }, within: '2s' } },
      { lift: { fault: 'on' } },
    ],
  };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify(configuration));
  writeFileSync(join(folder, 'leaky.yaml'), JSON.stringify(scenario));
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

/** Everything in the game-days' folder. */
function written(): string {
  const base = join(folder, 'gamedays');
  return readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

const leaks = (text: string): readonly string[] =>
  Object.entries(CANARIES).flatMap(([name, value]) => (text.includes(value) ? [name] : []));

describe('a secret of the configuration or of a scenario', { timeout: 90_000 }, () => {
  it('stands in no journal, no report and on no screen, though each got where it belongs', async () => {
    const terminal = atTerminal(folder, [MAIN, 'gameday', 'run', './leaky.yaml'], CANARIES);
    const { output } = await terminal.ended;
    expect(output).toContain('on, for ');
    expect(leaks(output)).toEqual([]);
    const again = await cli(['report', 'gameday'], { folder, env: CANARIES });
    expect(again.code).toBe(0);
    const piped = await cli(['gameday', 'check', '--scheduled', 'weekly', '--json'], { folder, env: CANARIES });
    const files = written();
    expect(files).toContain('"type":"undo-prepared"');
    expect(files).toContain('# Game-day: A flag is switched on');
    expect(files).toContain('<svg');
    expect(leaks(files)).toEqual([]);
    expect(leaks(`${piped.stdout}${piped.stderr}${again.stdout}${again.stderr}`)).toEqual([]);
    const asked = heard.join('\n');
    const used = ['PROBE_TOKEN', 'FLAG_TOKEN', 'FLAG_BODY', 'WATCH_TOKEN', 'WATCH_KEY', 'SOURCE_TOKEN', 'SOURCE_KEY'];
    expect(leaks(asked)).toEqual(expect.arrayContaining(used));
  });

  it('is not told by what fails either: a watch and a source that nobody answers, a call that is turned away', async () => {
    const rewrite = (file: string, change: (text: string) => string): void =>
      writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
    rewrite('leaky.yaml', (text) => text.replaceAll(`${url}/fails`, 'http://127.0.0.1:1/fails'));
    rewrite('pulsedrill.config.yaml', (text) => text.replaceAll(`${url}/flag`, `${url}/fails/flag`));
    const { code, stdout, stderr } = await cli(['gameday', 'run', './leaky.yaml'], { folder, env: CANARIES });
    expect(code).toBe(4);
    expect(written()).toMatch(/"type":"check","name":"(?:watch gauge|target on)","ok":false/);
    expect(leaks(`${stdout}${stderr}${written()}`)).toEqual([]);
  });
});
