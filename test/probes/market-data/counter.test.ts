import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counter, Grid, Shape, Total } from '../../../probes/market-data/counter.ts';
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

function counterOf(thresholds: readonly Threshold[], boundMs: number | null = null): Counter {
  return new Counter(new Grid(new Shape('tick-age', thresholds, 'each', null), boundMs));
}

describe('a counter', () => {
  it('counts exactly what is within each threshold, strict or not', () => {
    fc.assert(
      fc.property(fc.array(age, { maxLength: 200 }), fc.array(threshold, { maxLength: 50 }), (ages, thresholds) => {
        const counter = counterOf(thresholds);
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
    const shape = new Shape('newest-age', [{ ms: 3000, strict: false }], 'each', 1000);
    const counter = new Counter(new Grid(shape, null));
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

describe('what is borderline', () => {
  // Eighths: sums and differences of them are exact.
  const eighths = (most: number) => fc.integer({ min: -8, max: most * 8 }).map((eighth) => eighth / 8);
  const bound = fc.integer({ min: 0, max: 240 }).map((eighth) => eighth / 8);

  it('is whatever is nearer to a threshold than the bound, for each threshold on its own', () => {
    fc.assert(
      fc.property(
        fc.array(eighths(60), { maxLength: 200 }),
        fc.array(threshold, { maxLength: 10 }),
        bound,
        (ages, thresholds, boundMs) => {
          const counter = counterOf(thresholds, boundMs);
          for (const ms of ages) counter.add(ms);
          counter.addNever();
          counter.addUnended(4000);
          const { within, borderline, valid } = counter.reading(0);
          expect(valid).toBe(ages.length + 2);
          for (const limit of thresholds) {
            const near = ages.filter((ms) => Math.abs(ms - limit.ms) < boundMs);
            expect(borderline?.[thresholdKey(limit)]).toBe(near.length);
            expect(within[thresholdKey(limit)]).toBe(ages.filter((ms) => isWithin(ms, limit)).length);
          }
        },
      ),
    );
  });

  it.each([
    ['le:3000', false],
    ['lt:3000', true],
  ])('is not what is exactly as far from %s as the bound, and is what lies on it', (key, strict) => {
    const counter = counterOf([{ ms: 3000, strict }], 1.25);
    for (const ms of [2998.75, 3001.25]) counter.add(ms);
    expect(counter.reading(0).borderline).toEqual({ [key]: 0 });
    for (const ms of [2998.7500001, 3000, 3001.2499999]) counter.add(ms);
    expect(counter.reading(0)).toMatchObject({ valid: 5, within: { [key]: strict ? 2 : 3 }, borderline: { [key]: 3 } });
  });

  it('is unknown without a bound, and nothing with a bound of nothing', () => {
    const limits = [{ ms: 3000, strict: false }];
    const [unknown, none] = [counterOf(limits), counterOf(limits, 0)];
    for (const counter of [unknown, none]) counter.add(3000);
    expect(unknown.reading(0).borderline).toBeNull();
    expect(none.reading(0)).toMatchObject({ within: { 'le:3000': 1 }, borderline: { 'le:3000': 0 } });
  });
});

describe('counters', () => {
  it('of different bounds come to the same total, and are not added up otherwise', () => {
    const shape = new Shape('tick-age', [{ ms: 10, strict: true }], 'each', null);
    const [sure, unsure] = [new Counter(new Grid(shape, null)), new Counter(new Grid(shape, 2))];
    for (const ms of [9, 10]) sure.add(ms);
    for (const ms of [9, 11, 12]) unsure.add(ms);
    const total = new Total(shape);
    total.add(sure);
    total.add(unsure);
    expect([total.valid, total.within(), total.sketch.maxMs]).toEqual([5, { 'lt:10': 2 }, 12]);
    expect(() => sure.merge(unsure)).toThrow(new RangeError('counters of different grids cannot be added up'));
  });

  it('add up to what one would have counted, events that never ended included', () => {
    fc.assert(
      fc.property(fc.array(age), fc.array(age), fc.array(threshold, { maxLength: 5 }), (first, second, thresholds) => {
        const shape = new Shape('tick-age', thresholds, 'each', null);
        const grid = new Grid(shape, 0.5);
        const [a, b, whole] = [new Counter(grid), new Counter(grid), new Counter(grid)];
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
