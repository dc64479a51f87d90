import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Counter, Grid, Shape } from '../../probes/market-data/counter.ts';
import { isWithin, thresholdKey, type CountReading, type Threshold } from '../../probes/probe.ts';
import { estimatedWithin, withEstimates } from '../../store/estimate.ts';
import { aResult, T0 } from '../support/results.ts';

const COUNTED: readonly Threshold[] = [
  { ms: 1500, strict: true },
  { ms: 40, strict: false },
];

function readingOf(ages: readonly number[], thresholds = COUNTED): CountReading {
  const shape = new Shape('tick-age', thresholds, 'each', null);
  const counter = new Counter(new Grid(shape, null));
  for (const age of ages) counter.add(age);
  return counter.reading(T0);
}

const age = fc.double({ min: -20, max: 90_000, noNaN: true });
const limit = fc.record({ ms: fc.double({ min: 0.001, max: 100_000, noNaN: true }), strict: fc.boolean() });

describe('events within a limit that nobody counted at', () => {
  test('are between the fewest and the most, wherever the limit is', () => {
    fc.assert(
      fc.property(fc.array(age, { minLength: 1, maxLength: 200 }), limit, (ages, at) => {
        const found = estimatedWithin(readingOf(ages), at);
        const truly = ages.filter((ms) => isWithin(ms, at)).length;
        expect(found).not.toBeNull();
        expect(found?.fewest).toBeLessThanOrEqual(truly);
        expect(found?.most).toBeGreaterThanOrEqual(truly);
        expect(found?.likely).toBeGreaterThanOrEqual(found?.fewest ?? 0);
        expect(found?.likely).toBeLessThanOrEqual(found?.most ?? 0);
      }),
    );
  });

  test('are exact where no event is near the limit', () => {
    const reading = readingOf([10, 20, 300, 310, 900]);
    expect(estimatedWithin(reading, { ms: 500, strict: false })).toEqual({ likely: 4, fewest: 4, most: 4 });
  });

  test('are kept between what was counted at the limits on both sides', () => {
    const reading = { ...readingOf([39.9, 40.1]), within: { 'le:40': 1, 'lt:1500': 2 } };
    expect(estimatedWithin(reading, { ms: 40, strict: true })).toMatchObject({ fewest: 0, most: 1 });
    expect(estimatedWithin(reading, { ms: 40.05, strict: false })).toMatchObject({ fewest: 1, most: 2 });
  });

  test('cannot be told without a sketch', () => {
    const { sketch: _none, ...reading } = readingOf([10]);
    expect(estimatedWithin(reading, { ms: 500, strict: false })).toBeNull();
  });

  test('do not hold data that never came, whose missing time is no age', () => {
    const reading = {
      ...readingOf([700, 800], [{ ms: 300, strict: false }]),
      indicator: 'newest-age',
      within: { 'le:300': 0 },
    } as const;
    expect(estimatedWithin(reading, { ms: 3000, strict: false })).toEqual({ likely: 2, fewest: 0, most: 2 });
  });
});

describe('a result as if it had been counted at a limit', () => {
  const sli = { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true } as const;

  test('is the same where it was', () => {
    const result = aResult(0, { readings: [readingOf([10, 2000])] });
    expect(withEstimates(result, sli, 'likely')).toEqual({ result, events: 0 });
    expect(withEstimates(result, sli, 'likely').result).toBe(result);
  });

  test('keeps what was counted, for limits that held before as well', () => {
    const result = aResult(0, { readings: [readingOf([10, 2000])] });
    const changing = { ...sli, ms: 100, strict: false, earlier: [{ ms: 1500, strict: true, untilMs: T0 }] };
    const { result: found, events } = withEstimates(result, changing, 'most');
    expect(events).toBe(2);
    expect(found.readings[0]).toMatchObject({ within: { 'lt:1500': 1, 'le:40': 1, [thresholdKey(changing)]: 1 } });
  });
});
