import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distributionSchema, drawMs, MAX_MS } from '../../sandbox/distribution.ts';
import type { Distribution } from '../../sandbox/distribution.ts';
import { randomStream } from '../../sandbox/random.ts';

const take = (seed: number, name: string, n = 20): number[] => {
  const random = randomStream(seed, name);
  return Array.from({ length: n }, random);
};

describe('a random stream', () => {
  test('is the same for the same seed and name, and another for another seed or name', () => {
    expect(take(1, 'a')).toEqual(take(1, 'a'));
    expect(take(1, 'a')).not.toEqual(take(2, 'a'));
    expect(take(1, 'a')).not.toEqual(take(1, 'b'));
  });

  test('keeps its numbers from release to release', () => {
    expect(take(1, 'primary/orders', 3).map((n) => n.toFixed(9))).toMatchInlineSnapshot(`
      [
        "0.984262733",
        "0.730424862",
        "0.781441702",
      ]
    `);
  });

  test('lies in [0, 1) and fills it evenly', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), (seed, name) => {
        const numbers = take(seed, name, 2_000);
        expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
        const mean = numbers.reduce((a, b) => a + b) / numbers.length;
        // Six standard errors of a uniform mean.
        expect(Math.abs(mean - 0.5)).toBeLessThan(6 * Math.sqrt(1 / 12 / 2_000));
      }),
    );
  });
});

const ms = fc.double({ min: 0, max: MAX_MS, noNaN: true });
const distribution: fc.Arbitrary<Distribution> = fc.oneof(
  fc.record({ type: fc.constant('fixed' as const), ms }),
  fc.tuple(ms, ms).map(([a, b]) => ({ type: 'uniform' as const, minMs: Math.min(a, b), maxMs: Math.max(a, b) })),
  fc.record({
    type: fc.constant('lognormal' as const),
    medianMs: ms,
    sigma: fc.double({ min: 0, max: 5, noNaN: true }),
  }),
);

function limits(d: Distribution): [lowest: number, highest: number] {
  if (d.type === 'fixed') return [d.ms, d.ms];
  return d.type === 'uniform' ? [d.minMs, d.maxMs] : [0, MAX_MS];
}

describe('a drawn latency', () => {
  test('is finite, within the limits of its distribution, and takes two numbers whatever the distribution', () => {
    fc.assert(
      fc.property(distribution, fc.integer(), (d, seed) => {
        const random = randomStream(seed, 'x');
        let taken = 0;
        const drawn = drawMs(d, () => {
          taken += 1;
          return random();
        });
        expect(taken).toBe(2);
        const [lowest, highest] = limits(d);
        expect(drawn >= lowest && drawn <= highest).toBe(true);
      }),
    );
  });

  test('has the median and the spread that a lognormal distribution was given', () => {
    const random = randomStream(3, 'lognormal');
    const draws = Array.from({ length: 20_001 }, () => drawMs({ type: 'lognormal', medianMs: 20, sigma: 0.4 }, random));
    const sorted = draws.toSorted((a, b) => a - b);
    expect(sorted[10_000]).toBeCloseTo(20, 0);
    // The 84.13th percentile is one sigma above the median: 20 · e^0.4.
    expect((sorted[16_827] ?? 0) / 20).toBeCloseTo(Math.exp(0.4), 1);
  });

  test('is refused when its limits are the wrong way round', () => {
    const parsed = distributionSchema.safeParse({ type: 'uniform', minMs: 5, maxMs: 1 });
    expect(parsed.error?.issues[0]?.message).toBe('minMs must not exceed maxMs');
  });
});
