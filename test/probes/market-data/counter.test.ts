import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counter, Shape } from '../../../probes/market-data/counter.ts';
import { Sketch } from '../../../probes/market-data/sketch.ts';
import { isWithin, thresholdKey, type Threshold } from '../../../probes/probe.ts';

const age = fc.oneof(
  fc.double({ min: -1, max: 1e6, noNaN: true }),
  fc.integer({ min: 0, max: 20 }),
  fc.constantFrom(1500, 3000, 0),
);
const threshold: fc.Arbitrary<Threshold> = fc.record({
  ms: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1500, 3000)),
  strict: fc.boolean(),
});

describe('a counter', () => {
  it('counts exactly what is within each threshold, strict or not', () => {
    fc.assert(
      fc.property(fc.array(age, { maxLength: 200 }), fc.array(threshold, { maxLength: 50 }), (ages, thresholds) => {
        const counter = new Counter(new Shape('tick-age', thresholds, 'each', null), 60_000);
        for (const ms of ages) counter.add(ms);
        const { within, valid } = counter.reading();
        expect(valid).toBe(ages.length);
        for (const limit of thresholds) {
          expect(within[thresholdKey(limit)]).toBe(ages.filter((ms) => isWithin(ms, limit)).length);
        }
      }),
    );
  });

  it('says how its events weigh', () => {
    const counter = new Counter(new Shape('newest-age', [{ ms: 3000, strict: false }], 'each', 1000), 120_000);
    counter.add(10);
    expect(counter.reading()).toMatchObject({
      type: 'counts',
      indicator: 'newest-age',
      atMs: 120_000,
      valid: 1,
      within: { 'le:3000': 1 },
      weigh: 'each',
      eachMs: 1000,
      maxMs: 10,
    });
  });
});

describe('a sketch', () => {
  it('is off by at most 1/64 of the exact nearest-rank quantile', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sketch = new Sketch();
          for (const ms of values) sketch.add(ms);
          const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] ?? 0;
          expect(Math.abs((sketch.quantile(q) ?? 0) - exact)).toBeLessThanOrEqual(exact / 64);
          expect(sketch.maxMs).toBe(Math.max(...values));
        },
      ),
    );
  });

  it('has no quantile of nothing', () => {
    expect(new Sketch().quantile(0.5)).toBeNull();
  });

  it('takes a tick from just ahead of our clock for the smallest age', () => {
    const sketch = new Sketch();
    sketch.add(-0.5);
    expect(sketch.quantile(1)).toBeLessThan(0.001);
  });
});
