import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTooShort, periodOf } from '../../slo/period.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 28);
const at = (...minutes: readonly number[]): readonly number[] => minutes;
const from = (first: number, to: number, every = 1): readonly number[] =>
  at(...Array.from({ length: Math.ceil((to - first) / every) }, (_, n) => first + n * every));
const of = (steps: number, measured: readonly number[]) =>
  periodOf(
    'a',
    { fromMs: START, toMs: START + steps * MINUTE },
    Uint8Array.from({ length: steps }, (_, step) => (measured.includes(step) ? 1 : 0)),
  );

describe('how much of a window was measured', () => {
  test('says since when, and what nobody looked at, by whole steps', () => {
    const period = of(1000, [...from(900, 940), ...from(950, 1000)]);
    expect(period).toMatchObject({ steps: 1000, silent: 910, stretches: 2, rhythm: 1, sinceMs: START + 900 * MINUTE });
    expect(period.longest).toEqual({ fromMs: START, toMs: START + 900 * MINUTE });
    expect(isTooShort(period, false)).toBe(true);
  });

  test('takes a run that comes every five minutes for all five, and a missing one for a silence', () => {
    expect(of(100, from(3, 100, 5))).toMatchObject({ silent: 0, stretches: 0, longest: null, rhythm: 5 });
    const without = from(3, 100, 5).filter((minute) => minute !== 53);
    expect(of(100, without)).toMatchObject({
      silent: 5,
      stretches: 1,
      longest: { fromMs: START + 53 * MINUTE, toMs: START + 58 * MINUTE },
    });
  });

  test('lets no run stand for more than a day, and one alone for its own minute', () => {
    expect(of(14_400, at(0, 7200))).toMatchObject({ rhythm: 1440, silent: 14_400 - 2 * 1440 });
    expect(of(100, at(50))).toMatchObject({ rhythm: 1, silent: 99, stretches: 2 });
    expect(of(100, [])).toMatchObject({ silent: 100, stretches: 1, sinceMs: null });
  });

  test('is too short below 90 %, and by a calendar where more than a tenth lies before the first measurement', () => {
    expect(isTooShort(of(1000, from(100, 1000)), false)).toBe(false);
    expect(isTooShort(of(1000, from(101, 1000)), false)).toBe(true);
    const sessions = of(1000, [...from(100, 200), ...from(600, 700)]);
    expect(isTooShort(sessions, false)).toBe(true);
    expect(isTooShort(sessions, true)).toBe(false);
    expect(isTooShort(of(1000, from(101, 200)), true)).toBe(true);
    expect(isTooShort(of(1000, []), true)).toBe(true);
  });

  test('counts each step once: silent ones and those that a run stands for make the window', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(299), { maxLength: 60 }), (minutes) => {
        const sorted = minutes.toSorted((a, b) => a - b);
        const period = of(300, at(...sorted));
        const first = sorted[0] ?? 300;
        const stoodFor = Array.from({ length: 300 }, (_, step) =>
          step < first
            ? sorted.length > 0 && first < period.rhythm
            : sorted.some((one) => one <= step && step < one + period.rhythm),
        ).filter(Boolean).length;
        expect(period.silent).toBe(300 - stoodFor);
      }),
    );
  });
});
