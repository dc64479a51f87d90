import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CALC_KINDS } from '../../../slo/calc.ts';
import { openStore } from '../../../store/open.ts';
import { loadConfiguration } from '../../../runner/config/load.ts';
import type { Result } from '../../../store/result.ts';
import { aResult } from '../../support/results.ts';
import { command } from './support.ts';

/** Runs of the last minutes, each an event of the objective. */
async function remember(outcomes: readonly Result['outcome'][], nowMs = Date.now()): Promise<void> {
  const loaded = await loadConfiguration({ file: undefined, folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  const { ledgerPath, objectives } = loaded.configuration;
  await using store = await openStore({ path: ledgerPath, objectives, stepMs: 60_000 });
  await store.append(
    outcomes.map((outcome, index) =>
      aResult(index, { outcome, service: 'client-api', weightMs: 60_000, scheduledMs: nowMs - 120_000 + index }),
    ),
  );
}

const many = (count: number, outcome: Result['outcome']): readonly Result['outcome'][] =>
  Array.from({ length: count }, () => outcome);

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: availability, service: client-api, target: "0.999", window: 30d, sli: availability, probes: [status] }
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-budget-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('budget', () => {
  it('says that there is no ledger yet', async () => {
    const { code, complained } = await command(folder, 'budget');
    expect(complained).toBe(
      `${join(folder, 'pulsedrill.db')}: expected a ledger, got no such file; "pulsedrill run" makes and fills one, "pulsedrill once" makes one too, though its runs are not counted`,
    );
    expect(code).toBe(3);
  });

  it('judges an empty ledger as Unknown, and promises nothing about its exhaustion', async () => {
    await (await openStore({ path: join(folder, 'pulsedrill.db') }))[Symbol.asyncDispose]();
    const { code, printed, complained } = await command(folder, 'budget');
    expect(complained).toBe('');
    expect(printed.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^availability +99\.9 % +30d +UNKNOWN +(– +){6}–$/),
      '    no events in the window yet',
    ]);
    expect(code).toBe(0);
  });

  it('says on a line of its own what each game-day spent', async () => {
    const nowMs = Date.now();
    await remember([...many(90, 'good'), ...many(10, 'bad')], nowMs);
    await using store = await openStore({ path: join(folder, 'pulsedrill.db') });
    const event = (subject: string, body: Record<string, unknown>) => ({
      id: `gameday/${subject}`,
      atMs: nowMs,
      kind: 'gameday' as const,
      service: 'client-api',
      subject,
      body: { scenario: 'x', ...body },
    });
    await store.recordEvents([
      event('gd-1', { verdict: 'held', injectedMs: nowMs - 130_000 }),
      event('gd-2', { verdict: 'refused', injectedMs: null }),
      event('gd-3', { verdict: 'held', injectedMs: nowMs }),
    ]);
    const { printed } = await command(folder, 'budget');
    expect(printed.split('\n').slice(-3)).toEqual([
      '',
      'game-day gd-1 (held) spent 10000.0 % of availability (10 bad of 100)',
      'game-day gd-3 (held) spent nothing',
    ]);
    const { gamedays } = z
      .object({ gamedays: z.array(z.looseObject({ gameday: z.string(), spent: z.array(z.looseObject({})) })) })
      .parse(JSON.parse((await command(folder, 'budget', '--json')).printed));
    expect(gamedays).toMatchObject([
      { gameday: 'gd-1', spent: [{ objective: 'availability', bad: 10, valid: 100, share: 100 }] },
      { gameday: 'gd-3', spent: [] },
    ]);
  });

  it('answers with one JSON document', async () => {
    await (await openStore({ path: join(folder, 'pulsedrill.db') }))[Symbol.asyncDispose]();
    const { code, printed } = await command(folder, 'budget', '--json');
    expect(JSON.parse(printed)).toMatchObject({
      timeScale: 1,
      objectives: [{ objective: 'availability', colour: 'unknown', met: null, attainment: null }],
    });
    expect(code).toBe(0);
  });

  it.each([
    ['exactly 25 %', 3999, 1, 'YELLOW', '25.0 %', 0],
    ['a hair under 25 %', 4000, 1, 'GREEN', '24.99 %', 0],
    ['exactly 75 %', 3997, 3, 'YELLOW', '75.0 %', 0],
    ['a hair over 75 %', 3996, 3, 'RED', '75.02 %', 0],
    ['exactly 100 %', 3996, 4, 'RED', '100.0 %', 0],
    ['a hair over 100 %', 3995, 4, 'RED', '100.1 %', 1],
  ])('says %s of a budget as it is, from results to colour, figure and exit code', async (_what, ...row) => {
    const [good, bad, colour, consumed, exit] = row;
    await remember([...many(good, 'good'), ...many(bad, 'bad')]);
    const { code, printed } = await command(folder, 'budget');
    expect(printed).toMatch(new RegExp(` ${colour} .* ${consumed.replace('.', String.raw`\.`)} `));
    expect(code).toBe(exit);
  });

  it('says so when much was excluded: failing logins are all 4xx, and would look like silence', async () => {
    await remember([...many(1900, 'good'), ...many(100, 'excluded')]);
    expect((await command(folder, 'budget')).printed).not.toContain('excluded');
    await remember(many(1, 'excluded'), Date.now() - 60_000);
    expect((await command(folder, 'budget')).printed).toContain('excluded 5.047 % (101 / 2,001)');
  });

  it('shows beside a percentile row’s consumption how many of its windows passed, and which window is thin', async () => {
    const latency = '{ indicator: latency, within: 250ms }';
    writeFileSync(
      join(folder, 'pulsedrill.config.yaml'),
      CONFIGURATION.replace('sli: availability', `sliding: 5m, sli: ${latency}`),
    );
    await remember([...many(1000, 'good'), ...many(100, 'bad')], Date.now() - 3_600_000);
    await remember([...many(3, 'good'), ...many(2, 'bad')]);
    const { printed } = await command(folder, 'budget');
    expect(printed).toContain('review: under 1000 events in the live window');
    expect(printed).toContain('live window fails (3/5 good)');
    expect(printed).toMatch(/windows passed: 0\.000 % \(0 \/ \d+\)/);
  });

  it('shows the fill ratio by notional under its row, and judges nothing by it', async () => {
    writeFileSync(
      join(folder, 'pulsedrill.config.yaml'),
      `
probes:
  - id: paper
    kind: paper-order
    service: order-execution
    venue: primary
    every: 60s
    submit: { url: "http://127.0.0.1:1/orders" }
    order: { symbol: BTCUSD, quantity: "1", reference_price: "50000" }
    paper: { url: "http://127.0.0.1:1/account", json: { path: $.mode, equals: paper }, hosts: [127.0.0.1] }
    limits: { maxQuantity: "1", maxNotional: "100000", maxPerMinute: 6 }
objectives: tradepulse
`,
    );
    await remember([]);
    const order = (symbol: string, price: string, submitted: string, executed: string): Result =>
      aResult(0, {
        probe: 'paper',
        kind: 'paper-order',
        service: 'order-execution',
        venue: 'primary',
        weightMs: 60_000,
        scheduledMs: Date.now() - 120_000,
        runId: `paper/${symbol}`,
        readings: [{ type: 'quantity', submitted, executed, symbol, price }],
      });
    {
      await using store = await openStore({ path: join(folder, 'pulsedrill.db') });
      await store.append([order('SHIB', '0.01', '10000', '10000'), order('BTCUSD', '50000', '1', '0.5')]);
    }
    const { code, printed } = await command(folder, 'budget');
    const lines = printed.split('\n');
    const at = lines.findIndex((line) => line.startsWith('kpi-fill-ratio '));
    expect(lines[at]).toMatch(/^kpi-fill-ratio +92 % +1h +GREEN +99\.995 % +1\/2 /);
    expect(lines[at + 2]).toMatch(/^ {2}└ by notional +92 % +1h +RED +50\.100 % +1\/2 /);
    expect(code).toBe(0);
    const { objectives } = JSON.parse((await command(folder, 'budget', '--json')).printed);
    expect(objectives).toHaveLength(16);
    expect(objectives.at(-1)).toMatchObject({
      objective: 'kpi-fill-ratio',
      colour: 'green',
      met: true,
      companions: [
        {
          objective: 'kpi-fill-ratio-notional',
          beside: { id: 'kpi-fill-ratio', label: 'by notional' },
          colour: 'red',
          met: false,
          weights: { weighing: 'notional', good: String(25_100n * 1_000_000n * 60_000n) },
        },
      ],
    });
    const gate = await command(folder, 'gate', 'order-execution');
    expect(gate.printed).not.toContain('notional');
  });

  describe('of ages', () => {
    const ticks = (atMs: number, valid: number, near: number | null): Result =>
      aResult(atMs, {
        service: 'client-api',
        weightMs: 60_000,
        scheduledMs: atMs,
        readings: [
          {
            type: 'counts',
            indicator: 'tick-age',
            atMs,
            valid,
            within: { 'lt:1500': valid - 1 },
            borderline: near === null ? null : { 'lt:1500': near },
            weigh: 'each',
            p50Ms: null,
            p99Ms: null,
            maxMs: null,
          },
        ],
      });

    it.each([
      ['were near to the limit', [12], 'borderline 0.240 % (12 / 5,000)', { events: 12, of: 5000 }],
      ['were near to the limit, where none was', [0], '', { events: 0, of: 5000 }],
      ['were counted by a clock that nothing vouched for', [null], 'clock unverified', { events: null, of: 0 }],
      [
        'were near to the limit, and of how many nobody knows',
        [12, null],
        'borderline 0.240 % (12 / 5,000); clock unverified for 5,000 of 10,000 events',
        { events: 12, of: 5000 },
      ],
    ])('says how many %s', async (_what, nears, flags, borderline) => {
      writeFileSync(
        join(folder, 'pulsedrill.config.yaml'),
        CONFIGURATION.replace('kind: http', 'kind: market-data')
          .replace('http://127', 'ws://127')
          .replace('sli: availability', 'sli: { indicator: tick-age, below: 1500ms }'),
      );
      await remember([]);
      const path = join(folder, 'pulsedrill.db');
      await using store = await openStore({ path });
      await store.append(nears.map((near, index) => ticks(Date.now() - 120_000 + index, 5000, near)));
      const { printed } = await command(folder, 'budget');
      expect(printed.split('\n')[2]?.trim() ?? '').toBe(flags);
      const { objectives } = JSON.parse((await command(folder, 'budget', '--json')).printed);
      expect(objectives).toMatchObject([{ borderline, events: { valid: 5000 * nears.length } }]);
    });
  });
});

describe('budget calc', () => {
  const FILE = join(import.meta.dirname, '../../slo/vectors.json');

  it('takes a document of known answers as it is, and answers each in its place', async () => {
    const vectors: readonly { kind: string; expect: object }[] = JSON.parse(readFileSync(FILE, 'utf8')).vectors;
    const { code, printed, complained } = await command(folder, 'budget', 'calc', '--counts', FILE, '--json');
    const answers: readonly unknown[] = JSON.parse(printed);
    expect(answers).toMatchObject(
      vectors.map(({ kind, expect: wanted }) => (CALC_KINDS.includes(kind) ? wanted : null)),
    );
    expect(complained).toMatch(/vectors\.json: not computed, and null in --json: survivorship, policy, /);
    expect(code).toBe(0);
  });

  it('says what it takes when it gets neither a list nor such a document', async () => {
    writeFileSync(join(folder, 'counts.json'), '{ "kind": "ratio" }');
    expect(await command(folder, 'budget', 'calc', '--counts', 'counts.json')).toEqual({
      code: 2,
      printed: '',
      complained:
        'counts.json: expected a list of {kind, input}, or a document with such a list as "vectors", got neither',
    });
  });
});
