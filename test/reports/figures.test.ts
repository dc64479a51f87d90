import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attainmentPercent,
  budgetPercent,
  burnText,
  consumedPercent,
  count,
  hours,
  latency,
  offset,
  percentOf,
  shareText,
  span,
  targetPercent,
  utc,
  utcRange,
} from '../../reports/figures.ts';
import { EMPTY_TALLY } from '../../slo/tally.ts';
import { anObjective } from './sample.ts';

describe('figures', () => {
  test.each([
    [2_499_990, 2_500_000, '99.999 %'],
    [2_499_999, 2_500_000, '99.999 %'],
    [2_500_000, 2_500_000, '100.000 %'],
    [0, 7, '0.000 %'],
  ])('%i of %i is %s', (part, whole, said) => {
    expect(percentOf(part, whole)).toBe(said);
  });

  test('a share without events is a dash with its counts', () => {
    expect(shareText(0, 0)).toBe('– (0 / 0)');
    expect(shareText(1234, 5678)).toBe('21.733 % (1,234 / 5,678)');
  });

  test('a miss by a hair never reads as the target itself', () => {
    const tally = { ...EMPTY_TALLY, good: 0, bad: 0, goodWeight: 99_899_999n, badWeight: 100_001n };
    const objective = anObjective({ id: 'x', target: '0.999' });
    expect(attainmentPercent({ tally, objective, attainment: 0.998_999_99 })).toBe('99.899999 %');
    expect(
      attainmentPercent({
        tally: { ...tally, goodWeight: 99_900_000n, badWeight: 100_000n },
        objective,
        attainment: 0.999,
      }),
    ).toBe('99.900 %');
  });

  test.each([
    [0.25, '25.0 %'],
    [0.249_999, '24.9999 %'],
    [0.750_004, '75.0004 %'],
    [0.999_96, '99.9 %'],
    [1, '100.0 %'],
    [1.000_004, '100.1 %'],
    [3, '300.0 %'],
    [null, '–'],
  ])('a budget consumed by %d reads %s, on its own side of every guard rail', (share, said) => {
    expect(consumedPercent(share)).toBe(said);
  });

  test('targets and budgets are exact', () => {
    expect([targetPercent('0.9995'), budgetPercent('0.9995'), targetPercent('0.5')]).toEqual([
      '99.95 %',
      '0.05 %',
      '50 %',
    ]);
  });

  test.each([
    [0.4, '0.4 ms'],
    [850, '850 ms'],
    [12_300, '12.3 s'],
    [59_960, '1 min'],
    [125_000, '2 min 5 s'],
    [3_599_700, '1 h'],
    [12_000_000, '3 h 20 min'],
    [86_399_999, '1 d'],
    [30 * 86_400_000, '30 d'],
    [99 * 3_600_000, '4 d 3 h'],
    [-2500, '−2.5 s'],
    [null, '–'],
  ])('a stretch of %d ms reads %s', (ms, said) => {
    expect(span(ms)).toBe(said);
  });

  test('a stretch of time never reads as 60 of a smaller unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e11, noNaN: true }), (ms) => {
        expect(span(ms)).not.toMatch(/\b(?:60 s|60 min|24 h|1000 ms)\b/);
      }),
    );
  });

  test('latencies, burn rates, counts, offsets and times have one form each', () => {
    expect([0.42, 7.25, 412.4, 9_999, 10_000, 123_456].map(latency)).toEqual([
      '0.42 ms',
      '7.3 ms',
      '412 ms',
      '9,999 ms',
      '10.0 s',
      '123 s',
    ]);
    expect([0, 2.314, 14.4, 1234.5, null].map(burnText)).toEqual(['0.00×', '2.31×', '14.4×', '1,234.5×', '–']);
    expect([0, 999, 1000, 1_234_567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([12_340, -400, 3_600_000].map(offset)).toEqual(['+12.3 s', '−0.4 s', '+1 h']);
    expect([19, 0.5, 292, null].map(hours)).toEqual(['19 h', '30 min', '12 d 4 h', '–']);
    expect(utc(Date.UTC(2026, 10, 23, 18, 46, 25, 999))).toBe('2026-11-23 18:46:25 UTC');
  });
});

describe('a range', () => {
  test.each([
    ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', '2026-11-01 to 2026-11-30'],
    ['2026-11-28T00:00:00Z', '2026-11-29T00:00:00Z', '2026-11-28'],
    ['2026-11-28T09:00:00Z', '2026-11-28T21:30:00Z', '2026-11-28 09:00 to 21:30 UTC'],
    ['2026-11-28T21:00:00Z', '2026-11-29T00:00:00Z', '2026-11-28 21:00 to 2026-11-29 00:00 UTC'],
    ['2026-11-28T00:00:00Z', '2026-11-28T00:10:00Z', '2026-11-28 00:00 to 00:10 UTC'],
    ['2026-11-28T09:00:00Z', '2026-11-28T09:00:01.500Z', '2026-11-28 09:00:00 to 09:00:01 UTC'],
  ])('from %s up to %s is said as %s', (from, to, said) => {
    expect(utcRange(Date.parse(from), Date.parse(to))).toBe(said);
  });
});
