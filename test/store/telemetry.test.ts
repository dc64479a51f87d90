import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../probes/probe.ts';
import { consumed, shareOf } from '../../slo/budget.ts';
import { decimal, toNumber } from '../../slo/decimal.ts';
import { sumTallies } from '../../slo/tally.ts';
import { countSlices, judgeSlice, sliceBudget } from '../../slo/timeslice.ts';
import { judge, type Rule } from '../../store/judge.ts';
import type { Result } from '../../store/result.ts';
import { aResult, AVAILABILITY, T0 } from '../support/results.ts';

const MINUTE = 60_000;
const FEED = 'telemetry:jobs';
const JOBS: Rule = {
  id: 'jobs',
  sli: { type: 'telemetry', what: 'jobs' },
  weighing: 'fraction',
  split: null,
  probes: [FEED],
};
const MEDIAN: Rule = { ...JOBS, sli: { type: 'telemetry', what: 'slices', medianMs: 45_000 } };

function said(readings: readonly Reading[], part: Partial<Result> = {}): Result {
  return aResult(0, { probe: FEED, kind: 'telemetry', scheduledMs: T0, weightMs: MINUTE, readings, ...part });
}

function counts(good: string, valid: string, split = ''): Reading {
  return { type: 'telemetry', split, good, valid };
}

function tally(rule: Rule, result: Result) {
  const [judged, ...others] = judge(rule, result, MINUTE);
  expect(others).toEqual([]);
  return judged?.tally;
}

describe('telemetry in the tallies', () => {
  it('counts whole numbers as they are, each event an observation of its own', () => {
    expect(tally(JOBS, said([counts('57', '60')]))).toMatchObject({
      good: 57,
      bad: 3,
      goodWeight: 57_000_000n,
      badWeight: 3_000_000n,
      squaredWeight: 60_000_000n,
      bounded: 1,
      faults: 0,
    });
  });

  it('weighs parts of an event in millionths, rounded against the service', () => {
    expect(tally(JOBS, said([counts('59.1234567', '60.1234561')]))).toMatchObject({
      goodWeight: 59_123_456n,
      badWeight: 1_000_001n,
      good: 59,
      bad: 2,
    });
  });

  it('takes a part of an event for one', () => {
    expect(tally(JOBS, said([counts('0.25', '0.5')]))).toMatchObject({ good: 1, bad: 1 });
    expect(tally(JOBS, said([counts('0', '0.0000001')]))).toMatchObject({ good: 0, bad: 1, badWeight: 1n });
  });

  it('rounds nothing away from a step in which all is good', () => {
    expect(tally(JOBS, said([counts('0.33333333', '0.33333333')]))).toMatchObject({
      good: 1,
      bad: 0,
      goodWeight: 333_334n,
      badWeight: 0n,
    });
  });

  it('knows a step without events from one without an answer', () => {
    expect(tally(JOBS, said([counts('0', '0')]))).toMatchObject({ good: 0, bad: 0, faults: 0, bounded: 1 });
    expect(tally(JOBS, said([counts('0', '0')], { outcome: 'fault', reason: 'no-data' }))).toMatchObject({
      good: 0,
      bad: 0,
      faults: 1,
      bounded: 0,
    });
    const missed = said([], { outcome: 'skipped', reason: 'missed', values: { missed: 7 } });
    expect(tally(JOBS, missed)).toMatchObject({ faults: 7, bounded: 0 });
  });

  it('keeps the splits of one answer apart', () => {
    const rule: Rule = { ...JOBS, split: 'venue' };
    const judged = judge(rule, said([counts('9', '10', 'primary'), counts('4', '4', 'backup')]), MINUTE);
    expect(judged.map(({ split, tally: { good, bad } }) => [split, good, bad])).toEqual([
      ['primary', 9, 1],
      ['backup', 4, 0],
    ]);
  });

  it('judges a slice by its median: good at the limit, bad beyond it', () => {
    const slice = (ms: number) => tally(MEDIAN, said([{ type: 'median', split: '', ms }]));
    expect(slice(45_000)).toMatchObject({ good: 1, bad: 0, goodWeight: 1_000_000n, bounded: 1 });
    expect(slice(45_000.1)).toMatchObject({ good: 0, bad: 1, badWeight: 1_000_000n, bounded: 1 });
    expect(tally(MEDIAN, said([], { outcome: 'fault' }))).toMatchObject({ good: 0, bad: 0, faults: 1, bounded: 0 });
  });

  it('comes to what the slices themselves come to: consumption and coverage', () => {
    const slice = fc.oneof(fc.constant(null), fc.integer({ min: 44_990, max: 45_010 }));
    fc.assert(
      fc.property(fc.array(slice, { minLength: 1, maxLength: 60 }), (medians) => {
        const budget = sliceBudget(
          countSlices(medians.map((ms) => judgeSlice(ms === null ? [] : [{ ms, weight: 1n }], 45_000))),
          decimal('0.99'),
        );
        const tallies = medians.flatMap((ms) => {
          const answered = { type: 'median', split: '', ms: ms ?? 0 } as const;
          const found = tally(MEDIAN, ms === null ? said([], { outcome: 'fault' }) : said([answered]));
          return found === undefined ? [] : [found];
        });
        const sum = sumTallies(tallies);
        const spent = consumed(shareOf(sum), decimal('0.99'));
        expect(spent === null ? null : toNumber(spent)).toBe(
          budget.consumed === null ? null : toNumber(budget.consumed),
        );
        const coverage = budget.coverage ?? { num: 0n, den: 1n };
        expect(sum.bounded / (sum.bounded + sum.faults)).toBe(toNumber(coverage));
      }),
    );
  });

  it('takes what cannot be counted for a fault of ours', () => {
    const [judged] = judge(JOBS, said([counts('-1', '3')]), MINUTE);
    expect(judged?.tally).toMatchObject({ good: 0, bad: 0, faults: 1 });
    expect(judged?.problem).toEqual({
      code: 'counts',
      detail: 'telemetry cannot be counted: {"type":"telemetry","split":"","good":"-1","valid":"3"}',
    });
  });

  it('never takes a run of a probe for telemetry, nor telemetry for a run', () => {
    expect(judge({ ...JOBS, probes: ['status'] }, aResult(0), MINUTE)).toEqual([]);
    expect(judge({ ...AVAILABILITY, probes: [FEED] }, said([counts('1', '1')]), MINUTE)).toEqual([]);
  });

  it('never favours the service: weights are off by less than a millionth, and only downwards', () => {
    const part = fc.bigInt({ min: 0n, max: 10n ** 12n });
    fc.assert(
      fc.property(part, part, (a, b) => {
        const [good, valid] = a < b ? [a, b] : [b, a];
        const text = (units: bigint) => `${units / 10n ** 9n}.${String(units % 10n ** 9n).padStart(9, '0')}`;
        const found = tally(JOBS, said([counts(text(good), text(valid))]));
        if (found === undefined) throw new Error('no tally');
        const { goodWeight, badWeight } = found;
        expect((goodWeight + badWeight) * 1000n - valid).toBeGreaterThanOrEqual(0n);
        expect((goodWeight + badWeight) * 1000n - valid).toBeLessThan(1000n);
        expect(badWeight * 1000n).toBeGreaterThanOrEqual(valid - good);
        expect(badWeight * 1000n - (valid - good)).toBeLessThan(2000n);
        expect(found.good + found.bad).toBeGreaterThanOrEqual(Number(valid > 0n));
      }),
    );
  });
});
