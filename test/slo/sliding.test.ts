import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minutesOf, type Step } from '../../slo/history.ts';
import { countWindows, JUDGED, judgeWindows, PASSED, THIN } from '../../slo/sliding.ts';
import { restated } from '../../slo/targets.ts';
import { WindowSteps } from '../../slo/window-steps.ts';
import { eachWindow, MINUTE, objective, runs } from './fixtures.ts';

/** Not on the hour: nothing here is about hours. */
const FROM = 20_000 * 24 * 60 * MINUTE + 17 * MINUTE;

/** Up to what a double cannot hold, alone or once it is multiplied; and nothing, as of runs that weigh nothing. */
const weight = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0n, 15_000_000n, 60_000_000n, 600_000_000n) },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 45n, max: 2n ** 56n }) },
);

interface Drawn {
  readonly minute: number;
  readonly good: number;
  readonly bad: number;
  readonly goodWeight: bigint;
  readonly badWeight: bigint;
}

function drawnSteps(weights: fc.Arbitrary<bigint>): fc.Arbitrary<readonly Drawn[]> {
  const step = fc.record<Drawn>({
    minute: fc.nat({ max: 199 }),
    good: fc.nat({ max: 12 }),
    bad: fc.nat({ max: 3 }),
    goodWeight: weights,
    badWeight: fc.oneof(fc.constant(0n), weights),
  });
  return fc.uniqueArray(step, { selector: ({ minute }) => minute, maxLength: 120 });
}

const target = fc.constantFrom('0.5', '0.9', '0.95', '0.997', '1');
const drawnSituation = {
  slidingMs: fc.oneof(fc.constantFrom(5 * MINUTE, 60 * MINUTE, 75 * MINUTE), fc.integer({ min: 1, max: 80 * MINUTE })),
  // The last target is what windows are judged by; that of 100 % allows nothing that could be restated.
  targets: fc.array(target, { minLength: 1, maxLength: 3 }).filter((each) => each.at(-1) !== '1'),
  breaks: fc.uniqueArray(fc.integer({ min: 1, max: 199 * MINUTE }), { minLength: 2, maxLength: 2 }),
  minEvents: fc.constantFrom(0, 20, 100),
};

const plain = fc.record({ ...drawnSituation, steps: drawnSteps(weight.filter((each) => each < 2n ** 40n)) });
const large = fc.record({ ...drawnSituation, steps: drawnSteps(weight) });

describe('a verdict for each sliding window', () => {
  it('is what adding up each window in whole numbers of any size comes to', () => {
    fc.assert(
      fc.property(fc.oneof(plain, large), ({ steps: drawn, slidingMs, targets, breaks, minEvents }) => {
        const steps = drawn
          .toSorted((a, b) => a.minute - b.minute)
          .map(({ minute, good, bad, ...weights }) => runs(FROM + minute * MINUTE, good, bad, weights));
        const starts = [null, ...breaks.toSorted((a, b) => a - b).map((after) => FROM + after)];
        const versions = targets.map((each, index) => ({
          version: null,
          target: each,
          limit: null,
          fromMs: starts[index] ?? null,
          rfc: null,
          signOffs: [],
          lacks: [],
        }));
        const toMs = FROM + 200 * MINUTE;
        const by = restated(objective({ target: targets.at(-1) ?? '0.9', versions }), toMs);
        const ends = { firstEndMs: FROM + 81 * MINUTE, lastEndMs: toMs };
        const options = { ...ends, slidingMs, minEvents };
        expect(judgeWindows(columnsOf(steps, toMs), by, options)).toEqual(eachWindow(steps, by, options, MINUTE));
      }),
      { numRuns: 400 },
    );
  });

  it('is decided exactly where a double would round a window onto its budget', () => {
    // Of 2^54 and a half of that, one unit more than half is bad.
    const half = 2n ** 53n;
    const steps = [
      runs(FROM, 1, 0, { goodWeight: half, badWeight: 0n }),
      runs(FROM + MINUTE, 0, 1, { goodWeight: 0n, badWeight: half + 1n }),
    ];
    const by = restated(objective({ target: '0.5' }), FROM);
    const ends = { firstEndMs: FROM + 2 * MINUTE, lastEndMs: FROM + 2 * MINUTE };
    const options = { ...ends, slidingMs: 2 * MINUTE, minEvents: 1 };
    expect([...judgeWindows(columnsOf(steps, ends.lastEndMs), by, options)]).toEqual([JUDGED]);
    const even = [steps[0] ?? runs(FROM, 0, 0), runs(FROM + MINUTE, 0, 1, { goodWeight: 0n, badWeight: half })];
    expect([...judgeWindows(columnsOf(even, ends.lastEndMs), by, options)]).toEqual([JUDGED | PASSED]);
  });

  it('leaves out a stretch as if it had never been', () => {
    const steps = [
      runs(FROM, 9, 1),
      runs(FROM + MINUTE, 0, 9, { badWeight: 2n ** 60n }),
      runs(FROM + 2 * MINUTE, 9, 1),
    ];
    const columns = columnsOf(steps, FROM + 3 * MINUTE);
    columns.leaveOut({ fromMs: FROM + MINUTE, toMs: FROM + 2 * MINUTE });
    const by = restated(objective({ target: '0.9' }), FROM);
    const options = {
      firstEndMs: FROM + 2 * MINUTE,
      lastEndMs: FROM + 3 * MINUTE,
      slidingMs: 2 * MINUTE,
      minEvents: 11,
    };
    const passed = JUDGED | PASSED | THIN;
    expect([...judgeWindows(columns, by, options)]).toEqual([passed, passed]);
    expect(countWindows(Uint8Array.of(passed, 0, JUDGED), { passed: 1, judged: 1, flagged: 0 })).toEqual({
      passed: 2,
      judged: 3,
      flagged: 1,
    });
  });

  it('is not guessed where a window looks beyond the steps that are there', () => {
    const columns = columnsOf([], FROM + 10 * MINUTE);
    const by = restated(objective(), FROM);
    const ends = (first: number, last: number) => ({
      firstEndMs: FROM + first * MINUTE,
      lastEndMs: FROM + last * MINUTE,
    });
    const judge = (first: number, last: number) =>
      judgeWindows(columns, by, { ...ends(first, last), slidingMs: 5 * MINUTE, minEvents: 1 });
    expect([...judge(5, 10)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => judge(4, 10)).toThrow(RangeError);
    expect(() => judge(5, 11)).toThrow(RangeError);
    expect(judge(9, 8)).toHaveLength(0);
  });
});

function columnsOf(steps: readonly Step[], toMs: number): WindowSteps {
  const columns = new WindowSteps({ fromMs: FROM, toMs }, MINUTE);
  minutesOf(steps).placeIn(columns);
  return columns;
}
