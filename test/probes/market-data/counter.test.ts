import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counter, Shape } from '../../../probes/market-data/counter.ts';
import { Sketch, SKETCH_ERROR } from '../../../probes/market-data/sketch.ts';
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
        const counter = new Counter(new Shape('tick-age', thresholds, 'each', null));
        for (const ms of ages) counter.add(ms);
        const { within, valid } = counter.reading(60_000);
        expect(valid).toBe(ages.length);
        for (const limit of thresholds) {
          expect(within[thresholdKey(limit)]).toBe(ages.filter((ms) => isWithin(ms, limit)).length);
        }
      }),
    );
  });

  it('says how its events weigh', () => {
    const counter = new Counter(new Shape('newest-age', [{ ms: 3000, strict: false }], 'each', 1000));
    counter.add(10);
    expect(counter.reading(120_000)).toMatchObject({
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

describe('counters', () => {
  it('add up to what one would have counted, events that never ended included', () => {
    fc.assert(
      fc.property(fc.array(age), fc.array(age), fc.array(threshold, { maxLength: 5 }), (first, second, thresholds) => {
        const shape = new Shape('tick-age', thresholds, 'each', null);
        const [a, b, whole] = [new Counter(shape), new Counter(shape), new Counter(shape)];
        for (const ms of first) a.add(ms);
        for (const ms of second) b.add(ms);
        for (const ms of [...first, ...second]) whole.add(ms);
        for (const counter of [b, whole]) counter.addNever();
        a.merge(b);
        expect(a.reading(0)).toEqual(whole.reading(0));
        expect(a.valid).toBe(first.length + second.length + 1);
      }),
    );
  });
});

const durations = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 300 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

/** By nearest rank, as the policy has it. */
function exactly(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] ?? 0;
}

function sketched(values: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const ms of values) sketch.add(ms);
  return sketch;
}

describe('a sketch', () => {
  it('is off by at most 1 % of the exact nearest-rank quantile', () => {
    fc.assert(
      fc.property(durations, share, (values, q) => {
        const sketch = sketched(values);
        const exact = exactly(values, q);
        expect(Math.abs((sketch.quantile(q) ?? 0) - exact)).toBeLessThanOrEqual(exact * SKETCH_ERROR);
        expect(sketch.maxMs).toBe(Math.max(...values));
      }),
    );
  });

  it('is as exact of many sketches, added up or kept and read again', () => {
    fc.assert(
      fc.property(durations, durations, share, (first, second, q) => {
        const exact = exactly([...first, ...second], q);
        const merged = sketched(first);
        merged.merge(sketched(second));
        const kept = new Sketch();
        for (const values of [first, second]) {
          const bins: unknown = JSON.parse(JSON.stringify(sketched(values).bins()));
          expect(bins).toEqual(sketched(values).bins());
          kept.addBins(sketched(values).bins());
        }
        for (const sketch of [merged, kept]) {
          expect(Math.abs((sketch.quantile(q) ?? 0) - exact)).toBeLessThanOrEqual(exact * SKETCH_ERROR);
        }
      }),
    );
  });

  it('has no quantile of nothing', () => {
    expect(new Sketch().quantile(0.5)).toBeNull();
    expect(new Sketch().bins()).toEqual({ error: 0.01, bins: [] });
  });

  it('takes a tick from just ahead of our clock for the smallest age', () => {
    expect(sketched([-0.5]).quantile(1)).toBe(0);
    expect(sketched([-0.5]).bins()).toEqual({ error: 0.01, bins: [[0, 1]] });
  });
});
