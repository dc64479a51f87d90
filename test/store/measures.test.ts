import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../store/ledger.ts';
import { rowOf } from '../../store/measures/packed-row.ts';
import type { BudgetPoint, MeasuredStretch } from '../../store/store.ts';
import { AVAILABILITY, aResult, LATENCY, T0 } from '../support/results.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A midnight. */
const MIDNIGHT = T0 + DAY / 2;

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-measures-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): Ledger => new Ledger({ path, objectives: [AVAILABILITY, LATENCY], stepMs: MINUTE });
const at = (scheduledMs: number, id = `at/${scheduledMs}`) => aResult(0, { runId: id, scheduledMs });
/** A run in each of so many hours, and one that closes the last of them. */
const hourly = (fromMs: number, hours: number) => [
  ...Array.from({ length: hours }, (_, hour) => at(fromMs + hour * HOUR + 5 * MINUTE)),
  at(fromMs + hours * HOUR + 11 * MINUTE),
];

function measureAll(ledger: Ledger): void {
  while (ledger.measureSlice(null) === 'worked');
}

function stretches(
  ledger: Ledger,
  more: { cellMs?: number; recordedBefore?: number } = {},
): readonly MeasuredStretch[] {
  const found: MeasuredStretch[] = [];
  for (let startMs: number | null = 0; startMs !== null;) {
    const page = ledger.measures({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, cellMs: HOUR, ...more }, startMs);
    found.push(...page.stretches);
    startMs = page.nextMs;
  }
  return found;
}

const starts = (found: readonly MeasuredStretch[]) => found.map(({ span, fromMs }) => [span, fromMs]);
const runs = (found: readonly MeasuredStretch[]) =>
  found.map(({ rows }) => rows.reduce((sum, { probe, body }) => sum + rowOf(probe, body).measure.counts.good, 0));

describe('roll-ups of measures', () => {
  test('are made of hours that are over, and of days whose hours all are', () => {
    using ledger = open();
    ledger.append(hourly(MIDNIGHT, 25));
    measureAll(ledger);
    expect(stretches(ledger)).toHaveLength(25);
    expect(starts(stretches(ledger, { cellMs: 6 * HOUR }))).toEqual([
      ['day', MIDNIGHT],
      ['hour', MIDNIGHT + DAY],
    ]);
    expect(runs(stretches(ledger, { cellMs: 6 * HOUR }))).toEqual([24, 1]);
  });

  test('are none of an hour whose last runs may still be on their way', () => {
    using ledger = open();
    ledger.append([at(T0), at(T0 + HOUR + 9 * MINUTE)]);
    measureAll(ledger);
    expect(stretches(ledger)).toEqual([]);
    while (ledger.measureSlice(T0 + HOUR + 10 * MINUTE) === 'worked');
    expect(starts(stretches(ledger))).toEqual([['hour', T0]]);
  });

  test('go in the transaction in which a late result comes, and come again with it', () => {
    using ledger = open();
    ledger.append(hourly(MIDNIGHT, 25));
    measureAll(ledger);
    ledger.append([at(MIDNIGHT + 3 * HOUR)]);
    expect(starts(stretches(ledger, { cellMs: 6 * HOUR }))).not.toContainEqual(['day', MIDNIGHT]);
    expect(starts(stretches(ledger))).not.toContainEqual(['hour', MIDNIGHT + 3 * HOUR]);
    measureAll(ledger);
    expect(runs(stretches(ledger, { cellMs: 6 * HOUR }))).toEqual([25, 1]);
  });

  test('stay when a result comes a second time', () => {
    using ledger = open();
    ledger.append(hourly(T0, 2));
    measureAll(ledger);
    ledger.append([at(T0 + 5 * MINUTE)]);
    expect(stretches(ledger)).toHaveLength(2);
  });

  test('come of an hour that had no result when all were made, and then has one', () => {
    using ledger = open();
    ledger.append([at(T0), at(T0 + 3 * HOUR)]);
    measureAll(ledger);
    ledger.append([at(T0 + HOUR)]);
    measureAll(ledger);
    expect(starts(stretches(ledger))).toEqual([
      ['hour', T0],
      ['hour', T0 + HOUR],
    ]);
  });

  test('hold what another process stores in an hour while it is being read', () => {
    using ledger = open();
    using other = open();
    ledger.append(hourly(T0, 1));
    // The hour's results have been read, its row has not been written.
    ledger.measureSlice(null);
    other.append([at(T0 + 7 * MINUTE)]);
    measureAll(ledger);
    measureAll(ledger);
    expect(runs(stretches(ledger))).toEqual([2]);
  });

  test('are not offered to who asks what was known before one of their results was', () => {
    using ledger = open();
    ledger.append(hourly(T0, 2), 1000);
    ledger.append([at(T0 + 20 * MINUTE)], 5000);
    measureAll(ledger);
    expect(starts(stretches(ledger, { recordedBefore: 5000 }))).toEqual([['hour', T0 + HOUR]]);
    expect(stretches(ledger, { recordedBefore: 5001 })).toHaveLength(2);
  });

  /** Lets results go that were due before a moment. @returns what was done for it, in order */
  function expire(ledger: Ledger, beforeMs: number): readonly string[] {
    const retention = { resultsMs: DAY, talliesMs: 400 * DAY };
    const order = { retention, nowMs: beforeMs + DAY, followers: [] };
    const done: string[] = [];
    for (;;) {
      const { what } = ledger.upkeep(order, () => 0);
      if (what === null) return done;
      if (done.at(-1) !== what) done.push(what);
    }
  }

  const left = (ledger: Ledger): readonly number[] =>
    [...ledger.results({ fromMs: 0, toMs: Infinity })].map(({ scheduledMs }) => scheduledMs);

  test('are waited for by results that are too old, outlive them, and take in what comes later still', () => {
    using ledger = open();
    for (const run of hourly(MIDNIGHT, 25)) ledger.append([run], run.scheduledMs);
    const before = left(ledger);
    expect(expire(ledger, MIDNIGHT + HOUR)).toEqual(['measured', 'expired', 'results']);
    const whole = stretches(ledger);
    expect(expire(ledger, MIDNIGHT + 2 * HOUR)).toEqual(['expired', 'results']);
    expect(left(ledger)).toEqual(before.slice(2));
    measureAll(ledger);
    expect(stretches(ledger)).toEqual(whole);

    // Its hour has lost a result, and it was due after that one.
    const lateMs = MIDNIGHT + HOUR + 50 * MINUTE;
    const late = aResult(0, { runId: 'late', scheduledMs: lateMs, outcome: 'bad', reason: 'timeout' });
    ledger.append([late], MIDNIGHT + 40 * DAY);
    measureAll(ledger);
    const { measure, causes } = rowOf('status', stretches(ledger)[1]?.rows[0]?.body ?? new Uint8Array());
    expect(measure.counts).toMatchObject({ good: 1, bad: 1 });
    expect([...(causes.get(AVAILABILITY.id)?.values() ?? [])]).toMatchObject([{ reason: 'timeout', runs: 1 }]);
    expect(runs(stretches(ledger, { cellMs: 6 * HOUR }))).toEqual([24, 1]);
    const known = starts(stretches(ledger, { recordedBefore: MIDNIGHT + 39 * DAY }));
    expect(known).not.toContainEqual(['hour', MIDNIGHT + HOUR]);
    expect(known).toContainEqual(['hour', MIDNIGHT]);
  });

  test('leave with the tallies of their time', () => {
    using ledger = open();
    ledger.append(hourly(MIDNIGHT, 25), MIDNIGHT);
    measureAll(ledger);
    const retention = { resultsMs: 300 * DAY, talliesMs: DAY };
    const order = { retention, nowMs: MIDNIGHT + 2 * DAY, followers: [] };
    while (ledger.upkeep(order, () => 0).what !== null);
    expect(starts(stretches(ledger))).toEqual([
      ['hour', MIDNIGHT + DAY],
      ['hour', MIDNIGHT + DAY + HOUR],
    ]);
  });

  test('are made again where an objective is judged otherwise, hours whose results are gone aside', () => {
    {
      using ledger = open();
      for (const run of hourly(MIDNIGHT, 2)) ledger.append([run], run.scheduledMs);
      measureAll(ledger);
      expire(ledger, MIDNIGHT + HOUR);
    }
    const strict = { ...LATENCY, sli: { type: 'threshold', indicator: 'latency', ms: 1, strict: false } as const };
    using ledger = new Ledger({ path, objectives: [AVAILABILITY, strict], stepMs: MINUTE });
    while (ledger.measureSlice(MIDNIGHT + DAY) === 'worked');
    const limits = stretches(ledger).map(({ rules }) => rules.find(({ id }) => id === LATENCY.id)?.sli);
    expect(limits).toEqual([LATENCY.sli, strict.sli, strict.sli]);
    expect(stretches(ledger).map(({ rows }) => rowOf('status', rows[0]?.body ?? new Uint8Array()).causes.size)).toEqual(
      [0, 1, 1],
    );
  });
});

describe('months of budget points', () => {
  const point = (atMs: number, consumedPct: number): BudgetPoint => ({
    objective: 'api',
    service: 'api',
    atMs,
    colour: 'green',
    consumedPct,
    attainmentPct: 100,
    burn1h: 0,
    validEvents: 1,
    badEvents: 0,
  });
  const days = 61;
  const steady = Array.from({ length: days * 48 }, (_, half) =>
    point(MIDNIGHT + half * (HOUR / 2), 10 + half / 10_000),
  );

  test('are given as the first, the lowest, the highest and the last of each day, all of the days that are not over', () => {
    using ledger = open();
    ledger.append([...Array.from({ length: days }, (_, day) => at(MIDNIGHT + day * DAY)), at(MIDNIGHT + days * DAY)]);
    ledger.recordBudgets(steady);
    ledger.recordBudgets([point(MIDNIGHT + 7 * DAY + 77_000, 90), point(MIDNIGHT + 8 * DAY + 77_000, 0)]);
    measureAll(ledger);
    const query = { objective: 'api', fromMs: MIDNIGHT, toMs: MIDNIGHT + days * DAY };
    const all = ledger.budgets(query);
    const most = ledger.budgets({ ...query, most: 600 });
    expect(all).toHaveLength(steady.length + 2);
    expect(most.length).toBeLessThan(200);
    expect(all).toEqual(expect.arrayContaining([...most]));
    expect(Math.max(...most.map(({ consumedPct }) => consumedPct ?? 0))).toBe(90);
    expect(Math.min(...most.map(({ consumedPct }) => consumedPct ?? 0))).toBe(0);
    ledger.recordBudgets([point(MIDNIGHT + 9 * DAY + 5, 99)]);
    const after = ledger.budgets({ ...query, most: 600 });
    expect(Math.max(...after.map(({ consumedPct }) => consumedPct ?? 0))).toBe(99);
  });
});
