import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderSla, collectSla, type SlaReport } from '../../reports/sla.ts';
import { indicatorsOf } from '../../reports/sla/collect.ts';
import { confidenceTable } from '../../reports/sla/detail-tables.ts';
import { flags } from '../../reports/sla/tables.ts';
import { timeBase } from '../../slo/time-base.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { anyBudget, anyEvent, anyResult, anyStatus, remembered } from './arbitrary.ts';
import { anObjective, SAMPLE_JOURNAL, START } from './sample.ts';
import { BASE, sampleReport } from './sample-report.ts';
import { flawsOf } from './well-formed.ts';

let folder = '';
let report: SlaReport;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-reports-'));
  report = await sampleReport(join(folder, 'ledger.db'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the service-level evidence', () => {
  test('reads as the golden page, word for word', async () => {
    const rendered = renderSla(report);
    expect(flawsOf(rendered)).toEqual([]);
    await expect(rendered.markdown).toMatchFileSnapshot('../golden/sla.md');
  });

  test('says of telemetry how many minutes its source answered, not how many events those had', () => {
    const [known] = report.statuses.filter(({ colour }) => colour !== 'unknown');
    if (known === undefined) throw new Error('the sample has no objective that is known');
    const objective = { ...known.objective, sli: { type: 'telemetry', what: 'jobs' }, weighing: 'fraction' } as const;
    const tally = { ...known.tally, good: 5000, bad: 0, excluded: 0, bounded: 9, faults: 1 };
    const page = confidenceTable({ ...report, statuses: [{ ...known, objective, tally, coverage: 0.9 }] });
    expect(page).toContain('| 90.000 % (9 / 10) answers |');
  });

  test('draws probes of every objective, however many the first of them has', () => {
    const of = (id: string, probes: readonly string[]) => anObjective({ id, probes });
    const many = Array.from({ length: 60 }, (_, n) => `api-${n}`);
    const wanted = indicatorsOf([of('api', many), of('orders', ['buy', 'sell']), of('ticks', ['feed', 'buy'])]);
    expect([...wanted.keys()].slice(0, 6)).toEqual(['api-0', 'buy', 'feed', 'api-1', 'sell', 'api-2']);
    expect(wanted.size).toBe(63);
  });

  test('is the same to the byte when it is written twice', () => {
    expect(renderSla(report)).toEqual(renderSla(report));
  });

  test('draws each probe with its unit, its threshold and the game-day', () => {
    const chart = fileOf(report, 'sla-measured-ticks-tick-age.svg');
    expect(chart).toContain('>milliseconds, logarithmic</text>');
    expect(chart).toContain('>limit &lt; 1,500 ms</text>');
    expect(chart).toContain('>time, UTC (3 Mar 2026)</text>');
    expect(chart).toContain('>game-day</text>');
    expect(chart).toContain('>worst p99 per 1 min</text>');
  });

  test('draws the budget that is left with its guard rails, and says how far it lies below the axis', () => {
    const chart = fileOf(report, 'sla-budget-slo-market-data-freshness.svg');
    expect(chart).toContain('>percent of the whole error budget</text>');
    for (const rail of ['≤ 75 %: Yellow', '&lt; 25 %: Red', '0 %: exhausted'])
      expect(chart).toContain(`>${rail}</text>`);
    expect(chart).toMatch(/>below the axis, down to −\d+ %<\/text>/);
  });

  test('draws only the budgets that moved, and names those that were never touched', () => {
    const untouched = report.budgets.map((budget) =>
      budget.objective === 'sla-api-availability'
        ? { ...budget, points: budget.points.map((point) => ({ ...point, consumedPct: 0 })) }
        : budget,
    );
    const { markdown, files } = renderSla({ ...report, budgets: untouched });
    expect(files.map(({ name }) => name).filter((name) => name.startsWith('sla-budget'))).toEqual([
      'sla-budget-slo-api-latency.svg',
      'sla-budget-slo-market-data-freshness.svg',
    ]);
    expect(markdown).toContain('Untouched from beginning to end (100 % left), and not drawn: `sla-api-availability`.');
  });

  test('names under each missed row the probes and reasons behind its bad events, with counts', () => {
    const miss = report.misses.find(({ status }) => status.objective.id === 'slo-market-data-freshness');
    expect(miss?.unexplained).toBe(0);
    expect(miss?.causes.map(({ probe, reason, runs, badEvents }) => [probe, reason, runs, badEvents])).toEqual([
      ['ticks', null, 1, 2400],
    ]);
    expect(renderSla(report).markdown).toContain(
      '| SLO `slo-market-data-freshness` | `ticks` | beyond the limit | 2,400 bad events of 1 run |',
    );
  });

  test('forecasts no exhaustion of a budget that is spent', () => {
    const missed = report.statuses.filter(({ met }) => met === false);
    expect(missed.map((status) => flags(status).filter((flag) => flag.includes('exhausted')))).toEqual([
      ['budget exhausted'],
    ]);
  });

  test('lists a row that nothing is known of once, with its reason, beside its definition', () => {
    const rows = renderSla(report)
      .markdown.split('\n')
      .filter((line) => line.startsWith('|') && line.includes('`kpi-ingestion-latency`'));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toContain('| no source: bind it to a telemetry query |');
  });

  test('tells first judgements in one sentence, and of a change of sampling only the intervals that moved', async () => {
    const colour = (subject: string, from: string, to: string): LedgerEvent => ({
      id: `${subject}-${to}`,
      atMs: START,
      kind: 'colour',
      service: 'client-api',
      subject,
      body: { from, to, consumed: 0 },
    });
    const probes = [
      { probe: 'ticks', fromMs: 1000, toMs: 1000 },
      { probe: 'session', fromMs: 6000, toMs: 1500 },
    ];
    const sampling: LedgerEvent = {
      ...colour('market-data', 'green', 'yellow'),
      kind: 'cadence',
      body: { from: 'green', to: 'yellow', probes },
    };
    const events = [
      colour('a', 'unknown', 'green'),
      colour('b', 'unknown', 'green'),
      colour('b', 'green', 'red'),
      sampling,
    ];
    const made = await collectSla({
      reader: remembered({ results: [], budgets: [], events }),
      statuses: [],
      base: BASE,
      fromMs: START,
      toMs: START + 120 * 60_000,
      environment: 'staging',
      location: 'fra1',
      tool: { version: '0.1.0' },
    });
    const { markdown } = renderSla(made);
    expect(markdown).toContain('Judged for the first time, and Green: `a`, `b`.');
    expect(markdown).toContain('| `b` | green → red, consumed 0.0 % |');
    expect(markdown).not.toContain('unknown → green');
    expect(markdown).toContain('| `market-data` | green → yellow, session: 6 s → 1.5 s |');
  });

  test('says loudly that time was scaled', () => {
    expect(renderSla({ ...report, scale: 300 }).markdown.split('\n')[2]).toBe(
      '> **TIME SCALE 1 : 300 — PRACTICE, NOT EVIDENCE.** A minute of the policy lasted 200 ms on the clock, a window of 30 days 2 h 24 min. Latencies, ages and times of day are real; windows, burn rates and hours until exhaustion are scaled.',
    );
  });

  test('shows the heaviest causes of a miss, and how many more there are', () => {
    const [status] = report.statuses;
    if (status === undefined) throw new Error('the sample has statuses');
    const causes = Array.from({ length: 23 }, (_, n) => ({
      probe: `p${n}`,
      reason: 'timeout',
      runs: 1,
      badEvents: 2,
      badWeight: 0n,
    }));
    const { markdown } = renderSla({ ...report, misses: [{ status, causes, unexplained: 0 }] });
    expect(markdown).toContain('| `p19` | timeout | 2 bad events of 1 run');
    expect(markdown).not.toContain('`p20`');
    expect(markdown).toContain(
      '| 3 probes | 3 lighter causes, in `pulsedrill export --objective sla-api-availability` | 6 bad events |',
    );
  });

  test('says in its first sentence how many commitments held', () => {
    const [status] = report.statuses;
    if (status === undefined) throw new Error('the sample has statuses');
    const first = (mets: readonly (boolean | null)[], periods: SlaReport['periods'] = []) =>
      renderSla({ ...report, periods, statuses: mets.map((met) => ({ ...status, met })) })
        .markdown.split('\n')[2]
        ?.split('. ')[0];
    expect(first([true])).toBe('The one commitment to customers was held');
    expect(first([null])).toBe('The one commitment to customers **could not be judged**');
    expect(first([true, true])).toBe('All 2 commitments to customers were held');
    expect(first([true, false, null])).toBe(
      'Of 3 commitments to customers, 1 held, **1 missed**, **1 could not be judged**',
    );
    expect(first([true], report.periods)).toBe(
      'The one commitment to customers was held **as far as it was measured**',
    );
    expect(first([true, false], report.periods)).toBe(
      'Of 2 commitments to customers, 0 held, **1 held as far as measured**, which is too little of the window to say more, **1 missed**',
    );
    expect(first([])).toBe('No commitment to customers (SLA) is among the objectives of this report');
  });

  test('is well formed whatever it is made of: silence, single points, unknown rows, hostile names', async () => {
    const input = fc.record({
      results: fc.array(anyResult, { maxLength: 12 }),
      budgets: fc.array(anyBudget, { maxLength: 6 }),
      events: fc.array(anyEvent, { maxLength: 2 }),
      statuses: fc.array(anyStatus, { maxLength: 4 }),
      span: fc.constantFrom(0, 1000, 60_000, 3_600_000, 90 * 86_400_000),
      gamedays: fc.constantFrom([], [SAMPLE_JOURNAL], [[]], [SAMPLE_JOURNAL.slice(0, 7)]),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ statuses, span, gamedays, ...memory }) => {
        const made = await collectSla({
          reader: remembered(memory),
          statuses,
          base: timeBase(60),
          fromMs: START,
          toMs: START + span,
          environment: 'a|b <c>',
          location: 'fra1',
          tool: { version: '0.1.0' },
          gamedays,
        });
        expect(flawsOf(renderSla(made))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

function fileOf(report: SlaReport, name: string): string {
  return renderSla(report).files.find((file) => file.name === name)?.content ?? '';
}
