import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../runner/config/load.ts';
import { EXPORTED_KEYS } from '../../../runner/exported.ts';
import { Ledger } from '../../../store/ledger.ts';
import type { Result } from '../../../store/result.ts';
import { startCli } from '../../support/cli.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aResult, T0 } from '../../support/results.ts';
import { read } from '../../docs/markdown.ts';
import { commandAt, type Answered } from './support.ts';

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
  - { id: other, kind: http, service: client-api, url: "http://127.0.0.1:1/other" }
objectives:
  - { id: latency, service: client-api, target: "0.9", window: 1h, sli: { indicator: latency, within: 250ms }, probes: [status], minEvents: 10 }
`;
const RECORDED_MS = T0 + 7_200_000;
const RUNS = 3000;

let folder = '';
let tallied = { good: 0n, bad: 0n, excluded: 0n };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-export-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  const loaded = await loadConfiguration({ file: undefined, folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  const { ledgerPath, objectives } = loaded.configuration;
  using ledger = new Ledger({ path: ledgerPath, objectives, stepMs: 60_000 });
  ledger.append(
    Array.from({ length: RUNS }, (_, n) => run(n)),
    RECORDED_MS,
  );
  const rows = ledger.tallies({ objective: 'latency', fromMs: T0, toMs: T0 + 3_600_000 });
  tallied = {
    good: rows.reduce((sum, { goodWeight }) => sum + goodWeight, 0n),
    bad: rows.reduce((sum, { badWeight }) => sum + badWeight, 0n),
    excluded: rows.reduce((sum, { excludedWeight }) => sum + excludedWeight, 0n),
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One a second, every other of another probe. */
function run(n: number): Result {
  return aResult(n, {
    probe: n % 2 === 0 ? 'status' : 'other',
    service: 'client-api',
    outcome: n % 7 === 0 ? 'bad' : n % 5 === 0 ? 'excluded' : 'good',
    reason: n % 7 === 0 ? 'assertion' : null,
    detail: n % 7 === 0 ? 'expected status 200, got 503' : null,
    readings: [{ type: 'duration', indicator: 'latency', ms: n % 3 === 0 ? 300 : 20 }],
    values: { status: 200, bytes: 12 },
  });
}

function asked(...words: readonly string[]): Promise<Answered> {
  return commandAt(new ManualClock(0, T0 + 3_600_000), folder, 'export', ...words);
}

function parsed(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line));
}

describe('export', () => {
  it('prints every field of every result in one order, ascending by time', async () => {
    const { code, printed, complained } = await asked();
    expect(complained).toBe('');
    expect(code).toBe(0);
    const lines = parsed(printed);
    expect(lines).toHaveLength(RUNS);
    for (const line of lines) expect(Object.keys(line)).toEqual(EXPORTED_KEYS);
    // A trail that a run does not have is null, and every key is there.
    expect(lines[0]).toEqual({ ...run(0), trail: null, recordedMs: RECORDED_MS });
    expect(printed).toMatch(/"values":\{"bytes":12,"status":200\}/);
    const at = lines.map(({ scheduledMs }) => Number(scheduledMs));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect((await asked()).printed).toBe(printed);
  });

  it('prints what feeds an objective, and what it made of each: their sum is what the ledger counted', async () => {
    const lines = parsed((await asked('--objective', 'latency')).printed);
    expect(lines).toHaveLength(RUNS / 2);
    expect(new Set(lines.map(({ probe }) => probe))).toEqual(new Set(['status']));
    const shares = lines.flatMap(({ judged }) => (Array.isArray(judged) ? judged : []));
    const sum = (weight: string): bigint =>
      shares.reduce((all: bigint, share: Record<string, string>) => all + BigInt(share[weight] ?? 0), 0n);
    expect({ good: sum('goodWeight'), bad: sum('badWeight'), excluded: sum('excludedWeight') }).toEqual(tallied);
    expect(lines[2]).toMatchObject({
      judged: [{ atMs: T0, split: '', good: 1, bad: 0, goodWeight: '1000000', badWeight: '0', problem: null }],
    });
  });

  it('takes one probe, and a stretch from its beginning until before its end', async () => {
    const iso = (ms: number) => new Date(ms).toISOString();
    const words = ['--probe', 'other', '--from', iso(T0 + 11_000), '--to', iso(T0 + 15_000)] as const;
    const lines = parsed((await asked(...words)).printed);
    expect(lines.map(({ scheduledMs }) => scheduledMs)).toEqual([T0 + 11_000, T0 + 13_000]);
  });

  it('takes a probe that is configured no more, as long as there are results of it', async () => {
    writeFileSync(join(folder, 'now.yaml'), CONFIGURATION.replace(/^.*id: other.*\n/m, ''));
    const range = ['--from', new Date(T0).toISOString(), '--to', new Date(T0 + 4000).toISOString()];
    const { code, printed } = await asked('--config', 'now.yaml', '--probe', 'other', ...range);
    expect({ code, lines: printed.split('\n').length }).toEqual({ code: 0, lines: 2 });
    const none = await asked('--config', 'now.yaml', '--probe', 'other', '--to', new Date(T0).toISOString());
    expect(none).toMatchObject({ code: 2, printed: '' });
  });

  it('writes a file that its owner alone may read, and says where and how many', async () => {
    const { code, printed, complained } = await asked('--out', 'results.ndjson');
    expect({ code, printed, complained }).toEqual({
      code: 0,
      printed: join(folder, 'results.ndjson'),
      complained: '3,000 results',
    });
    expect(parsed(readFileSync(printed, 'utf8'))).toHaveLength(RUNS);
    expect(statSync(printed).mode & 0o777).toBe(0o600);
  });

  it('ends quietly when its reader goes away', async () => {
    await using cli = startCli(['export', '--from', new Date(T0).toISOString()], { folder });
    if (cli.process.stdout === null) throw new Error('no standard output');
    await once(cli.process.stdout, 'data');
    cli.process.stdout.destroy();
    const { code, signal, stderr } = await cli.ended;
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  });

  it.each([
    [
      ['--objective', 'latancy'],
      2,
      'export: --objective: expected the id of an objective (did you mean "latency"?), got "latancy"',
    ],
    [['--probe', 'statsu'], 2, 'export: --probe: expected the id of a probe (did you mean "status"?), got "statsu"'],
    [['--from', '2027-01-01T00:00Z'], 2, 'export: expected --from before --to, got the reverse'],
    [
      ['--out', 'no/such/file'],
      3,
      '<folder>/no/such/file: cannot write the export (ENOENT): its folder does not exist; make it, or name another',
    ],
    [['--out', '.'], 3, '<folder>: cannot write the export (EISDIR): a folder stands there; name a file'],
  ] as const)('says what is wrong with %j', async (words, expected, message) => {
    const { code, complained } = await asked(...words);
    expect(complained).toBe(message.replace('<folder>', folder));
    expect(code).toBe(expected);
  });
});

describe('docs/export.md', () => {
  it('describes each key of a line', () => {
    const text = read('docs/export.md');
    for (const key of [...EXPORTED_KEYS, 'judged']) expect(text).toContain(`| \`${key}\` |`);
  });
});
