import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flaggedWindows, type FlaggedQuery } from '../../slo/flagged.ts';

const STEP = 60_000;
const at = (minute: number, good: number, bad = 0, split = '') => ({ atMs: minute * STEP, good, bad, split });
const query = (change: Partial<FlaggedQuery>): FlaggedQuery => ({
  windowMs: 5 * STEP,
  stepMs: STEP,
  fromMs: 0,
  toMs: 9 * STEP,
  minEvents: 10,
  steps: [],
  constant: [],
  ...change,
});
const minutes = (stretches: readonly (readonly [number, number])[]) =>
  stretches.map(([from, to]) => [from / STEP, to / STEP]);

/** Every window by itself. */
function oneByOne({ windowMs, stepMs, fromMs, toMs, minEvents, steps, constant }: FlaggedQuery) {
  const ends: number[] = [];
  let judged = 0;
  for (let end = fromMs; end <= toMs; end += stepMs) {
    judged += 1;
    const valid = new Map<string, number>();
    const inside = steps.filter(({ atMs }) => atMs < end && atMs >= end - windowMs);
    for (const { split, good, bad } of [...constant, ...inside]) valid.set(split, (valid.get(split) ?? 0) + good + bad);
    const known = [...valid.values()].filter((events) => events > 0);
    if (known.length === 0 || Math.min(...known) < minEvents) ends.push(end);
  }
  const stretches: [number, number][] = [];
  for (const end of ends) {
    const last = stretches.at(-1);
    if (last !== undefined && last[1] === end - stepMs) last[1] = end;
    else stretches.push([end, end]);
  }
  return { judged, flagged: ends.length, stretches };
}

describe('windows below the event minimum', () => {
  it('are flagged below it and not at it, and those that touch are one stretch', () => {
    // Nine events enter with the window that ends at 2, a tenth with that at 3; they leave with those at 7 and 8.
    const found = flaggedWindows(query({ steps: [at(1, 6, 3), at(2, 1)] }));
    expect(found).toMatchObject({ judged: 10, flagged: 6 });
    expect(minutes(found.stretches)).toEqual([
      [0, 2],
      [7, 9],
    ]);
  });

  it('are flagged without any event: silence is thin data', () => {
    const found = flaggedWindows(query({}));
    expect([found.flagged, minutes(found.stretches)]).toEqual([10, [[0, 9]]]);
  });

  it('are flagged by one split that is thin, as long as the window knows it', () => {
    const found = flaggedWindows(query({ constant: [at(-1, 100, 0, 'a')], steps: [at(3, 9, 0, 'b')] }));
    expect(minutes(found.stretches)).toEqual([[4, 8]]);
  });

  it('are as many as one by one, whatever comes when', () => {
    const step = fc.record({
      atMs: fc.integer({ min: -12, max: 40 }).map((minute) => minute * STEP),
      good: fc.nat(12),
      bad: fc.nat(3),
      split: fc.constantFrom('a', 'b'),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.array(step, { maxLength: 2 }),
        fc.integer({ min: 60, max: 600 }),
        fc.integer({ min: -1, max: 30 }),
        (steps, constant, seconds, last) => {
          const asked = query({ steps, constant, windowMs: seconds * 1000, toMs: last * STEP });
          expect(flaggedWindows(asked)).toEqual(oneByOne(asked));
        },
      ),
    );
  });
});
