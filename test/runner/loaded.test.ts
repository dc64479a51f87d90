import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';

const MAIN = join(import.meta.dirname, '../../runner/main.ts');

/** Writes down the address of every module, whichever way it is loaded. */
const RECORDER = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED, url + '\\n');
    return next(url, context);
  },
});
`;

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "https://127.0.0.1:1/status" }
  - { id: ticks, kind: market-data, service: market-data, url: "wss://127.0.0.1:1/ws" }
  - { id: signals, kind: signal, service: signals, url: "wss://127.0.0.1:1/ws" }
  - { id: page, kind: browser, service: website, url: "https://127.0.0.1:1/" }
  - id: schema
    kind: http
    service: client-api
    url: https://127.0.0.1:1/orders
    expect: [{ schema: { type: object } }]
objectives: tradepulse
`;
/** The same, without what has to be compiled to be checked. */
const PLAIN = CONFIGURATION.replace(/ {2}- id: schema[^]*?\n(?=objectives)/, '');

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-loaded-'));
  writeFileSync(join(folder, 'recorder.mjs'), RECORDER);
  writeFileSync(join(folder, 'plain.yaml'), PLAIN);
  writeFileSync(join(folder, 'schema.yaml'), CONFIGURATION);
  await (await openStore({ path: join(folder, 'pulsedrill.db'), stepMs: 60_000 }))[Symbol.asyncDispose]();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a process of these words loads: names of packages and of Node's own modules, and files of ours. */
function loadedBy(...words: readonly string[]): Promise<LoadedModules> {
  return loadedFrom(MAIN, ...words);
}

interface LoadedModules {
  readonly packages: ReadonlySet<string>;
  readonly ours: readonly string[];
}

async function loadedFrom(module: string, ...words: readonly string[]): Promise<LoadedModules> {
  const record = join(folder, 'loaded.txt');
  writeFileSync(record, '');
  const environment = { ...process.env, LOADED: record };
  const given = ['--import', join(folder, 'recorder.mjs'), module, ...words];
  await promisify(execFile)(process.execPath, given, { cwd: folder, env: environment });
  const urls = readFileSync(record, 'utf8').split('\n');
  const packages = urls.flatMap((url) => {
    const named = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? /^node:[\w/]+/.exec(url)?.[0];
    return named === undefined ? [] : [named];
  });
  const ours = urls.flatMap(
    (url) => /\/((?:probes|slo|store|scenarios|reports|runner|sandbox)\/[^:]*)\.ts$/.exec(url)?.[1] ?? [],
  );
  return { packages: new Set(packages), ours };
}

/** What runs a probe, draws, serves or sends; a command that reads does none of it. */
const HEAVY = [
  '@datadog/sketches-js',
  '@hono/node-server',
  '@influxdata/influxdb-client',
  '@kubernetes/client-node',
  'ajv',
  'echarts',
  'fflate',
  'graphql',
  'hono',
  'json-p3',
  'markdown-it',
  'node-cron',
  'node:http',
  'node:http2',
  'node:tls',
  'node:worker_threads',
  'pino',
  'playwright',
  'playwright-core',
  'prom-client',
  'tinyqueue',
  'undici',
  'ws',
];

it('budget loads nothing that runs a probe, draws, serves or sends, whatever kinds of probe there are', async () => {
  const { packages, ours } = await loadedBy('budget', '--config', 'plain.yaml');
  expect(HEAVY.filter((name) => packages.has(name))).toEqual([]);
  expect([...packages]).toContain('zod');
  expect(ours).toContain('store/inline');
  expect(
    ours.filter((file) => /^(?:runner\/(?:runner|engine\/engine)|probes\/open|scenarios\/load)$/.test(file)),
  ).toEqual([]);
});

it('validate loads the scenarios that it checks, and nothing that would carry one out or run a probe', async () => {
  const { packages, ours } = await loadedBy('validate', '--config', 'plain.yaml');
  expect(HEAVY.filter((name) => packages.has(name))).toEqual([]);
  expect(ours).toEqual(expect.arrayContaining(['scenarios/load', 'store/inline']));
  expect(
    ours.filter((file) =>
      /^(?:runner\/(?:runner|gamedays|gameday\/.*)|probes\/open|scenarios\/injectors\/kinds)$/.test(file),
    ),
  ).toEqual([]);
});

it('budget loads what a schema is compiled by where there is one, and no more', async () => {
  const { packages } = await loadedBy('budget', '--config', 'schema.yaml');
  expect(HEAVY.filter((name) => packages.has(name))).toEqual(['ajv']);
});

it('budget has what it needs without what reads and checks a configuration, for where that was kept', async () => {
  const { packages, ours } = await loadedFrom(join(MAIN, '../commands/budget.ts'));
  expect([...packages].filter((name) => ['zod', 'yaml', 'yargs'].includes(name))).toEqual([]);
  expect(ours).toContain('runner/config/kept');
  expect(ours.filter((file) => /(?:^|\/)(?:load|schema|spec|specs|file)$/.test(file))).toEqual([]);
});

it('a line of words that leaves nothing to interpret is understood without the parser, which any other loads', async () => {
  const plain = await loadedBy('budget', '--config', 'plain.yaml', '--json');
  expect([...plain.packages]).not.toContain('yargs');
  const parsed = await loadedBy('--config', 'plain.yaml', 'budget');
  expect([...parsed.packages]).toContain('yargs');
});

it('--version loads what reads the command line alone', async () => {
  const { packages, ours } = await loadedBy('--version');
  expect([...packages].filter((name) => [...HEAVY, 'yargs', 'zod', 'yaml', 'node:sqlite'].includes(name))).toEqual([]);
  expect(ours.filter((file) => file.startsWith('runner/commands/'))).toEqual(['runner/commands/asked']);
});
