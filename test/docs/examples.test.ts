import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkDocument, loadConfiguration } from '../../runner/config/load.ts';
import { defineConfig, env, type ConfigInput } from '../../runner/index.ts';
import { governs } from '../../slo/objective.ts';
import { tradepulseObjectives } from '../../slo/tradepulse.ts';
import { timeBase } from '../../slo/time-base.ts';
import { codeBlocks, documents, read, ROOT } from './markdown.ts';

const SECRETS = { TP_TOKEN: 'token-of-a-test', INFLUX_TOKEN: 'other-token-of-a-test' };

describe('the configurations that the documents show', () => {
  it('has an annotated one that is valid, with every kind of part at work', async () => {
    const folder = join(ROOT, 'docs/examples');
    const loaded = await loadConfiguration({ file: 'pulsedrill.config.yaml', folder, environment: SECRETS });
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const { configuration } = loaded;
    expect(configuration.probes.map((probe) => probe.kind)).toEqual([
      'http',
      'http',
      'http',
      'market-data',
      'paper-order',
    ]);
    expect(configuration.objectives.filter(governs)).toHaveLength(17);
    expect(configuration.influx).toMatchObject({ bucket: 'pulsedrill', token: SECRETS.INFLUX_TOKEN });
  });

  it('has a first one of ten lines that is valid', () => {
    const [first] = codeBlocks(read('docs/configuration.md')).filter((block) => block.language === 'yaml');
    const lines = first?.text.trimEnd().split('\n') ?? [];
    expect(lines).toHaveLength(10);
    const loaded = checkDocument(parse(first?.text ?? ''), 'first.yaml', '/srv', {});
    expect(loaded.ok ? [] : loaded.lines).toEqual([]);
  });
});

describe('every other configuration in the documents', () => {
  const shown = documents().flatMap((path) =>
    codeBlocks(read(path))
      .filter(({ language, text }) => language === 'yaml' && /^probes:/m.test(text))
      .map(({ text }, index) => ({ where: `${path}, ${index + 1}`, text })),
  );

  it.each(shown)('is valid: $where', ({ text }) => {
    const loaded = checkDocument(parse(text), 'shown.yaml', '/srv', SECRETS);
    expect(loaded.ok ? [] : loaded.lines).toEqual([]);
  });
});

describe('a configuration in TypeScript', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-docs-'));
    // What `npm install pulsedrill` would leave, with the sources in place of the build.
    const installed = join(folder, 'node_modules/pulsedrill');
    mkdirSync(installed, { recursive: true });
    const index = pathToFileURL(join(ROOT, 'runner/index.ts')).href;
    writeFileSync(join(installed, 'index.js'), `export * from ${JSON.stringify(index)};\n`);
    writeFileSync(
      join(installed, 'package.json'),
      JSON.stringify({ name: 'pulsedrill', type: 'module', exports: './index.js' }),
    );
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    const [example] = codeBlocks(read('docs/configuration.md')).filter((block) => block.language === 'ts');
    writeFileSync(join(folder, 'pulsedrill.config.ts'), example?.text ?? '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is found, run and validated, as the documents show it', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'runner/main.ts'), 'validate', '--json'],
      { cwd: folder, env: { PATH: process.env['PATH'], ...SECRETS } },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, source: 'pulsedrill.config.ts', probes: 2, objectives: 3 });
  });

  it('is typed: a key that is missing or misspelt does not compile', () => {
    const probe = { id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/status' } as const;
    const valid: ConfigInput = defineConfig({ probes: [{ ...probe, headers: { authorization: env('TP_TOKEN') } }] });
    expect(valid.probes).toHaveLength(1);
    // @ts-expect-error a configuration without probes asks nothing
    defineConfig({ environment: 'staging' });
    // @ts-expect-error it is "every"
    defineConfig({ probes: [{ ...probe, evry: '60s' }] });
    // @ts-expect-error a duration is a text with a unit
    defineConfig({ probes: [{ ...probe, every: 60 }] });
  });
});

describe('docs/slo.md', () => {
  it('has the sixteen rows, with the targets that the code has', () => {
    const rows = tradepulseObjectives({ base: timeBase(1), settings: { minEvents: 1000 }, probes: [] });
    const table = [...read('docs/slo.md').matchAll(/^\| `([a-z-]+)` \|[^|]+\| ([\d.]+)/gm)];
    expect(table.map(([, id, target]) => ({ id, target }))).toEqual(rows.map(({ id, target }) => ({ id, target })));
  });
});
