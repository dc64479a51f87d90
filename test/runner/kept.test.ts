import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOST } from '../../runner/config/kept-file.ts';
import { checkerOf, keep, readKept, type Judged, type Keeping } from '../../runner/config/kept.ts';
import { loadConfiguration, type LoadOptions } from '../../runner/config/load.ts';
import { leaks } from '../secrets/scanner.ts';

const ROOT = join(import.meta.dirname, '../..');
const CONFIGURATION = `
probes:
  - id: status
    kind: http
    service: client-api
    url: http://127.0.0.1:1/status
    headers: { x-api-key: "\${API_KEY}", x-again: "\${OTHER_KEY}-\${SHORT}" }
objectives: tradepulse
store: { influx: { url: "http://127.0.0.1:1", org: o, bucket: b, token: "\${TOKEN}" } }
`;
const ENVIRONMENT = {
  API_KEY: 'canary-api-8f3a91c2',
  OTHER_KEY: 'canary-other-77',
  SHORT: 'abc',
  TOKEN: 'canary token/&="1',
};

let folder = '';
let keeping: Keeping = { folder: '', checker: 'a' };
let asked: LoadOptions = { file: undefined, folder: '', environment: {} };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-kept-'));
  keeping = { folder: join(folder, 'cache/pulsedrill/checked'), checker: 'a' };
  asked = { file: undefined, folder, environment: ENVIRONMENT };
  write(CONFIGURATION);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(text: string): void {
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), text);
}

/** Reads the configuration and keeps what it comes to. Null: something is wrong with it. */
async function checked(options: LoadOptions = asked): Promise<Judged | null> {
  const loaded = await loadConfiguration(options);
  if (!loaded.ok) return null;
  keep(loaded.configuration, loaded.origin, options.environment, keeping);
  const { base, objectives, ledgerPath, redact } = loaded.configuration;
  return { base, objectives, ledgerPath, redact };
}

/** All that can be told of it; a function is told by what it makes of a text. */
function told(judged: Judged | null, environment: LoadOptions['environment'] = ENVIRONMENT): unknown {
  if (judged === null) return null;
  const said = Object.values(environment).map((value) => `said ${value}, ${encodeURIComponent(value ?? '')}`);
  return { ...judged, redact: judged.redact(said.join('\n')) };
}

function keptFile(): string {
  return join(keeping.folder, readdirSync(keeping.folder)[0] ?? 'none');
}

describe('what was kept of a configuration', () => {
  it('is what reading it comes to, for whatever is valid among the examples and the cases; of what is not there is nothing', async () => {
    const files = ['test/config', 'docs/examples', 'deploy'].flatMap((each) =>
      readdirSync(join(ROOT, each))
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => join(ROOT, each, name)),
    );
    let hits = 0;
    for (const file of files) {
      const names = [...readFileSync(file, 'utf8').matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
      const environment = Object.fromEntries(names.map((name) => [name, `value of ${name} 0123456789`]));
      const options = { file: basename(file), folder: dirname(file), environment };
      const read = await checked(options);
      const kept = readKept(options, keeping);
      expect({ file, kept: told(kept, environment) }).toStrictEqual({ file, kept: told(read, environment) });
      if (kept !== null) hits += 1;
    }
    expect(hits).toBeGreaterThanOrEqual(6);
  });

  it('is what reading it comes to where secrets are masked, a reference stands twice and two variables say the same', async () => {
    const twice = { ...ENVIRONMENT, OTHER_KEY: ENVIRONMENT.API_KEY };
    write(CONFIGURATION.replace('service: client-api', 'service: client-api\n    venue: "${API_KEY}"'));
    for (const environment of [ENVIRONMENT, twice]) {
      const read = await checked({ ...asked, environment });
      expect(told(readKept({ ...asked, environment }, keeping), environment)).toStrictEqual(told(read, environment));
      expect(read).not.toBeNull();
    }
  });

  it.each<[change: string, make: () => { options?: Partial<LoadOptions>; keeping?: Partial<Keeping> }]>([
    ['a character of the file', () => (write(`${CONFIGURATION} `), {})],
    ['a value of the environment', () => ({ options: { environment: { ...ENVIRONMENT, TOKEN: 'another one' } } })],
    ['a short value of the environment', () => ({ options: { environment: { ...ENVIRONMENT, SHORT: 'abd' } } })],
    ['a value that is not there any more', () => ({ options: { environment: { ...ENVIRONMENT, SHORT: undefined } } })],
    ['another program, or other packages', () => ({ keeping: { checker: 'b' } })],
    [
      'another folder',
      () => {
        const other = join(folder, 'other');
        mkdirSync(other);
        writeFileSync(join(other, 'pulsedrill.config.yaml'), CONFIGURATION);
        return { options: { folder: other } };
      },
    ],
    [
      'a file of a name that is looked for before',
      () => {
        writeFileSync(join(folder, 'pulsedrill.config.js'), 'export default {};');
        return {};
      },
    ],
    ['no file', () => (rmSync(join(folder, 'pulsedrill.config.yaml')), {})],
  ])('is not taken after %s', async (_change, make) => {
    await checked();
    expect(readKept(asked, keeping)).not.toBeNull();
    const { options, keeping: other } = make();
    expect(readKept({ ...asked, ...options }, { ...keeping, ...other })).toBeNull();
  });

  it('is taken again where what had changed is as it was, and replaced where it is not', async () => {
    await checked();
    write(`${CONFIGURATION}#`);
    expect(readKept(asked, keeping)).toBeNull();
    write(CONFIGURATION);
    expect(readKept(asked, keeping)).not.toBeNull();
    write(CONFIGURATION.replace('tradepulse', '{ extends: tradepulse, settings: { minEvents: 20 } }'));
    await checked();
    expect(readKept(asked, keeping)?.objectives[0]?.minEvents).toBe(20);
    expect(readdirSync(keeping.folder)).toHaveLength(1);
  });

  it('is not taken where any byte of it was changed, or some are missing', async () => {
    await checked();
    const text = readFileSync(keptFile(), 'utf8');
    const changed = text.replace('"target":"0.995"', '"target":"0.994"');
    expect(changed).not.toBe(text);
    const [seal = '', ...rest] = text.split('\n');
    const damaged = [
      changed,
      '',
      '{}',
      '\0\0\0\n\n[]',
      `${text}\n`,
      `${text} `,
      [seal.replaceAll(/./g, '0'), ...rest].join('\n'),
      [seal, '', ...rest.slice(1)].join('\n'),
      [seal, rest[0], 'null'].join('\n'),
      [seal, rest[0], '{"references":[7]}'].join('\n'),
      ...Array.from({ length: 40 }, (_, n) => text.slice(0, Math.floor((text.length * n) / 40))),
    ];
    for (const each of damaged) {
      writeFileSync(keptFile(), each);
      expect({ each, kept: readKept(asked, keeping) }).toEqual({ each, kept: null });
    }
    await checked();
    expect(readKept(asked, keeping)).not.toBeNull();
  });

  it('is for its user alone, and not taken where others could have written it', async () => {
    await checked();
    expect(statSync(keptFile()).mode & 0o777).toBe(0o600);
    expect(statSync(keeping.folder).mode & 0o777).toBe(0o700);
    chmodSync(keptFile(), 0o620);
    expect(readKept(asked, keeping)).toBeNull();
  });

  it('holds no secret, in no form, and no digest of one alone', async () => {
    await checked();
    expect(readdirSync(keeping.folder)).toHaveLength(1);
    expect(leaks(readFileSync(keptFile(), 'utf8'), ENVIRONMENT)).toEqual([]);
    const first = readFileSync(keptFile(), 'utf8');
    await checked();
    const second = readFileSync(keptFile(), 'utf8');
    // Two of the same have nothing in common by which a value could be looked up.
    expect(second.split('\n')[0]).not.toBe(first.split('\n')[0]);
    expect(second.split('\n')[2]).toBe(first.split('\n')[2]);
  });

  it('is nothing where a secret stands in what is judged by', async () => {
    write(CONFIGURATION.replace('store: {', 'store: { ledger: "./${API_KEY}.db",'));
    expect((await checked())?.ledgerPath).toContain(ENVIRONMENT.API_KEY);
    expect(readKept(asked, keeping)).toBeNull();
    expect(() => readdirSync(keeping.folder)).toThrow('ENOENT');
  });

  it('is nothing of what reads a shared InfluxDB, or of a module, which is run to be read', async () => {
    write(CONFIGURATION.replace('store: {', 'store: { read: influx,'));
    expect(await checked()).not.toBeNull();
    expect(readKept(asked, keeping)).toBeNull();
    const module = `export default { probes: [{ id: 'a', kind: 'http', service: 's', url: 'http://127.0.0.1:1/' }] };`;
    writeFileSync(join(folder, 'as-module.mjs'), module);
    const options = { ...asked, file: 'as-module.mjs' };
    expect(await checked(options)).not.toBeNull();
    expect(readKept(options, keeping)).toBeNull();
    expect(() => readdirSync(keeping.folder)).toThrow('ENOENT');
  });

  it('is nothing where nothing can be written, and nobody is told', async () => {
    writeFileSync(join(folder, 'cache'), 'a file, no folder');
    expect(await checked()).not.toBeNull();
    expect(readKept(asked, keeping)).toBeNull();
  });

  it(`is of the newest ${MOST} configurations`, async () => {
    mkdirSync(keeping.folder, { recursive: true });
    for (let n = 0; n < MOST + 5; n += 1) {
      writeFileSync(join(keeping.folder, `old-${n}`), '');
      utimesSync(join(keeping.folder, `old-${n}`), 1000 + n, 1000 + n);
    }
    await checked();
    expect(readKept(asked, keeping)).not.toBeNull();
    const left = readdirSync(keeping.folder);
    expect(left).toHaveLength(MOST);
    expect(left).not.toContain('old-5');
    expect(left).toContain('old-6');
  });
});

describe('what checked a configuration', () => {
  it('is another program with another version, another file of it, or other packages beside it', () => {
    const file = join(folder, 'node_modules/pulsedrill/dist/runner/commands/judged.js');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'a');
    const first = checkerOf('1.0.0', file);
    expect(checkerOf('1.0.0', file)).toBe(first);
    expect(checkerOf('1.0.1', file)).not.toBe(first);
    mkdirSync(join(folder, 'node_modules/zod'));
    utimesSync(join(folder, 'node_modules'), 1000, 1000);
    const second = checkerOf('1.0.0', file);
    expect(second).not.toBe(first);
    writeFileSync(file, 'ab');
    expect(checkerOf('1.0.0', file)).not.toBe(second);
  });
});
