import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderCustomer } from '../../reports/customer.ts';
import { creditOf, cutPercent } from '../../reports/customer/credit.ts';
import { reviewTexts } from '../../reports/customer/words.ts';
import { collectSla, renderSla, type SlaReport } from '../../reports/sla.ts';
import { compare, decimal, rational } from '../../slo/decimal.ts';
import type { Exclusion } from '../../slo/exclusion.ts';
import { incidentEvent } from '../../slo/incidents/event.ts';
import { timeBase } from '../../slo/time-base.ts';
import { addedEvent, withdrawnEvent } from '../../store/exclusions.ts';
import { anyBudget, anyEvent, anyResult, anyStatus, remembered } from './arbitrary.ts';
import { anObjective, EVENTS, GAMEDAY_AT, OBJECTIVES, OUTAGE, OUTAGE_OPENED, START } from './sample.ts';
import { END, sampleReport } from './sample-report.ts';
import { flawsOf } from './well-formed.ts';

const FRESHNESS = anObjective({
  id: 'sla-market-data-freshness',
  title: 'Market data freshness',
  commitment: 'sla',
  service: 'market-data',
  target: '0.998',
  windowMs: 86_400_000,
  sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
  weighing: 'count',
  probes: ['ticks'],
  assumptions: ['an assumption that waits'],
});

const MOVED: Exclusion = {
  id: 'ex-20260303-0001',
  fromMs: GAMEDAY_AT - 30_000,
  toMs: GAMEDAY_AT + 60_000,
  services: ['market-data'],
  objectives: [],
  author: 'ana',
  approver: 'ben',
  reason: 'the feed moves | to <another> rack',
  createdMs: GAMEDAY_AT + 3_600_000,
  withdrawn: null,
};

let folder = '';
let report: SlaReport;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-customer-'));
  report = await sampleReport(join(folder, 'ledger.db'), {
    objectives: [...OBJECTIVES, FRESHNESS],
    events: [
      ...EVENTS,
      addedEvent(MOVED),
      addedEvent({ ...MOVED, id: 'ex-20260303-0002', services: ['client-api'], createdMs: START - 1 }),
      withdrawnEvent('ex-20260303-0002', END - 60_000, 'cyd', 'it was put off'),
      OUTAGE_OPENED,
      incidentEvent(OUTAGE, GAMEDAY_AT + 1_200_000, { type: 'resolved', by: 'ana', reason: 'rolled back' }, 'r'),
    ],
    query: {
      probes: [
        { id: 'api-status', kind: 'http', endpoint: null, venue: null, every: 'every 15 s' },
        { id: 'ticks', kind: 'market-data', endpoint: null, venue: null, every: 'all the time' },
      ],
    },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the report for a customer', () => {
  test('reads as the golden page, word for word', async () => {
    const rendered = renderCustomer(report);
    expect(flawsOf(rendered)).toEqual([]);
    await expect(rendered.markdown).toMatchFileSnapshot('../golden/sla-customer.md');
  });

  test('says the same figures as the page for engineers', () => {
    const [outside, inside] = [renderCustomer(report), renderSla(report)].map(({ markdown }) => markdown);
    for (const figure of [
      '99.790 % (476 / 477 events)',
      '99.667 % (718,141 / 720,541 events)',
      '98.822 % … 99.963 %',
    ]) {
      expect(outside).toContain(figure);
      expect(inside).toContain(figure);
    }
  });

  test('names internal objectives only where they are asked for, and the prober’s own incidents never', () => {
    const prober = report.incidents.map((each) => ({ ...each, id: 'inc-prober', service: null }));
    const more = { ...report, incidents: [...report.incidents, ...prober] };
    expect(renderCustomer(more).markdown).not.toMatch(/Client API latency|inc-prober|gd-1/);
    const all = renderCustomer(more, { internal: true });
    expect(all.markdown).toContain('| Client API latency |');
    expect(all.markdown).not.toContain('inc-prober');
    expect(flawsOf(all)).toEqual([]);
  });

  test('says over which period, when, and where only if somebody named it', () => {
    const lines = (of: SlaReport) =>
      renderCustomer(of)
        .markdown.split('\n')
        .filter((line) => line !== '');
    const [title, first] = lines({ ...report, isEnvironmentNamed: false });
    expect(title).toBe('# Service-level report: 2026-03-03 09:00 to 11:00 UTC');
    expect(first).toMatch(/^Each over its own period up to 2026-03-03 11:00:00 UTC \(90 d or 1 d\), 0 of 2 /);
    const ofDay = report.statuses.filter(({ objective }) => objective.id !== 'sla-api-availability');
    const day = { ...report, fromMs: END - 86_400_000, statuses: ofDay };
    expect(lines(day).slice(0, 2)).toEqual([
      '# Service-level report: staging, 2026-03-02 11:00 to 2026-03-03 11:00 UTC',
      'From 2026-03-02 11:00 to 2026-03-03 11:00 UTC (1 d) the one service-level commitment was **missed**.',
    ]);
  });

  test('says that a promise was kept only where nine tenths of its period were measured, and since when it was', () => {
    const kept = report.statuses.filter(({ objective }) => objective.id === 'sla-api-availability');
    const over = (silent: number, byCalendar: boolean) => {
      const periods = report.periods.map((each) => ({ ...each, silent, stretches: 1 }));
      const probes = report.probes.map((each) => ({ ...each, ...(byCalendar ? { byCalendar } : {}) }));
      const early = periods.map((each) => ({ ...each, sinceMs: byCalendar ? each.fromMs : each.sinceMs }));
      return renderCustomer({ ...report, statuses: kept, periods: early, probes }).markdown;
    };
    const enough = over(12_960, false);
    expect(enough).toContain('the one service-level commitment was **kept**.');
    expect(enough).toContain('The period was measured since 2026-03-03 09:00 UTC, 81 d of 90 d (90.000 %).');
    expect(enough).toContain('## To be reviewed\n\nNothing: no figure above is flagged.');
    const less = over(12_961, false);
    expect(less).toContain('the one service-level commitment was kept **as far as it was measured** (measured since');
    expect(less).toContain('of the rest of the period nothing is known, and no verdict is one over all of it');
    expect(less).not.toMatch(/\| kept \||: kept\./);
    expect(over(100_000, true)).toContain('the one service-level commitment was **kept**.');
    expect(over(100_000, true)).toContain('The period was measured for 20 d 13 h of 90 d (22.840 %).');
  });

  test('says of many endpoints the first, and how many there are', () => {
    const many = Array.from({ length: 60 }, (_, n) => ({
      id: `api-${n}`,
      kind: 'http',
      endpoint: `/e${String(n).padStart(2, '0')}`,
      venue: null,
      every: 'every 15 s',
    }));
    const statuses = report.statuses.map((status) => ({
      ...status,
      objective: { ...status.objective, probes: many.map(({ id }) => id) },
    }));
    expect(renderCustomer({ ...report, statuses, probes: many }).markdown).toContain(
      '(60 probes, to `/e00`, `/e01`, `/e02`, `/e03`, `/e04`, `/e05`, and 54 more endpoints) |',
    );
  });

  test('names probes one by one while they are few, and of many what they ask', () => {
    const many = Array.from({ length: 9 }, (_, n) => ({
      id: `api-${n}`,
      kind: 'http',
      endpoint: n % 2 === 0 ? '/orders' : '/positions',
      venue: null,
      every: 'every 15 s',
    }));
    const statuses = report.statuses.map((status) =>
      status.objective.id === 'sla-api-availability'
        ? { ...status, objective: { ...status.objective, probes: many.map(({ id }) => id) } }
        : status,
    );
    expect(renderCustomer({ ...report, statuses, probes: many }).markdown).toContain(
      '| an automated request, sent as a client would (9 probes, to `/orders`, `/positions`) | every 15 s; 0 runs in the range of this report |',
    );
  });

  test('is the same to the byte when it is written twice', () => {
    expect(renderCustomer(report)).toEqual(renderCustomer(report));
  });

  test('is well formed whatever it is made of', async () => {
    const input = fc.record({
      results: fc.array(anyResult, { maxLength: 8 }),
      budgets: fc.array(anyBudget, { maxLength: 6 }),
      events: fc.array(anyEvent, { maxLength: 2 }),
      statuses: fc.array(anyStatus, { maxLength: 4 }),
      span: fc.constantFrom(0, 60_000, 90 * 86_400_000),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ statuses, span, ...memory }) => {
        const made = await collectSla({
          reader: remembered(memory),
          statuses,
          base: timeBase(60),
          fromMs: START,
          toMs: START + span,
          environment: 'a|b <c>',
          location: 'fra1',
          tool: { version: '0.1.0' },
          excluded: { exclusions: [MOVED], without: statuses.slice(0, 1) },
        });
        expect(flawsOf(renderCustomer(made, { internal: true }))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

test('a bad last hour is said to be an hour, and not the period', () => {
  const status = report.statuses.find(({ objective }) => objective.id === 'sla-api-availability');
  if (status === undefined) throw new Error('expected the availability that is promised');
  const said = 'more than 2 % worse than promised in the last whole hour alone; the verdict goes by all of the period';
  expect(reviewTexts({ ...status, regression: true }, null)).toContain(said);
  expect(reviewTexts({ ...status, regression: false }, null)).not.toContain(said);
});

describe('the figures for credits', () => {
  test('are cut off at the digits of the promise, and so never on its other side', () => {
    expect(cutPercent(rational(99_499, 100_000), '0.995')).toBe('99.4 %');
    expect(cutPercent(rational(995, 1000), '0.995')).toBe('99.5 %');
    expect(cutPercent(rational(1), '0.99')).toBe('100 %');
    fc.assert(
      fc.property(
        fc.nat({ max: 100_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.constantFrom('0.9', '0.95', '0.995', '0.9995'),
        (part, whole, target) => {
          const exact = rational(Math.min(part, whole), whole);
          const read = decimal(cutPercent(exact, target).slice(0, -2));
          const cut = { num: read.num, den: read.den * 100n };
          expect(compare(cut, decimal(target)) >= 0).toBe(compare(exact, decimal(target)) >= 0);
        },
      ),
    );
  });

  test('say what failed beyond what was allowed, and nothing where the promise was kept', () => {
    const of = (id: string) =>
      report.statuses.filter(({ objective }) => objective.id === id).map((status) => creditOf(status));
    expect(of('sla-market-data-freshness')).toEqual([
      {
        attained: '99.6 %',
        failed: '2,400 events',
        allowed: '1,441.1 events',
        beyond: '958.9 events',
      },
    ]);
    expect(of('sla-api-availability')).toMatchObject([
      {
        failed: '0.3 min',
        allowed: '0.6 min',
        beyond: '0.0 min',
      },
    ]);
    expect(of('kpi-ingestion-latency')).toEqual([null]);
  });
});
