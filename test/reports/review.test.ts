import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  collectReview,
  renderMonthly,
  renderQuarterly,
  renderWeekly,
  type Proposed,
  type Review,
} from '../../reports/review.ts';
import { attainmentChart } from '../../reports/review/charts.ts';
import { replayChange } from '../../reports/replay/replay.ts';
import { budgetPoint, createEvaluation } from '../../runner/evaluation.ts';
import { judgeWithout } from '../../runner/exclusions.ts';
import { createHourly } from '../../runner/hourly.ts';
import { timeBase } from '../../slo/time-base.ts';
import { addedEvent } from '../../store/exclusions.ts';
import { openStore } from '../../store/open.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { anyBudget, anyStatus, remembered } from './arbitrary.ts';
import { EVENTS, GAMEDAY_AT, OBJECTIVES, OUTAGE_OPENED, sampleResults, START } from './sample.ts';
import { flawsOf } from './well-formed.ts';

const BASE = timeBase(1);
const END = START + 4 * 3_600_000;
const [LATENCY, SLA] = OBJECTIVES;

const ALERT: LedgerEvent = {
  id: 'a1',
  atMs: GAMEDAY_AT + 120_000,
  kind: 'alert',
  service: 'market-data',
  subject: 'slo-market-data-freshness/burn',
  body: { type: 'opened', objective: 'slo-market-data-freshness', rule: 'burn', severity: 'SEV-2', as: 'page' },
};

const event = (id: string, kind: LedgerEvent['kind'], service: string, subject: string, body: LedgerEvent['body']) => ({
  id,
  atMs: GAMEDAY_AT,
  kind,
  service,
  subject,
  body,
});

const RECORD: readonly LedgerEvent[] = [
  ...EVENTS,
  ALERT,
  event('g1', 'gate', 'client-api', 'client-api', { by: 'ana', reason: 'a fix | for <everybody>' }),
  event('d1', 'gameday', 'market-data', 'gd-1', { verdict: 'recovered-despite-fault' }),
  event('t1', 'target', 'client-api', 'slo-api-latency', { changed: ['minEvents'] }),
  OUTAGE_OPENED,
  addedEvent({
    id: 'ex-20260303-0001',
    fromMs: GAMEDAY_AT,
    toMs: GAMEDAY_AT + 600_000,
    services: ['client-api'],
    objectives: [],
    author: 'ana',
    approver: 'ben',
    reason: 'upgrade',
    createdMs: GAMEDAY_AT - 60_000,
    withdrawn: null,
  }),
];

const owed = { service: 'market-data', objective: 'slo-market-data-freshness', openedMs: GAMEDAY_AT, metMs: null };
const DUTIES: Review['duties'] = [
  { id: 'ob-1', duty: 'game-day', ...owed, dueMs: END - 1, state: 'overdue', scheduled: null },
  {
    id: 'ob-2',
    duty: 'postmortem review',
    ...owed,
    dueMs: END + 1,
    state: 'scheduled',
    scheduled: { forMs: END, by: 'ana' },
  },
  { id: 'ob-3', duty: 'game-day', ...owed, dueMs: END, state: 'met', scheduled: null, metMs: END - 5 },
];

const thin = {
  type: 'thin data',
  objective: 'sla-api-availability',
  why: '40 valid events in its window, fewer than 400',
  openedMs: START,
};
const ITEMS: Review['items'] = [
  { id: 'ri-1', day: '2026-03-02', ...thin, closed: null },
  { id: 'ri-2', day: '2026-03-03', ...thin, closed: null },
  { id: 'ri-3', day: '2026-03-01', ...thin, closed: { atMs: START, by: 'ana', note: 'as agreed' } },
];

let folder = '';
let review: Review;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-review-'));
  await using store = await openStore({ path: join(folder, 'l.db'), objectives: OBJECTIVES, stepMs: BASE.minuteMs });
  await store.append(sampleResults({ minutes: 240 }));
  await store.recordEvents(RECORD);
  const evaluation = createEvaluation(store, OBJECTIVES, BASE);
  const record = (one: LedgerEvent): Promise<void> => store.recordEvents([one]);
  const hourly = createHourly({ store, base: BASE, location: 'fra1', record, warn: () => undefined });
  for (let nowMs = START + 600_000; nowMs < END; nowMs += 600_000) {
    const statuses = await evaluation.at(nowMs);
    await store.recordBudgets(statuses.map(budgetPoint));
    await hourly(statuses, nowMs);
  }
  const statuses = await evaluation.at(END - 1);
  const proposed: Proposed[] = [];
  for (const [objective, change] of [[LATENCY, { limitMs: 100 }] as const, [SLA, { target: '0.999' }] as const]) {
    if (objective === undefined) continue;
    const replayed = await replayChange(store, objective, change, { base: BASE, fromMs: START, toMs: END });
    const { id, title, owners } = objective;
    const replay = replayed.ok ? replayed.replay : null;
    const rfc = 'target' in change ? 'https://rfcs.example/12' : null;
    proposed.push({ objective: id, title, owners, origin: 'proposed', rfc, version: null, replay, because: null });
  }
  review = await collectReview({
    reader: store,
    statuses,
    base: BASE,
    environment: 'staging',
    location: 'fra1',
    tool: { version: '0.1.0' },
    fromMs: START,
    toMs: END,
    asOfMs: END,
    excluded: await judgeWithout(store, statuses, BASE),
    duties: DUTIES,
    items: ITEMS,
    proposed,
  });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the chart of what failed says what was allowed, and draws no line over days without an evaluation', () => {
  const days = 30;
  const [reviewed] = review.reviewed;
  const point = reviewed?.points[0];
  if (reviewed === undefined || point === undefined) throw new Error('expected a reviewed objective');
  const drawn = (missing: (day: number) => boolean): string => {
    const points = Array.from({ length: days }, (_, day) => day)
      .filter((day) => !missing(day))
      .map((day) => ({ ...point, atMs: START + day * 86_400_000, attainmentPct: 99.8 }));
    const range = { ...review, fromMs: START, toMs: START + days * 86_400_000 };
    return attainmentChart(range, { ...reviewed, points }) ?? '';
  };
  // How often the pen is put down for the line: the longest path of nothing but straight strokes.
  const strokes = (chart: string): number => {
    const paths = [...chart.matchAll(/ d="([ML\d. ]+)"/g)].map(([, path = '']) => path);
    return paths.toSorted((a, b) => b.length - a.length)[0]?.split('M').length ?? 0;
  };
  const whole = drawn(() => false);
  expect(whole).toContain('>allowed: ');
  expect(strokes(drawn((day) => day > 10 && day < 20))).toBe(strokes(whole) + 1);
});

const RENDER = { weekly: renderWeekly, monthly: renderMonthly, quarterly: renderQuarterly };

describe.each(Object.entries(RENDER))('the %s review', (period, render) => {
  test('reads as the golden page, word for word', async () => {
    const made = render(review, period);
    expect(flawsOf(made)).toEqual([]);
    await expect(made.markdown).toMatchFileSnapshot(`../golden/review-${period}.md`);
  });

  test('is the same to the byte when it is written twice', () => {
    expect(render(review, period)).toEqual(render(review, period));
  });

  test('is well formed of an empty record, and whatever the objectives are', async () => {
    const input = fc.record({
      statuses: fc.array(anyStatus, { maxLength: 4 }),
      budgets: fc.array(anyBudget, { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ statuses, budgets }) => {
        const made = await collectReview({
          reader: remembered({ budgets }),
          statuses,
          base: timeBase(60),
          environment: 'a|b <c>',
          location: 'fra1',
          tool: { version: '0.1.0' },
          fromMs: START,
          toMs: END,
          excluded: { exclusions: [], without: [] },
          duties: [],
          items: [],
          proposed: [],
        });
        expect(flawsOf(render(made, period))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});
