import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CountedHour } from '../../../runner/evidence/counted-hour.ts';
import { mergeJudged, type Judged } from '../../../store/judge.ts';
import { anyTally } from '../../slo/any-tally.ts';

const count = fc.integer({ min: 0, max: 50 });
const weight = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: 0n, max: 10n }),
  fc.bigInt({ min: 2n ** 60n, max: 2n ** 70n }),
);
const share = fc.record({
  index: fc.integer({ min: 0, max: 59 }),
  split: fc.constantFrom('', '/a', '/b'),
  tally: anyTally(count, weight),
  cluster: weight,
});

describe('an hour that is counted', () => {
  test('holds of each minute and split what merging its shares one by one gives, and gives it away once', () => {
    fc.assert(
      fc.property(fc.array(share, { maxLength: 60 }), (shares) => {
        const hour = new CountedHour();
        const merged = new Map<string, Judged>();
        for (const { index, ...rest } of shares) {
          hour.add(index, rest);
          const judged = { ...rest, atMs: index, problem: null };
          const before = merged.get(`${index} ${rest.split}`);
          merged.set(`${index} ${rest.split}`, before === undefined ? judged : mergeJudged(before, judged));
        }
        const all = [...merged.values()];
        const half = Math.floor(all.length / 2);
        for (const each of all.slice(0, half)) {
          expect(hour.take(each.atMs, each.split)).toMatchObject(each.tally);
          expect(hour.take(each.atMs, each.split)).toBeNull();
        }
        const left = [...hour.left()].map(({ index, split }) => `${index} ${split}`);
        expect(left.toSorted()).toEqual(
          all
            .slice(half)
            .map((each) => `${each.atMs} ${each.split}`)
            .toSorted(),
        );
        for (const each of all.slice(half)) expect(hour.take(each.atMs, each.split)).toMatchObject(each.tally);
      }),
    );
  });
});
