import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CountReading, Outcome, Reading } from '../../probes/probe.ts';
import type { Condition } from '../../scenarios/condition.ts';
import { conditionSchema } from '../../scenarios/condition.ts';
import type { Evidence, View } from '../../scenarios/evidence.ts';
import { judge, judgeSteady } from '../../scenarios/evidence.ts';
import { judgeQuantile, quantileText } from '../../scenarios/quantile.ts';

const condition = (document: object): Condition => conditionSchema.parse({ name: 'c', ...document });

/** One run a second, ending as it began. */
function view(outcomes: readonly Outcome[], changes: Partial<View> = {}): View {
  const runs = outcomes.map((outcome, index): Evidence => ({
    probe: 'p',
    outcome,
    readings: [],
    startedAtMs: index * 1000,
    endedAtMs: index * 1000 + 100,
  }));
  return { nowMs: outcomes.length * 1000, sinceMs: 0, runs: () => runs, patienceMs: () => 5000, ...changes };
}

const ack = (ms: number | null): Reading => ({ type: 'duration', indicator: 'ack', ms });
const ages = (fields: Partial<CountReading>): CountReading => ({
  type: 'counts',
  indicator: 'tick-age',
  atMs: 0,
  valid: 100,
  within: {},
  weigh: 'each',
  p50Ms: 10,
  p99Ms: 50,
  maxMs: 90,
  ...fields,
});

describe('an outcome', () => {
  test.each<[string, Outcome[], object, string, string]>([
    ['all of the last runs', ['bad', 'good', 'good'], { outcome: 'good', of: 2 }, 'met', 'p: 2 of 2 good, 2 asked'],
    ['one bad among them', ['good', 'bad', 'good'], { outcome: 'good', of: 3 }, 'unmet', 'p: 2 of 3 good, 3 asked'],
    [
      'enough of them',
      ['good', 'bad', 'good'],
      { outcome: 'good', of: 3, atLeast: 2 },
      'met',
      'p: 2 of 3 good, 2 asked',
    ],
    ['too few runs', ['good'], { outcome: 'good', of: 3 }, 'unknown', '1 of 3 runs of p so far'],
    [
      'runs that are no evidence',
      ['good', 'fault', 'excluded', 'skipped'],
      { outcome: 'good' },
      'met',
      'p: 1 of 1 good, 1 asked',
    ],
  ])('is told by %s', (_, outcomes, words, state, detail) => {
    expect(judge(condition({ probe: 'p', ...words }), view(outcomes))).toEqual({ state, detail });
  });

  test('of a silent probe is unknown, however good it was', () => {
    const silent = view(['good'], { nowMs: 20_000 });
    expect(judge(condition({ probe: 'p', outcome: 'good' }), silent)).toEqual({
      state: 'unknown',
      detail: 'no answer from p for 19.9 s',
    });
  });

  test('of health needs runs that began after the last act; of harm, runs that ended after it', () => {
    const since = { sinceMs: 1050 };
    expect(judge(condition({ probe: 'p', outcome: 'good' }), view(['good', 'good'], since)).state).toBe('unknown');
    expect(judge(condition({ probe: 'p', outcome: 'bad' }), view(['good', 'bad'], since)).state).toBe('met');
  });
});

describe('a steady state', () => {
  const good = condition({ probe: 'p', outcome: 'good', of: 3 });
  test('holds only by a full count of runs that began after the last act', () => {
    const runs: Outcome[] = ['good', 'good', 'good', 'good'];
    expect(judgeSteady(good, view(runs, { sinceMs: 1050 })).state).toBe('unknown');
    expect(judgeSteady(good, view(runs, { sinceMs: 1000 })).state).toBe('met');
  });

  test('breaks with the first run since the act that misses what is asked', () => {
    expect(judgeSteady(good, view(['good', 'good', 'bad'], { sinceMs: 1500 }))).toEqual({
      state: 'unmet',
      detail: 'p: 2 of 3 good, 3 asked',
    });
  });

  test('is not broken by what was bad before the act', () => {
    expect(judgeSteady(good, view(['good', 'bad', 'good'], { sinceMs: 1500 })).state).toBe('unknown');
  });

  test('is broken by a run that the injection caught under way, but not by one that the lift did', () => {
    const runs: Outcome[] = ['good', 'good', 'bad'];
    expect(judgeSteady(good, view(runs, { sinceMs: 2050 })).state).toBe('unmet');
    expect(judgeSteady(good, view(runs, { sinceMs: 2050, isLifted: true })).state).toBe('unknown');
  });

  test('is not broken by one bad run of which the author allows one', () => {
    const most = condition({ probe: 'p', outcome: 'good', of: 3, atLeast: 2 });
    expect(judgeSteady(most, view(['good', 'good', 'bad'], { sinceMs: 1500 })).state).toBe('unknown');
  });

  test('is not broken by a probe that has fallen silent', () => {
    const silent = view(['good', 'good', 'bad'], { sinceMs: 1500, nowMs: 60_000 });
    expect(judgeSteady(good, silent).state).toBe('unknown');
  });
});

describe('several checks', () => {
  const good = { probe: 'p', outcome: 'good' };
  const bad = { probe: 'p', outcome: 'bad' };
  const many = { probe: 'p', outcome: 'good', of: 9 };
  test.each([
    ['any of them is enough', { anyOf: [bad, good, many] }, 'met'],
    ['none of them, one unknown', { anyOf: [bad, many] }, 'unknown'],
    ['all of them', { allOf: [good, good] }, 'met'],
    ['all but one', { allOf: [good, bad, many] }, 'unmet'],
    ['all but one that is unknown', { allOf: [good, many] }, 'unknown'],
  ])('%s', (_, words, state) => {
    expect(judge(condition(words), view(['good'])).state).toBe(state);
  });
});

describe('a quantile', () => {
  const p95 = { indicator: 'ack', quantile: '0.95' } as const;
  test('of single durations is the nearest rank, and a limit says whether it is included', () => {
    const readings = [...Array.from({ length: 19 }, () => ack(250)), ack(null)];
    expect(judgeQuantile(p95, { word: 'atMost', ms: 250 }, readings)).toEqual({
      state: 'met',
      detail: 'ack p95 250 ms of 20 measured, at most 250 ms asked',
    });
    expect(judgeQuantile(p95, { word: 'below', ms: 250 }, readings).state).toBe('unmet');
    expect(judgeQuantile(p95, { word: 'above', ms: 250 }, readings).state).toBe('unmet');
  });

  test('of what never happened is never', () => {
    expect(judgeQuantile(p95, { word: 'above', ms: 250 }, [ack(null)])).toEqual({
      state: 'met',
      detail: 'ack p95 never of 1 measured, above 250 ms asked',
    });
  });

  test('of counted events is exact at a limit at which they were counted', () => {
    const readings = [ages({ within: { 'lt:1500': 99 } }), ages({ within: { 'lt:1500': 100 } })];
    const p99 = { indicator: 'tick-age', quantile: '0.99' } as const;
    expect(judgeQuantile(p99, { word: 'below', ms: 1500 }, readings)).toEqual({
      state: 'met',
      detail: 'tick-age: 99.500 % (199 of 200) below 1500 ms, p99 below 1500 ms asked',
    });
  });

  test('of counted events at any other limit says only what their summary proves', () => {
    const p95Ages = { indicator: 'tick-age', quantile: '0.95' } as const;
    // Between the p50 of 10 and the p99 of 50: nobody knows, so neither is said.
    expect(judgeQuantile(p95Ages, { word: 'atMost', ms: 30 }, [ages({})]).state).toBe('unmet');
    expect(judgeQuantile(p95Ages, { word: 'above', ms: 30 }, [ages({})]).state).toBe('unmet');
    expect(judgeQuantile(p95Ages, { word: 'atMost', ms: 50 }, [ages({})]).state).toBe('met');
    expect(judgeQuantile(p95Ages, { word: 'above', ms: 9 }, [ages({})]).state).toBe('met');
    const maximum = { indicator: 'tick-age', quantile: '1' } as const;
    expect(judgeQuantile(maximum, { word: 'above', ms: 80 }, [ages({}), ages({ maxMs: 5 })]).state).toBe('met');
  });

  test('of nothing is unknown', () => {
    expect(judgeQuantile(p95, { word: 'atMost', ms: 1 }, [ages({})])).toEqual({
      state: 'unknown',
      detail: 'no ack was measured',
    });
    expect(
      judgeQuantile({ ...p95, indicator: 'tick-age' }, { word: 'atMost', ms: 1 }, [ages({ p99Ms: null })]).state,
    ).toBe('unknown');
  });

  test('is never both at most a limit and above it, and a summary never contradicts the events behind it', () => {
    const events = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(events, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('0.3', '0.5', '0.9', '0.99', '0.999', '1'),
        fc.integer({ min: 1, max: 100 }),
        (runs, quantile, ms) => {
          const rank = (sorted: readonly number[], q: number): number => sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
          const summaries = runs.map((run) => {
            const sorted = run.toSorted((a, b) => a - b);
            return ages({
              valid: run.length,
              p50Ms: rank(sorted, 0.5),
              p99Ms: rank(sorted, 0.99),
              maxMs: rank(sorted, 1),
            });
          });
          const single = runs.flat().map((age): Reading => ({ type: 'duration', indicator: 'tick-age', ms: age }));
          const q = { indicator: 'tick-age', quantile } as const;
          const exact = (word: 'atMost' | 'above') => judgeQuantile(q, { word, ms }, single).state === 'met';
          const bounded = (word: 'atMost' | 'above') => judgeQuantile(q, { word, ms }, summaries).state === 'met';
          const isOne = exact('atMost') !== exact('above');
          const isProven = (!bounded('atMost') || exact('atMost')) && (!bounded('above') || exact('above'));
          const isExact = quantile !== '1' || bounded('above') === exact('above');
          expect({ isOne, isProven, isExact }).toEqual({ isOne: true, isProven: true, isExact: true });
        },
      ),
      { seed: 20261123 },
    );
  });

  test.each([
    ['0.5', 'p50'],
    ['0.95', 'p95'],
    ['0.999', 'p99.9'],
    ['1', 'maximum'],
    ['1.0', 'maximum'],
  ])('%s is called %s', (quantile, text) => {
    expect(quantileText(quantile)).toBe(text);
  });
});
