import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateAll } from '../../runner/evaluation.ts';
import { alertConditions } from '../../slo/alerts.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import { openStore } from '../../store/open.ts';
import type { Result } from '../../store/result.ts';
import { objective } from '../slo/fixtures.ts';
import { aResult, T0 } from '../support/results.ts';

const MINUTE = 60_000;
const NOW = T0 + 30 * MINUTE;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-boundaries-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let ledgers = 0;

/** From the runs to the status, through a ledger of its own. */
async function statusOf(of: Objective, results: readonly Result[]): Promise<Status> {
  ledgers += 1;
  const path = join(folder, `${ledgers}.db`);
  await using store = await openStore({ path, objectives: [of], stepMs: MINUTE });
  await store.append(results);
  const [status] = await evaluateAll(store, [of], { base: timeBase(1), nowMs: NOW });
  if (status === undefined) throw new Error('no status');
  return status;
}

const availability = (change: Partial<Objective> = {}): Objective =>
  objective({ target: '0.9', probes: ['status'], minEvents: 1, ...change });

/** Runs a second apart, in the order given. */
const each = (outcomes: readonly Result['outcome'][], change: Partial<Result> = {}): Result[] =>
  outcomes.map((outcome, n) => aResult(n, { outcome, ...change }));

const times = (count: number, outcome: Result['outcome']): Result['outcome'][] =>
  Array.from({ length: count }, () => outcome);

describe('a fill ratio', () => {
  const fill = objective({
    target: '0.92',
    windowMs: 60 * MINUTE,
    sli: { type: 'quantity' },
    weighing: 'quantity',
    probes: ['status'],
    minEvents: 1,
  });
  const orders = (...sizes: readonly (readonly [submitted: string, executed: string])[]) =>
    sizes.map(([submitted, executed], n) =>
      aResult(n, { readings: [{ type: 'quantity', submitted, executed, symbol: 'A' }] }),
    );

  it('is weighted by volume: kept at exactly 92 % of the quantity, missed by a millionth less', async () => {
    // Nine small orders in full, and one as large as all of them of which 84 % are executed: their mean would be 98.4 %.
    const small = Array.from({ length: 9 }, () => ['1', '1'] as const);
    expect(await statusOf(fill, orders(...small, ['9', '7.56']))).toMatchObject({
      attainment: 0.92,
      consumed: 1,
      met: true,
      wilson: null,
    });
    const less = await statusOf(fill, orders(...small, ['9', '7.559999']));
    expect(less).toMatchObject({ met: false, colour: 'red' });
    expect(less.consumed).toBeGreaterThan(1);
  });

  it('leaves its window to the minute', async () => {
    const start = NOW + MINUTE - 60 * MINUTE;
    const late = { readings: [{ type: 'quantity' as const, submitted: '1', executed: '0', symbol: 'A' }] };
    const at = (atMs: number) => statusOf(fill, [...orders(['1', '1']), aResult(7, { ...late, scheduledMs: atMs })]);
    expect((await at(start - 1)).attainment).toBe(1);
    expect((await at(start)).attainment).toBe(0.5);
  });
});

describe('a run', () => {
  it('weighs the interval at which it was scheduled, so that asking ten times as often changes no consumption', async () => {
    // Ten minutes of which one is ill: half of what is asked in it fails.
    const sampled = (ill: number): Result[] => [
      ...Array.from({ length: 9 }, (_, n) => aResult(n, { scheduledMs: T0 + n * MINUTE, weightMs: MINUTE })),
      ...Array.from({ length: ill }, (_, n) =>
        aResult(100 + n, {
          scheduledMs: T0 + 9 * MINUTE + (n * MINUTE) / ill,
          weightMs: MINUTE / ill,
          outcome: n % 2 === 0 ? 'bad' : 'good',
        }),
      ),
    ];
    const [rare, often] = [await statusOf(availability(), sampled(2)), await statusOf(availability(), sampled(20))];
    // One twentieth of the time was bad, of the tenth that may be.
    expect([rare.consumed, often.consumed]).toEqual([0.5, 0.5]);
    expect([rare.validEvents, often.validEvents]).toEqual([11, 29]);
    expect(often.effectiveEvents).toBeGreaterThan(rare.effectiveEvents ?? 0);
  });

  it('that the prober spoiled lowers coverage by the time that it stood for, and leaves the ratio', async () => {
    const runs = [...each(times(9, 'good')), aResult(20, { outcome: 'fault', weightMs: 1000 })];
    expect(await statusOf(availability(), runs)).toMatchObject({ attainment: 1, coverage: 0.9, validEvents: 9 });
    const long = [...each(times(9, 'good')), aResult(20, { outcome: 'fault', weightMs: 9000 })];
    expect(await statusOf(availability(), long)).toMatchObject({ attainment: 1, coverage: 0.5 });
  });
});

describe('excluded events', () => {
  const told = (status: Status) => alertConditions(status).some(({ rule }) => rule === 'excluded-share');

  it('are told of above 5 % of the last hour, not at 5 %', async () => {
    const at = await statusOf(availability(), each([...times(95, 'good'), ...times(5, 'excluded')]));
    expect([at.excludedShare1h, told(at), at.attainment]).toEqual([0.05, false, 1]);
    const above = await statusOf(availability(), each([...times(94, 'good'), ...times(5, 'excluded')]));
    expect([told(above), above.attainment]).toEqual([true, 1]);
  });
});

describe('a row split by location', () => {
  const perLocation = availability({ split: 'location', minEvents: 20 });
  const from = (location: string, good: number, bad: number): Result[] =>
    each([...times(good, 'good'), ...times(bad, 'bad')], { location }).map((result) => ({
      ...result,
      runId: `${location}/${result.runId}`,
    }));

  it('is coloured by its worst location, beside which stands its own figure', async () => {
    const status = await statusOf(perLocation, [...from('fra1', 20, 0), ...from('nyc1', 18, 2)]);
    expect(status).toMatchObject({ colour: 'red', consumed: 1, worstSplit: { split: 'nyc1' } });
    expect(status.own).toMatchObject({ validEvents: 40, attainment: 0.95, consumed: 0.5 });
    expect(status.splits.map(({ split, colour }) => [split, colour])).toEqual([
      ['fra1', 'green'],
      ['nyc1', 'red'],
    ]);
  });

  it('lets a location govern with exactly as many events as are asked for, not with one less', async () => {
    const enough = await statusOf(perLocation, [...from('fra1', 20, 0), ...from('nyc1', 17, 3)]);
    expect([enough.worstSplit?.split, enough.colour, enough.manualReview]).toEqual(['nyc1', 'red', false]);
    const thin = await statusOf(perLocation, [...from('fra1', 20, 0), ...from('nyc1', 16, 3)]);
    expect([thin.worstSplit?.split, thin.colour, thin.manualReview]).toEqual(['fra1', 'green', true]);
  });
});

describe('a percentile row', () => {
  const p95 = objective({
    target: '0.95',
    slidingMs: 5 * MINUTE,
    minEvents: 1,
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
    probes: ['status'],
  });
  const timed = (atMs: number, values: readonly number[]): Result[] =>
    values.map((ms, n) =>
      aResult(n, { scheduledMs: atMs + n, readings: [{ type: 'duration', indicator: 'latency', ms }] }),
    );
  const fast = (count: number): number[] => Array.from({ length: count }, () => 250);

  it('passes with exactly 95 % within the limit, at the limit, and fails with one event less', async () => {
    const live = async (values: readonly number[]) => (await statusOf(p95, timed(NOW - MINUTE, values))).live?.pass;
    expect(await live([...fast(19), 250.1])).toBe(true);
    expect(await live([...fast(18), 250.1])).toBe(false);
  });

  it('has a live verdict, an attainment and a colour that each tell another story', async () => {
    // Slow for one window of many, now: a month's budget hardly feels it.
    const calm = Array.from({ length: 24 }, (_, n) => timed(NOW - (29 - n) * MINUTE, fast(40))).flat();
    const slow = Array.from({ length: 6 }, (_, n) =>
      timed(NOW - (5 - n) * MINUTE, [...fast(37), 300, 300, 300]),
    ).flat();
    const status = await statusOf(p95, [...calm, ...slow]);
    // 18 of 1,200 events, of the 60 that may be.
    expect(status).toMatchObject({ colour: 'yellow', consumed: 0.3, live: { pass: false, valid: 200, good: 185 } });
    expect(status.live?.percentile?.ms).toBe(300);
    const { passed = 0, judged = 0 } = status.windows ?? {};
    expect([passed, judged]).toEqual([27, 29]);
    expect(status.regression).toBe(true);
  });
});
