import { describe, expect, it } from 'vitest';
import { calc } from '../../slo/calc.ts';
import { problemText } from '../../slo/calc-input.ts';

function problems(kind: unknown, input: unknown): string[] {
  const calculated = calc({ kind, input });
  return calculated.ok ? [] : calculated.problems.map(problemText);
}

function value(kind: string, input: unknown): Readonly<Record<string, unknown>> {
  const calculated = calc({ kind, input });
  if (!calculated.ok) throw new Error(calculated.problems.map(problemText).join('\n'));
  return calculated.value;
}

describe('a what-if', () => {
  it('reports every problem of its input at once', () => {
    expect(
      problems('ratio', { target: 0.999, windowHours: 0, good: -1, bad: 1.5, last1h: { valid: 1, bad: 2 }, goood: 1 }),
    ).toEqual([
      'input.target: expected a decimal string between 0 and 1 such as "0.999", got 0.999',
      'input.windowHours: expected a number above 0, got 0',
      'input.good: expected a whole number of 0 or more, got -1',
      'input.bad: expected a whole number of 0 or more, got 1.5',
      'input.last1h.bad: expected at most as many as valid, got 2',
      'input.goood: expected one of target, windowHours, good, bad, last1h, got an unknown key',
    ]);
  });

  it.each([
    [
      'nonsense',
      {},
      [
        'kind: expected one of ratio, latency-window, fill-ratio, timeslice, rolloff-projection, adaptive-sampling, got "nonsense"',
      ],
    ],
    ['timeslice', [], ['input: expected an object, got []']],
    [
      'latency-window',
      { quantile: '1', thresholdMs: 250, samples: [{ ms: 'fast', count: 1 }, { ms: 3 }] },
      [
        'input.quantile: expected a decimal string between 0 and 1 such as "0.999", got "1"',
        'input.samples[0].ms: expected a number of 0 or more, got "fast"',
        'input.samples[1].count: expected a whole number of 0 or more, got nothing',
      ],
    ],
    ['fill-ratio', { target: '0.92', orders: [] }, ['input.orders: expected a list that is not empty, got []']],
    [
      'fill-ratio',
      { target: '0.92', submitted: 10, executed: 11 },
      ['input.executed: expected at most what was submitted, got 11'],
    ],
    [
      'rolloff-projection',
      { target: '0.998', validPerHour: 10, hourlyBadOldestFirst: [1, 11, 'x'], forecastBadPerHour: 1 },
      [
        'input.hourlyBadOldestFirst[1]: expected at most validPerHour, got 11',
        'input.hourlyBadOldestFirst[2]: expected a whole number of 0 or more, got "x"',
      ],
    ],
    [
      'adaptive-sampling',
      { target: '0.999', strata: [{ days: 1, perMin: 1, bad: 1441 }] },
      ['input.strata[0].bad: expected at most days × 1440 × perMin, got 1441'],
    ],
  ])('of kind %s refuses %j', (kind, input, expected) => {
    expect(problems(kind, input)).toEqual(expected);
  });

  it('answers with nulls where there is nothing to divide by', () => {
    expect(value('latency-window', { quantile: '0.95', thresholdMs: 250, samples: [] })).toEqual({
      valid: 0,
      slow: 0,
      consumedPct: null,
      nearestRank: null,
      nearestRankIsInf: false,
      windowPass: null,
      goodRatioPass: null,
      manualReview: true,
      regressionGt2pct: false,
    });
    expect(value('timeslice', { good: 0, bad: 0, noData: 5, outerTarget: '0.99' })).toEqual({
      attainmentPct: null,
      consumedPct: null,
      state: 'UNKNOWN',
      coveragePct: 0,
    });
    expect(value('fill-ratio', { target: '0.92', submitted: 0, executed: 0 })).toMatchObject({
      fillPct: null,
      state: 'UNKNOWN',
      fillPolicyTriggered: false,
    });
  });

  it('puts a percentile that never ended at infinity', () => {
    const samples = [
      { ms: 100, count: 90 },
      { ms: null, count: 10 },
    ];
    expect(value('latency-window', { quantile: '0.95', thresholdMs: 250, samples })).toMatchObject({
      nearestRank: null,
      nearestRankIsInf: true,
      windowPass: false,
      goodRatioPass: false,
      regressionGt2pct: true,
    });
  });

  it('takes quantities as small as an exchange takes them', () => {
    const orders = [
      { submitted: 0.1, executed: 0.1, count: 2 },
      { submitted: '0.3', executed: 0.2 },
    ];
    expect(value('fill-ratio', { target: '0.92', orders })).toMatchObject({ fillPct: 80, consumedPct: 250, orders: 3 });
  });

  it('gives the exact colour where doubles would not', () => {
    const at = (bad: number) =>
      value('ratio', { target: '0.9995', windowHours: 720, good: 8_000_000_000 - bad, bad, excluded: 0, last1h: null });
    expect([at(999_999)['state'], at(1_000_000)['state'], at(3_000_000)['state'], at(3_000_001)['state']]).toEqual([
      'GREEN',
      'YELLOW',
      'YELLOW',
      'RED',
    ]);
  });
});
