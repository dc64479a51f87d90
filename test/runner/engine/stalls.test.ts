import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStalls, MOST, mostLate } from '../../../runner/engine/stalls.ts';

describe('stalls', () => {
  it('are what a full record would say, since any moment, whatever was taken back', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 20 }),
      share: fc.integer({ min: 0, max: 20 }),
      retract: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 1000 }), (steps, sinceMs) => {
        const stalls = createStalls();
        let full: { endMs: number; delayMs: number }[] = [];
        let endMs = 0;
        for (const { afterMs, share, retract } of steps) {
          // No two of them overlap: a turn of the loop is over before the next one.
          const delayMs = Math.min(afterMs, share);
          endMs += afterMs;
          if (retract && full.length > 0) {
            stalls.retract();
            full = full.slice(0, -1);
          }
          stalls.keep(endMs, delayMs);
          full.push({ endMs, delayMs });
        }
        const known = full
          .filter((stall) => stall.endMs >= sinceMs)
          .map((stall) => Math.min(stall.delayMs, stall.endMs - sinceMs))
          .toSorted((a, b) => b - a);
        expect(stalls.since(sinceMs)[0]).toBe(known[0]);
        expect(stalls.since(sinceMs).length).toBeLessThanOrEqual(MOST);
      }),
    );
  });

  it('are kept for ten minutes', () => {
    const stalls = createStalls();
    stalls.keep(0, 9);
    stalls.keep(600_000, 5);
    expect(stalls.since(0)).toEqual([5, 0]);
    stalls.keep(600_001, 1);
    expect(stalls.since(0)).toEqual([5, 1]);
  });

  it('count as far as they lie after the moment asked for', () => {
    const stalls = createStalls();
    stalls.keep(100, 30);
    expect(stalls.since(90)).toEqual([10]);
    expect(stalls.since(101)).toEqual([]);
  });
});

describe('the most by which a sum can be too large', () => {
  it('is one delay for each stretch, and no more than it took', () => {
    expect(mostLate([5, 3, 2], [0.25, 4])).toBe(4.25);
    expect(mostLate([5, 3, 2], [10, 10, 10, 10])).toBe(10);
  });

  it('is the largest delay for a stretch without an end, and nothing without delays', () => {
    expect(mostLate([3, 5], [Infinity])).toBe(5);
    expect(mostLate([], [Infinity])).toBe(0);
  });

  it('is never less than any way of giving the delays to the stretches', () => {
    const ms = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(ms, ms, (delays, stretches) => {
        const given = stretches.reduce((sum, stretch, index) => sum + Math.min(stretch, delays[index] ?? 0), 0);
        expect(mostLate(delays, stretches)).toBeGreaterThanOrEqual(given);
      }),
    );
  });
});
