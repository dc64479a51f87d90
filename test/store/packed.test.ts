import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minutesOf } from '../../slo/history.ts';
import { EMPTY_TALLY, sumTallies, type Tally } from '../../slo/tally.ts';
import { WindowSteps } from '../../slo/window-steps.ts';
import { placeSteps, joined, packStep, stepsIn, sumOf, unpack } from '../../store/packed.ts';
import { anyTally } from '../slo/any-tally.ts';

const count = fc.oneof(fc.nat({ max: 200 }), fc.maxSafeNat());
const weight = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 10n }), fc.bigInt({ min: 0n, max: 2n ** 200n }));
const tally = anyTally(count, weight).filter(({ good, bad, excluded, faults }) => good + bad + excluded + faults > 0);

describe('steps in one row', () => {
  test('come out as they went in, of any size, in the order of time', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.nat({ max: 200 }).map(String), tally), (drawn) => {
        const steps = Object.entries(drawn).map(([index, each]) => [Number(index), each] as const);
        const row = joined(new Map(steps.map(([index, each]) => [index, packStep(index, each)])));
        expect(unpack(row, 1_000, 10)).toEqual(
          steps.toSorted(([a], [b]) => a - b).map(([index, each]) => ({ ...each, atMs: 1_000 + index * 10 })),
        );
      }),
    );
  });

  test('come to what they add up to one by one, and stand in the columns of windows with the same, of any size', () => {
    const ordinary = tally.map((each) => ({
      ...each,
      goodWeight: 600_000_000n,
      badWeight: 60_000_000n,
      squaredWeight: 1n,
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.nat({ max: 59 }).map(String), fc.oneof(tally, ordinary)), (drawn) => {
        const steps = Object.entries(drawn).map(
          ([index, each]) => [Number(index), packStep(Number(index), each)] as const,
        );
        const row = joined(new Map(steps));
        const all = unpack(row, 0, 10);
        expect(sumOf(row)).toEqual(sumTallies(all));
        expect(sumOf(row, 20)).toEqual(sumTallies(all.filter(({ atMs }) => atMs < 200)));
        // Begins and ends inside the row.
        const [columns, expected] = [0, 1].map(() => new WindowSteps({ fromMs: 100, toMs: 500 }, 10));
        if (columns === undefined || expected === undefined) throw new Error('two of them');
        placeSteps(row, columns, -10);
        minutesOf(all).placeIn(expected);
        expect(columns).toEqual(expected);
      }),
    );
  });

  test('are replaced one by one, and one that counts nothing any more is gone', () => {
    const good = (n: number): Tally => ({ ...EMPTY_TALLY, good: n, goodWeight: BigInt(n) * 60_000_000n });
    const row = joined(new Map([0, 1, 2].map((index) => [index, packStep(index, good(index + 1))])));
    const steps = stepsIn(row);
    expect([...steps.keys()]).toEqual([0, 1, 2]);
    steps.set(1, packStep(1, EMPTY_TALLY));
    steps.set(2, packStep(2, good(9)));
    expect(unpack(joined(steps), 0, 1).map(({ atMs, good: n }) => [atMs, n])).toEqual([
      [0, 1],
      [2, 9],
    ]);
  });

  test('take a dozen bytes for a minute of good runs', () => {
    const minute = { ...EMPTY_TALLY, good: 60, goodWeight: 60_000_000n, squaredWeight: 60n * 1_000n ** 2n };
    expect(packStep(59, minute)).toHaveLength(11);
  });

  test('cannot hold less than nothing', () => {
    expect(() => packStep(0, { ...EMPTY_TALLY, good: 1, badWeight: -1n })).toThrow('a tally cannot hold -1');
  });
});
