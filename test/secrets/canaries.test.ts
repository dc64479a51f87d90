import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formsOf } from '../../probes/browser/redaction.ts';
import { cli, startCli } from '../support/cli.ts';
import { startInfluxd } from '../support/influxd.ts';
import { eventually, findProgram, freePort, isMissing } from '../support/servers.ts';
import { secretPlaces, type Planted } from './places.ts';
import { planted, startEcho, type Echo } from './world.ts';

/** What a message that was cut leaves of a secret must be shorter. */
const LEAST = 14;

/** Which secrets a text holds, whole or in part, as they are or as something may have written them. */
function leaks(text: string, environment: Planted['environment']): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (name === 'CANARY_KEY') return text.includes(value.split('\n')[2] ?? value) ? [name] : [];
    const found = [...formsOf(value), value.slice(0, LEAST), value.slice(-LEAST)].find((form) => text.includes(form));
    if (found === undefined) return [];
    const at = text.indexOf(found);
    return [`${name} as ${found}: ${text.slice(Math.max(0, at - 120), at + 80)}`];
  });
}

/** Everything in a folder, by name, with what is packed taken apart. */
function contents(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    found.set(path.slice(folder.length + 1), bytes.toString('latin1'));
    if (!entry.name.endsWith('.zip')) continue;
    for (const [name, inner] of Object.entries(unzipSync(bytes))) {
      found.set(`${path.slice(folder.length + 1)}!${name}`, Buffer.from(inner).toString('utf8'));
    }
  }
  return found;
}

const hasBrowser = findProgram('chromium') !== null;
const SCENARIO = {
  id: 'leaky',
  title: 'A flag is switched on',
  objective: 'Nothing that is secret is written down.',
  component: 'shop',
  settle: '1s',
  hypothesis: [{ name: 'the shop answers', probe: 'token', outcome: 'bad' }],
  watch: [{ id: 'gauge', kind: 'http', url: 'http://127.0.0.1:1/${WATCH_KEY}', every: '1s', timeout: '500ms' }],
  steps: [
    { inject: { id: 'on', fault: { type: 'call' }, target: { injector: 'http', name: 'flag' } } },
    { wait: { for: { name: 'the gauge falls', probe: 'gauge', outcome: 'good' }, within: '2s' } },
    { lift: { fault: 'on' } },
  ],
};

describe.skipIf(isMissing('influxd', 'influxdb'))('secrets in every place that takes one', { timeout: 180_000 }, () => {
  let folder = '';
  let world: Planted = { document: {}, environment: {}, places: [] };
  let heard = '';
  /** Output of every command. */
  const outputs = new Map<string, string>();
  let shipped = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-secrets-'));
    await using echo: Echo = await startEcho();
    await using influxd = await startInfluxd();
    const influx = { url: influxd.url, database: influxd.database };
    const options = { url: echo.url, port: await freePort(), hasBrowser };
    world = planted({ ...options, influx });
    const other = planted({ ...options, influx: null });
    world = {
      ...world,
      places: [...world.places, ...other.places],
      environment: { ...other.environment, ...world.environment },
    };
    writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify(world.document));
    writeFileSync(join(folder, 'leaky.yaml'), JSON.stringify(SCENARIO));
    const start = { folder, env: { ...world.environment } };
    const tell = async (...words: readonly string[]): Promise<void> => {
      const { stdout, stderr } = await cli(words, start);
      outputs.set(words.join(' '), `${stdout}${stderr}`);
    };
    const valid = await cli(['validate'], start);
    if (valid.code !== 0) throw new Error(valid.stderr);
    await using running = startCli(['run'], start);
    await eventually(
      async () => (echo.heard().includes('/fails/hook') ? true : undefined),
      'somebody is paged',
      60_000,
    );
    await eventually(
      async () => (!hasBrowser || echo.heard().includes('/page') ? true : undefined),
      'a page is opened',
      60_000,
    );
    await sleep(1500);
    const port = options.port;
    for (const path of ['status', 'metrics', 'health']) {
      outputs.set(`/${path}`, await (await fetch(`http://127.0.0.1:${port}/${path}`)).text());
    }
    running.process.kill('SIGTERM');
    const ended = await running.ended;
    outputs.set('run', `${ended.stdout}${ended.stderr}`);
    // Side by side, since each begins with a process of its own.
    await Promise.all([
      tell('once', '--verbose', 'token', 'key', 'address', 'pair', 'journey', 'mutual', 'ticks', 'proof'),
      tell('doctor'),
      tell('budget', '--json'),
      tell('incident', 'list', '--json'),
      tell('report', 'sla', '--format', 'md,html'),
      tell('export', '--from', '1d', '--out', 'results.ndjson'),
      tell('gameday', 'check', './leaky.yaml', '--json'),
    ]);
    const rows = await influxd.query('SELECT * FROM /.*/');
    shipped = JSON.stringify(rows);
    heard = echo.heard();
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('are planted in each of them', () => {
    const places = new Set(world.places);
    expect(secretPlaces().filter((path) => !places.has(path))).toEqual([]);
  });

  test('reach whom they are for', () => {
    const paths = [
      '/ok/token',
      '/ok/login',
      '/fails/pd',
      '/fails/slack',
      '/fails/hook',
      '/ticks',
      '/ok/account',
      '/fails/p/',
    ];
    expect(paths.filter((path) => !heard.includes(path))).toEqual([]);
  });

  test('are in no output', () => {
    expect(outputs.get('run')).toContain('probe-failing');
    expect(outputs.get('once --verbose token key address pair journey mutual ticks proof')).toContain('nothing');
    const found = [...outputs].flatMap(([name, text]) =>
      leaks(text, world.environment).map((leak) => `${name}: ${leak}`),
    );
    expect(found).toEqual([]);
  });

  test('are in no byte of the ledger, of reports, pictures, traces and exports', () => {
    const files = new Map([...contents(folder)].filter(([name]) => !['pulsedrill.config.yaml'].includes(name)));
    const names = [...files.keys()];
    expect(names).toEqual(expect.arrayContaining(['pulsedrill.db', 'results.ndjson']));
    expect(names.some((name) => name.endsWith('.html'))).toBe(true);
    expect(!hasBrowser || names.some((name) => name.includes('.zip!'))).toBe(true);
    const found = [...files].flatMap(([name, text]) =>
      leaks(text, world.environment).map((leak) => `${name}: ${leak}`),
    );
    expect(found).toEqual([]);
  });

  test('are in nothing that was shipped', () => {
    expect(shipped).toContain('expected');
    expect(leaks(shipped, world.environment)).toEqual([]);
  });
});
