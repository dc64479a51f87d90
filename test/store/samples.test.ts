import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type Rule } from '../../store/judge.ts';
import { samplesOf } from '../../store/samples.ts';
import type { Reading } from '../../probes/probe.ts';
import { aResult, AVAILABILITY, LATENCY, T0 } from '../support/results.ts';

const latency = (ms: number | null, atMs?: number): Reading => ({
  type: 'duration',
  indicator: 'latency',
  ms,
  ...(atMs === undefined ? {} : { atMs }),
});

describe('the samples behind a live window', () => {
  it('are the durations of the row’s own indicator, when they happened, with the weight of their run shared', () => {
    const readings = [latency(20), latency(30, T0 + 500), { ...latency(9), indicator: 'ack' as const }];
    expect(samplesOf(LATENCY, aResult(0, { endpoint: '/a', readings }))).toEqual([
      { atMs: T0, ms: 20, split: '/a', weight: 500_000n },
      { atMs: T0 + 500, ms: 30, split: '/a', weight: 500_000n },
    ]);
    expect(samplesOf({ ...LATENCY, weighing: 'count' }, aResult(0, { readings })).map(({ weight }) => weight)).toEqual([
      1n,
      1n,
    ]);
  });

  it('never ended where a request failed, whether or not it came to a latency', () => {
    const bad = { outcome: 'bad' as const };
    expect(samplesOf(LATENCY, aResult(0, bad)).map(({ ms }) => ms)).toEqual([null]);
    expect(samplesOf(LATENCY, aResult(0, { ...bad, readings: [] })).map(({ ms }) => ms)).toEqual([null]);
  });

  it('are none of what counts nowhere, of what was only counted, and of rows that have no limit', () => {
    for (const outcome of ['fault', 'skipped', 'excluded'] as const) {
      expect(samplesOf(LATENCY, aResult(0, { outcome }))).toEqual([]);
    }
    expect(samplesOf(LATENCY, aResult(0, { cadence: 'once', weightMs: 0 }))).toEqual([]);
    expect(samplesOf(LATENCY, aResult(0, { probe: 'other' }))).toEqual([]);
    expect(samplesOf(AVAILABILITY, aResult(0))).toEqual([]);
    const counts: Reading = {
      type: 'counts',
      indicator: 'latency',
      atMs: T0,
      weigh: 'shared',
      valid: 9,
      within: { 'le:250': 9 },
      p50Ms: null,
      p99Ms: null,
      maxMs: null,
    };
    expect(samplesOf(LATENCY, aResult(0, { readings: [counts] }))).toEqual([]);
  });

  it('are as many, weigh as much and are as late as what the events are counted by, whatever limit held when', () => {
    const earlier = [{ ms: 100, strict: true, untilMs: T0 + 500 }];
    const rule: Rule = {
      ...LATENCY,
      sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false, earlier },
    };
    const reading = fc
      .tuple(fc.option(fc.integer({ min: 50, max: 300 })), fc.nat({ max: 1000 }))
      .map(([ms, after]) => latency(ms, T0 + after));
    const outcome = fc.constantFrom('good' as const, 'bad' as const);
    fc.assert(
      fc.property(
        fc.array(reading, { minLength: 1, maxLength: 8 }),
        outcome,
        fc.integer({ min: 1, max: 5000 }),
        (readings, how, weightMs) => {
          const result = aResult(0, { readings, outcome: how, weightMs });
          const samples = samplesOf(rule, result);
          const isLate = ({ ms, atMs }: { ms: number | null; atMs: number }): boolean =>
            ms === null || (atMs < T0 + 500 ? ms >= 100 : ms > 250);
          const tallies = judge(rule, result, 60_000).map(({ tally }) => tally);
          expect(tallies.reduce((sum, { bad }) => sum + bad, 0)).toBe(samples.filter(isLate).length);
          expect(tallies.reduce((sum, { good }) => sum + good, 0)).toBe(samples.filter((each) => !isLate(each)).length);
          const whole = samples.reduce((sum, { weight }) => sum + weight, 0n);
          expect(whole).toBe(BigInt(weightMs) * 1000n);
        },
      ),
    );
  });
});
