import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const bench = (args: readonly string[], env = process.env) =>
  promisify(execFile)(process.execPath, [MAIN, ...args], { env });

const spread = z
  .strictObject({
    median: z.number().positive(),
    low: z.number().positive(),
    high: z.number().positive(),
  })
  .refine(({ low, median, high }) => low <= median && median <= high);
const figure = z.strictObject({
  id: z.string(),
  title: z.string(),
  unit: z.string(),
  peer: z.string(),
  rounds: z.int().positive(),
  ours: spread,
  theirs: spread,
  ratio: spread,
  goal: z.number().nullable(),
  met: z.boolean().nullable(),
});
const limit = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    unit: z.string(),
    value: z.number().nonnegative(),
    goal: z.number().nullable(),
    met: z.boolean().nullable(),
    peer: z.string().nullable(),
    theirs: z.number().nonnegative().nullable(),
    note: z.string().nullable(),
    moreIsBetter: z.boolean().optional(),
  })
  .refine(({ value, goal, met, moreIsBetter = false }) => {
    if (goal === null) return met === null;
    return met === (moreIsBetter ? value >= goal : value <= goal);
  });
const skipped = z.strictObject({
  id: z.string(),
  title: z.string(),
  peer: z.string(),
  skipped: z.string().includes('apt-get install'),
});
const document = z.looseObject({ figures: z.array(z.union([figure, limit, skipped])) });

it('prints one JSON document of figures beside a peer or a limit, and leaves no file behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-bench-test-'));
  try {
    const { stdout } = await bench(['--quick', '--json', '--folder', folder]);
    const { figures } = document.parse(JSON.parse(stdout));
    expect(figures.map(({ id }) => id)).toEqual([
      'http-blackbox',
      'http-undici',
      'kept',
      'https-blackbox',
      'https-undici',
      'ticks',
      'slo',
      'slo-full',
      'slo-arithmetic',
      'slo-minute',
      ...['ledger', 'ledger-batches', 'ledger-grown', 'ledger-grown-batches'].flatMap((id) => [id, `${id}-rate`]),
      'loop',
      'loop-behind',
      'loop-behind-pace',
      'months-budget',
      'months-report',
      'months-budget-memory',
      'months-report-memory',
      ...['victoria-metrics', 'influxdb'].flatMap((server) =>
        ['point', 'cpu', 'delay'].map((name) => `export-${server}-${name}`),
      ),
      ...['idle', 'rate', 'busy'].flatMap((condition) =>
        ['first-byte-median', 'first-byte-p99', 'latency-median', 'latency-p99', 'unflagged'].map(
          (name) => `accuracy-${condition}-${name}`,
        ),
      ),
      'schedule-lateness',
      'schedule-memory',
      'proxy-messages',
      'proxy-flood',
      'proxy-added-median',
      'proxy-added-p99',
    ]);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 180_000);

it('skips what needs a program that is not there, and says how to install it', async () => {
  const { stdout } = await bench(['--quick', '--only', 'https'], { PATH: '' });
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .slice(-3)
      .map((line) => line.replaceAll(/ {2,}/g, ' | ')),
  ).toEqual([
    'http probe, fresh TLS connection | prometheus-blackbox-exporter | skipped',
    'http probe, fresh TLS connection | bare undici request | skipped',
    'skipped: openssl is not on the PATH: apt-get install -y --no-install-recommends openssl',
  ]);
});

it('has no truth to measure against without a compiler', async () => {
  const { stdout } = await bench(['--quick', '--json', '--only', 'accuracy'], { PATH: '' });
  expect(document.parse(JSON.parse(stdout)).figures).toEqual([
    {
      id: 'accuracy',
      title: 'accuracy of http probes',
      peer: 'prometheus-blackbox-exporter',
      skipped: 'cc is not on the PATH: apt-get install -y --no-install-recommends gcc libc6-dev',
    },
  ]);
});

it('names the suite that it does not know', async () => {
  await expect(bench(['--only', 'http,tikcs'])).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr:
      '--only: expected some of http, kept, https, ticks, slo, ledger, loop, months, export, accuracy, schedule, proxy, got "tikcs"\n',
  });
});
