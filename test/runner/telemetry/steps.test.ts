import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueSteps, MOST_STEPS, spansOf } from '../../../runner/telemetry/steps.ts';

const MINUTE = 60_000;

describe('the steps that are due', () => {
  it('are whole, settled, not answered for, and no older than the catch-up', () => {
    const due = { nowMs: 10 * MINUTE + 29_999, stepMs: MINUTE, lagMs: 30_000, catchUpMs: 5 * MINUTE };
    expect(dueSteps(due, () => false)).toEqual([6, 7, 8].map((minute) => minute * MINUTE));
    expect(dueSteps({ ...due, nowMs: 10 * MINUTE + 30_000 }, () => false).at(-1)).toBe(9 * MINUTE);
    expect(dueSteps(due, (startMs) => startMs !== 7 * MINUTE)).toEqual([7 * MINUTE]);
  });

  it('are covered by spans that are no longer than a question may be, each step by one of them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(5000), { maxLength: 400 }), (minutes) => {
        const starts = minutes.toSorted((a, b) => a - b).map((minute) => minute * MINUTE);
        const spans = spansOf(starts, MINUTE);
        for (const startMs of starts) {
          expect(spans.filter(({ fromMs, toMs }) => fromMs <= startMs && startMs < toMs)).toHaveLength(1);
        }
        for (const { fromMs, toMs } of spans) {
          expect((toMs - fromMs) / MINUTE).toBeLessThanOrEqual(MOST_STEPS);
          expect(starts).toContain(fromMs);
          expect(starts).toContain(toMs - MINUTE);
        }
      }),
    );
  });
});
