import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfiguration } from '../../runner/config/load.ts';
import { findProgram } from '../support/servers.ts';

const FOLDER = join(import.meta.dirname, '../../deploy');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

const service = z.object({
  image: z.string(),
  user: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()),
  restart: z.string(),
  environment: z.record(z.string(), z.string()),
  volumes: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()) }),
});
const composeSchema = z.object({
  services: z.record(z.enum(['pulsedrill', 'influxdb', 'grafana']), service),
  volumes: z.record(z.string(), z.null()),
});

const document: unknown = parse(read('compose.yaml'), { merge: true });
const compose = composeSchema.parse(document);
const services = Object.entries(compose.services);
const mounts = services.flatMap(([name, { volumes }]) =>
  volumes.map((volume) => {
    const [from = '', to = '', mode = 'rw'] = volume.split(':');
    return { name, from, to, mode };
  }),
);

describe('compose.yaml', () => {
  test('is what the Compose Specification describes', () => {
    // Its name for draft 7 is spelt with https, which the draft itself is not.
    const { $schema: _draft, ...schema }: Record<string, unknown> = JSON.parse(
      readFileSync(join(import.meta.dirname, 'compose-spec.json'), 'utf8'),
    );
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const isValid = ajv.compile(schema);
    isValid(document);
    expect(isValid.errors).toBeNull();
    // The schema does find what is wrong.
    isValid({ services: { a: { image: 'b', healthcheck: { retrys: 3 } } } });
    expect(isValid.errors?.map(({ instancePath }) => instancePath)).toContain('/services/a/healthcheck');
  });

  test.each(services)(
    'pins, restarts, watches and confines %s, and publishes it on the loopback address only',
    (_name, each) => {
      expect(each.image).toMatch(/:(?:\d+\.\d+\.\d+|local)$/);
      expect(each).toMatchObject({ restart: 'unless-stopped', security_opt: ['no-new-privileges:true'] });
      for (const port of each.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      expect(each.healthcheck.test[0]).toBe('CMD');
    },
  );

  test('lets what needs no more write nowhere but into its volumes', () => {
    for (const name of ['pulsedrill', 'grafana'] as const) {
      expect(compose.services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    }
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
  });

  test('holds no secret: each comes from the environment, must be set, and is named in .env.example', () => {
    const example = read('.env.example');
    const values = services.flatMap(([, { environment }]) => Object.entries(environment));
    const secret = values.filter(([name]) => /TOKEN|PASSWORD/.test(name));
    expect(secret.length).toBeGreaterThan(3);
    for (const [, value] of secret) expect(value).toMatch(/^\$\{\w+:\?set it in \.env\}$/);
    const references = values.flatMap(([, value]) => [...value.matchAll(/\$\{(\w+)(:[?-])?/g)]);
    // A default, or a complaint.
    expect(references.filter(([, , rest]) => rest === undefined)).toEqual([]);
    const needed = references.filter(([, , rest]) => rest === ':?').map(([, variable = '']) => variable);
    for (const variable of needed) expect(example).toMatch(new RegExp(`^${variable}=$`, 'm'));
  });

  test('mounts what is there, for reading only, and volumes that it declares', () => {
    const [files, named] = [
      mounts.filter(({ from }) => from.startsWith('.')),
      mounts.filter(({ from }) => !from.startsWith('.')),
    ];
    expect(files.filter(({ from, mode }) => mode !== 'ro' || !existsSync(resolve(FOLDER, from)))).toEqual([]);
    expect(named.map(({ from }) => from)).toEqual(Object.keys(compose.volumes));
  });
});

describe('Grafana', () => {
  test('is given the dashboards where it looks for them, and InfluxDB as its default source', () => {
    const provider: unknown = parse(read('grafana/dashboards/pulsedrill.yaml'));
    const mounted = mounts.find(({ from }) => from === '../dashboards')?.to;
    expect(mounted).toBeDefined();
    expect(provider).toMatchObject({ apiVersion: 1, providers: [{ type: 'file', options: { path: mounted } }] });
    const source: unknown = parse(read('grafana/datasources/influxdb.yaml'));
    expect(source).toMatchObject({
      apiVersion: 1,
      datasources: [
        {
          type: 'influxdb',
          isDefault: true,
          url: 'http://influxdb:8086',
          jsonData: { version: 'InfluxQL', dbName: 'pulsedrill' },
          secureJsonData: { httpHeaderValue1: 'Token $INFLUX_TOKEN' },
        },
      ],
    });
    for (const to of ['datasources', 'dashboards']) {
      expect(mounts).toContainEqual({
        name: 'grafana',
        from: `./grafana/${to}`,
        to: `/etc/grafana/provisioning/${to}`,
        mode: 'ro',
      });
    }
  });
});

const unit = new Map(
  read('pulsedrill.service')
    .split('\n')
    .flatMap((line): [string, string][] => {
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
);

describe('the configuration beside them', () => {
  test('is one, and writes only where the container and the unit let it', async () => {
    const environment = { INFLUX_TOKEN: 'a-token', TARGET_URL: 'http://influxdb:8086/health' };
    const loaded = await loadConfiguration({ file: 'pulsedrill.config.yaml', folder: FOLDER, environment });
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const { ledgerPath, spillFolder, reportsFolder, artefactsFolder, gamedays, influx, listen } = loaded.configuration;
    const [state, cache] = [`/var/lib/${unit.get('StateDirectory')}/`, `/var/cache/${unit.get('CacheDirectory')}`];
    const paths = [ledgerPath, reportsFolder, artefactsFolder, gamedays.folder];
    expect(paths.filter((path) => !path.startsWith(state))).toEqual([]);
    expect(spillFolder).toBe(cache);
    const writable = mounts.filter(({ name, mode }) => name === 'pulsedrill' && mode === 'rw').map(({ to }) => to);
    expect(writable).toEqual([state.slice(0, -1), cache]);
    const { DOCKER_INFLUXDB_INIT_ORG: org, DOCKER_INFLUXDB_INIT_BUCKET: bucket } =
      compose.services.influxdb.environment;
    expect(influx).toMatchObject({ url: 'http://influxdb:8086', org, bucket });
    expect(compose.services.pulsedrill.ports).toEqual([`127.0.0.1:${listen?.port}:${listen?.port}`]);
  });
});

const analyze = findProgram('systemd-analyze');

describe('the systemd unit', () => {
  test('gives runs in flight the time that they may take, and restarts whatever is no mistake of the configuration', () => {
    expect(unit.get('TimeoutStopSec')).toBe('45');
    expect(compose.services.pulsedrill.stop_grace_period).toBe('45s');
    expect(unit.get('Restart')).toBe('always');
    expect(unit.get('RestartPreventExitStatus')).toBe('2');
    // It tells systemd nothing by itself.
    expect(unit.get('Type')).toBe('exec');
    expect(unit.get('ExecStart')).toBe('/usr/local/bin/pulsedrill run --config /etc/pulsedrill/pulsedrill.config.yaml');
  });

  test.skipIf(analyze === null)('is one that systemd takes without a word, and calls well confined', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-unit-'));
    try {
      const path = join(folder, 'pulsedrill.service');
      // A program that is there, whether pulsedrill is installed or not.
      writeFileSync(path, read('pulsedrill.service').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
      const run = (...words: readonly string[]) => spawnSync(analyze ?? '', [...words, path], { encoding: 'utf8' });
      const verified = run('verify', '--man=no');
      expect(`${verified.stdout}${verified.stderr}`).toBe('');
      expect(verified.status).toBe(0);
      // Of 100: 20 and less is "OK" in its words.
      const judged = run('security', '--offline=true', '--threshold=20', '--no-pager');
      expect({ status: judged.status, stderr: judged.stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
