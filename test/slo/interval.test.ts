import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betaCdf, betaQuantile } from '../../slo/beta.ts';
import { binomialCdf, clopperPearson, statVerdict, wilson } from '../../slo/interval.ts';

/** p, a, b, x: quantiles computed with Boost's inverse incomplete beta; the third also with 40 digits. */
const QUANTILES: readonly (readonly [number, number, number, number])[] = [
  [0.025, 1, 1000, 2.531748749129404e-5],
  [0.975, 3.5, 996.5, 0.00799233768762346],
  [0.025, 0.2, 1000.5, 6.371902474911387e-12],
  [0.025, 210, 1_049_791, 0.0001738651482782598],
  [0.975, 211, 1_049_790, 0.00022895394577675777],
  [0.5, 12.25, 7.75, 0.6163210025507633],
  [0.975, 1.5, 0.5, 0.9996144190192441],
  [0.025, 44_491.5, 45.25, 0.9986674878161238],
  [0.975, 500.5, 499.5, 0.5314667748829236],
  [0.025, 20_000.5, 30_000.25, 0.3957138097121051],
  [0.975, 0.01, 3, 0.018517027223824943],
  [0.975, 1e8, 3e8, 0.25004243564888123],
];

const parameter = fc.double({ min: 0.05, max: 1e6, noNaN: true });

describe('the incomplete beta function', () => {
  it.each(QUANTILES)('has its %d quantile for (%d, %d) right to better than 1e-12', (p, a, b, x) => {
    expect(Math.abs(betaQuantile(p, a, b) - x)).toBeLessThan(1e-12);
  });

  it('is inverted by its quantile', () => {
    const other = fc.double({ min: 1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), parameter, other, (p, a, b) => {
        const x = betaQuantile(p, a, b);
        // Quantiles are right in absolute terms; nearer to 0 or 1 the function is steeper than a double can say.
        fc.pre(x > 1e-9 && x < 1 - 1e-9);
        expect(betaCdf(x, a, b)).toBeCloseTo(p, 7);
      }),
    );
  });

  it('is symmetric: I_x(a, b) = 1 − I_{1−x}(b, a)', () => {
    const x = fc.integer({ min: 1, max: 1023 }).map((n) => n / 1024);
    fc.assert(
      fc.property(x, parameter, parameter, (at, a, b) => {
        expect(betaCdf(at, a, b)).toBeCloseTo(1 - betaCdf(1 - at, b, a), 10);
      }),
    );
  });

  it('sums the binomial distribution', () => {
    for (const [n, p] of [
      [12, 0.3],
      [60, 0.95],
      [200, 0.01],
    ] as const) {
      let [mass, sum] = [(1 - p) ** n, 0];
      for (let k = 0; k < n; k += 1) {
        sum += mass;
        expect(binomialCdf(k, n, p)).toBeCloseTo(sum, 12);
        mass *= ((n - k) / (k + 1)) * (p / (1 - p));
      }
    }
    expect([binomialCdf(-1, 5, 0.5), binomialCdf(5, 5, 0.5)]).toEqual([0, 1]);
  });
});

describe('an interval', () => {
  const n = fc.double({ min: 1, max: 1e6, noNaN: true });
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('contains its point estimate and stays within [0, 1]', () => {
    fc.assert(
      fc.property(share, n, (badShare, events) => {
        for (const interval of [wilson(badShare, events), clopperPearson(badShare, events)]) {
          expect(interval.lower).toBeGreaterThanOrEqual(0);
          expect(interval.upper).toBeLessThanOrEqual(1);
          expect(interval.lower).toBeLessThanOrEqual(1 - badShare + 1e-12);
          expect(interval.upper).toBeGreaterThanOrEqual(1 - badShare - 1e-12);
        }
      }),
    );
  });

  it('of exact counts covers what it promises: each tail beyond a bound holds 2.5 %', () => {
    const counts = fc
      .integer({ min: 2, max: 5000 })
      .chain((of) => fc.tuple(fc.integer({ min: 1, max: of - 1 }), fc.constant(of)));
    fc.assert(
      fc.property(counts, ([bad, of]) => {
        const { lower, upper } = clopperPearson(bad / of, of);
        expect(binomialCdf(bad, of, 1 - lower)).toBeCloseTo(0.025, 9);
        expect(1 - binomialCdf(bad - 1, of, 1 - upper)).toBeCloseTo(0.025, 9);
      }),
    );
  });

  it('gets narrower with more events', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), n, (badShare, events) => {
        const width = (of: number): number => {
          const { lower, upper } = clopperPearson(badShare, of);
          return upper - lower;
        };
        expect(width(events * 2)).toBeLessThanOrEqual(width(events) + 1e-12);
      }),
    );
  });

  it('has the closed forms where nothing or everything failed', () => {
    expect(clopperPearson(0, 3000).lower).toBeCloseTo(0.025 ** (1 / 3000), 12);
    expect(clopperPearson(0, 3000).upper).toBe(1);
    expect(clopperPearson(1, 40).lower).toBe(0);
    expect(clopperPearson(1, 40).upper).toBeCloseTo(1 - 0.025 ** (1 / 40), 12);
    expect(wilson(0, 400).upper).toBe(1);
    expect(wilson(1, 400).lower).toBe(0);
  });

  it('demonstrates at the target, violates below it, and is inconclusive around it', () => {
    expect(statVerdict({ lower: 0.99, upper: 1 }, 0.99)).toBe('DEMONSTRATED');
    expect(statVerdict({ lower: 0.9, upper: 0.989 }, 0.99)).toBe('VIOLATED');
    expect(statVerdict({ lower: 0.9, upper: 0.99 }, 0.99)).toBe('INCONCLUSIVE');
  });
});
