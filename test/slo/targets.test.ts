import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consumed } from '../../slo/budget.ts';
import {
  add,
  compare,
  decimal,
  divide,
  multiply,
  ONE,
  rational,
  subtract,
  ZERO,
  type Rational,
} from '../../slo/decimal.ts';
import type { TargetVersion } from '../../slo/objective.ts';
import { hourOf, ranges } from '../../slo/ranges.ts';
import {
  announcedVersions,
  blendedTarget,
  heldAt,
  restated,
  spanOf,
  targetBreaks,
  versionAt,
  versionsWithin,
} from '../../slo/targets.ts';
import { timeBase } from '../../slo/time-base.ts';
import { DAY, everyMinute, HOUR, judged, MINUTE, NOW, objective, runs, type TallyStep } from './fixtures.ts';

const STEP = Math.floor(NOW / MINUTE) * MINUTE;

function version(target: string, fromMs: number | null, change: Partial<TargetVersion> = {}): TargetVersion {
  return { version: null, target, limit: null, fromMs, rfc: null, signOffs: [], lacks: [], ...change };
}

const share = fc.constantFrom('0.9', '0.95', '0.992', '0.99', '0.999', '0.9995');
/** Minutes of the last days, also in the middle of an hour. */
const minute = (days: number) => fc.integer({ min: 0, max: days * 1440 }).map((back) => STEP - back * MINUTE);

/** Up to four versions; the first holds since ever. */
const history = fc
  .tuple(share, fc.uniqueArray(fc.tuple(minute(3), share), { selector: ([at]) => at, maxLength: 3 }))
  .map(([first, changes]) => [
    version(first, null),
    ...changes.toSorted(([a], [b]) => a - b).map(([fromMs, target]) => version(target, fromMs)),
  ]);

const steps = fc
  .uniqueArray(fc.tuple(minute(3), fc.nat({ max: 500 }), fc.nat({ max: 9 })), {
    selector: ([at]) => at,
    minLength: 1,
    maxLength: 60,
  })
  .map((all) => all.toSorted(([a], [b]) => a - b).map(([atMs, good, bad]) => runs(atMs, good, bad)));

/** Σ bad ÷ Σ valid × (1 − T), each step by the target that held in it; null without valid events. */
function byHand(of: readonly TallyStep[], versions: readonly TargetVersion[]): Rational | null {
  let [bad, budget] = [ZERO, ZERO];
  for (const step of of) {
    const { target } =
      versions.findLast(({ fromMs }) => fromMs === null || fromMs <= step.atMs) ?? version('0.9', null);
    bad = add(bad, rational(step.badWeight));
    budget = add(budget, multiply(rational(step.goodWeight + step.badWeight), subtract(ONE, decimal(target))));
  }
  return compare(budget, ZERO) === 0 ? null : divide(bad, budget);
}

const since = (of: readonly TallyStep[], ms: number) => of.filter(({ atMs }) => atMs >= ms);

const isEqual = (a: Rational | null, b: Rational | null): boolean =>
  a === null || b === null ? a === b : compare(a, b) === 0;

describe('a window that spans changes of target', () => {
  it('comes to what each of its parts comes to by its own target, as exact fractions', () => {
    fc.assert(
      fc.property(history, steps, (versions, all) => {
        const by = restated({ target: versions.at(-1)?.target ?? '', versions }, NOW);
        const counted = everyMinute(all, timeBase(1));
        const end = STEP + MINUTE;
        const whole = spanOf(counted, 0, end, by);
        expect(isEqual(consumed(whole.share, by.target), byHand(all, versions))).toBe(true);
        // Parts add up, wherever the window is cut.
        for (const cut of [STEP - DAY, STEP - 90 * MINUTE, ...versions.flatMap(({ fromMs }) => fromMs ?? [])]) {
          const [before, after] = [spanOf(counted, 0, cut, by), spanOf(counted, cut, end, by)];
          expect(before.share.bad + after.share.bad).toBe(whole.share.bad);
          expect(before.share.valid + after.share.valid).toBe(whole.share.valid);
          expect(isEqual(consumed(after.share, by.target), byHand(since(all, cut), versions))).toBe(true);
        }
        // What had to be good is the mean of the targets, by the weight that was valid under each.
        const required = blendedTarget(whole.share, whole.tally, by);
        const valid = whole.tally.goodWeight + whole.tally.badWeight;
        const kept = all.map((step) => {
          const target = versionAt({ target: '', versions }, step.atMs)?.target ?? '0';
          return multiply(rational(step.goodWeight + step.badWeight), decimal(target));
        });
        const mean = valid === 0n ? null : divide(kept.reduce(add, ZERO), rational(valid));
        expect(isEqual(required, mean)).toBe(true);
      }),
    );
  });

  it('is judged so by an evaluation, its burn rates too, over lookbacks that begin anywhere', () => {
    fc.assert(
      fc.property(history, steps, (versions, all) => {
        const of = objective({ target: versions.at(-1)?.target ?? '', versions, windowMs: 2 * DAY, minEvents: 1 });
        const status = judged(all, { objective: of });
        const end = STEP + MINUTE;
        expect(isEqual(status.spent, byHand(since(all, end - 2 * DAY), versions))).toBe(true);
        for (const [lookback, lengthMs] of [
          ['30m', HOUR / 2],
          ['6h', 6 * HOUR],
          ['1d', DAY],
        ] as const) {
          const inside = byHand(since(all, end - lengthMs), versions);
          const wanted = inside === null ? -1 : Number(inside.num) / Number(inside.den);
          expect(status.burn[lookback] ?? -1).toBeCloseTo(wanted, 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is what it was before a version that is only announced', () => {
    fc.assert(
      fc.property(history, steps, share, (versions, all, target) => {
        const of = objective({ target: versions.at(-1)?.target ?? '', versions, windowMs: 2 * DAY });
        const announced = { ...of, target, versions: [...versions, version(target, NOW + DAY)] };
        const [now, then] = [judged(all, { objective: of }), judged(all, { objective: announced })];
        expect({ ...then, objective: null }).toEqual({ ...now, objective: null });
        expect(then.objective.target).toBe(now.objective.target);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the versions of a target', () => {
  const versions = [
    version('0.9', null, { limit: { ms: 300, strict: false } }),
    version('0.9', NOW - 2 * DAY, { limit: { ms: 250, strict: true } }),
    version('0.99', NOW - DAY, { limit: { ms: 250, strict: true } }),
    version('0.999', NOW + DAY, { limit: { ms: 200, strict: true } }),
  ];
  const of = objective({
    target: '0.999',
    versions,
    sli: { type: 'threshold', indicator: 'latency', ms: 200, strict: true },
  });

  it('hold from their moment on, with their limit', () => {
    const at = (ms: number) => {
      const { target, sli } = heldAt(of, ms);
      return [target, sli.type === 'threshold' ? sli.ms : null, sli.type === 'threshold' ? sli.strict : null];
    };
    expect(at(NOW - 9 * DAY)).toEqual(['0.9', 300, false]);
    expect(at(NOW - 2 * DAY - 1)).toEqual(['0.9', 300, false]);
    expect(at(NOW - 2 * DAY)).toEqual(['0.9', 250, true]);
    expect(at(NOW)).toEqual(['0.99', 250, true]);
    expect(at(NOW + DAY)).toEqual(['0.999', 200, true]);
    expect(heldAt(objective(), NOW)).toEqual(objective());
  });

  it('are those of a range as far as they held in it, and announced while they do not hold', () => {
    expect(versionsWithin(of, NOW - 1.5 * DAY, NOW)).toEqual(versions.slice(1, 3));
    expect(versionsWithin(of, NOW - 9 * DAY, NOW)).toEqual(versions.slice(0, 3));
    expect(announcedVersions(of, NOW)).toEqual(versions.slice(3));
    expect(announcedVersions(of, NOW + DAY)).toEqual([]);
  });

  it('ask for the minutes of the hour in which another target begins, but not where only the limit is another one', () => {
    expect(targetBreaks(of, NOW - 9 * DAY, NOW)).toEqual([NOW - DAY]);
    const [base, hours] = [timeBase(1), (ms: number) => hourOf(timeBase(1), ms)];
    expect(ranges(of, base, NOW)?.detailed).toContain(hours(NOW - DAY));
    expect(ranges(of, base, NOW)?.detailed).not.toContain(hours(NOW - 2 * DAY));
  });
});
