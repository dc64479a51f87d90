import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal } from '../../slo/decimal.ts';
import { livePercentile, withPercentile, type SlidingSamples } from '../../slo/live-percentile.ts';
import { rankInterval, type Sample } from '../../slo/percentile.ts';
import { judged, MINUTE, NOW, objective, runs } from './fixtures.ts';

const STEP = Math.floor(NOW / MINUTE) * MINUTE;
const P95 = decimal('0.95');
const even = (values: readonly (number | null)[], weight = 1n): readonly Sample[] =>
  values.map((ms) => ({ ms, weight }));

describe('the percentile of a live window', () => {
  it('is the nearest rank, with the interval of order statistics', () => {
    const hundred = even(Array.from({ length: 100 }, (_, index) => index + 1));
    const { lowerRank, upperRank } = rankInterval(100, 0.95);
    expect(livePercentile(hundred, P95)).toEqual({ ms: 95, samples: 100, lowerMs: lowerRank, upperMs: upperRank });
    expect([lowerRank, upperRank]).toEqual([90, 100]);
  });

  it('has no upper bound on too few samples, no lower one on fewer, and is nothing without any', () => {
    expect(livePercentile(even([10, 20, 30]), P95)).toEqual({ ms: 30, samples: 3, lowerMs: 20, upperMs: null });
    expect(livePercentile(even([10]), P95)).toEqual({ ms: 10, samples: 1, lowerMs: null, upperMs: null });
    expect(livePercentile([], P95)).toBeNull();
    expect(livePercentile(even([10, 20], 0n), P95)).toBeNull();
  });

  it('is +∞ where that sample never ended, and so may be its upper bound', () => {
    expect(
      livePercentile(even([...Array.from({ length: 94 }, () => 1), ...Array.from({ length: 6 }, () => null)]), P95),
    ).toEqual({
      ms: null,
      samples: 100,
      lowerMs: 1,
      upperMs: null,
    });
  });

  it('weighs a sample by the time that its run stood for', () => {
    // One slow run that stood for as long as nineteen others: 5 % is 95 % of nothing less.
    expect(livePercentile([...even(Array.from({ length: 19 }, () => 100)), { ms: 900, weight: 19n }], P95)?.ms).toBe(
      900,
    );
    expect(livePercentile([...even([100], 19n), { ms: 900, weight: 1n }], P95)?.ms).toBe(100);
  });

  it('is the same whatever unit the weights are in, and lies within its own interval', () => {
    const sample = fc.record({ ms: fc.option(fc.nat({ max: 1000 })), weight: fc.bigInt({ min: 1n, max: 100n }) });
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 80 }),
        fc.bigInt({ min: 2n, max: 10n ** 9n }),
        (all, by) => {
          const one = livePercentile(all, P95);
          expect(
            livePercentile(
              all.map(({ ms, weight }) => ({ ms, weight: weight * by })),
              P95,
            ),
          ).toEqual(one);
          const at = one?.ms ?? Number.POSITIVE_INFINITY;
          expect(one?.lowerMs ?? 0).toBeLessThanOrEqual(at);
          expect(one?.upperMs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(at);
        },
      ),
    );
  });
});

describe('a status that is told of its samples', () => {
  const p95 = objective({
    target: '0.95',
    slidingMs: 5 * MINUTE,
    minEvents: 1,
    split: 'endpoint',
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
  });
  const samples: SlidingSamples = new Map([
    ['/a', even(Array.from({ length: 20 }, () => 100))],
    ['/b', even([...Array.from({ length: 18 }, () => 200), 300, 300])],
  ]);
  const steps = [runs(STEP, 20, 0, { split: '/a' }), runs(STEP, 18, 2, { split: '/b' })];

  it('has the percentile of the split that governs, of each split, and of all of them together', () => {
    const status = withPercentile(judged(steps, { objective: p95 }), samples);
    expect(status.worstSplit?.split).toBe('/b');
    expect(status.live).toMatchObject({ pass: false, percentile: { ms: 300, samples: 20 } });
    expect(status.worstSplit?.live?.percentile?.ms).toBe(300);
    expect(status.splits.map(({ split, live }) => [split, live?.percentile?.ms])).toEqual([
      ['/a', 100],
      ['/b', 300],
    ]);
    // Two of forty are late: exactly what 95 % allows.
    expect(status.own?.live).toMatchObject({ pass: true, percentile: { ms: 200, samples: 40 } });
    expect(status.regression).toBe(true);
  });

  it('passes exactly where the percentile is within the limit', () => {
    const value = fc.option(fc.integer({ min: 245, max: 255 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const bad = values.filter((ms) => ms === null || ms > 250).length;
        const of = { ...p95, split: null };
        const status = withPercentile(
          judged([runs(STEP, values.length - bad, bad)], { objective: of }),
          new Map([['', even(values)]]),
        );
        const ms = status.live?.percentile?.ms ?? Number.POSITIVE_INFINITY;
        expect(status.live?.pass).toBe(ms <= 250);
        expect(status.regression).toBe(ms > 255);
      }),
    );
  });

  it('is left as it is where a row has no live window, and where nobody has samples', () => {
    const ratio = judged([runs(STEP, 1, 0)]);
    expect(withPercentile(ratio, samples)).toBe(ratio);
    const status = withPercentile(judged(steps, { objective: p95 }), new Map());
    expect(status.live?.percentile).toBeNull();
    expect(status.regression).toBeNull();
  });
});
