import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exclusionsWithin, isRetroactive, leftOut, type Exclusion } from '../../slo/exclusion.ts';
import { leavingOut } from '../../slo/left-out.ts';
import { timeBase } from '../../slo/time-base.ts';
import { DAY, everyMinute, HOUR, judged, MINUTE, NOW, objective, runs } from './fixtures.ts';

const base = timeBase(1);

function exclusion(change: Partial<Exclusion> = {}): Exclusion {
  return {
    id: 'ex-1',
    fromMs: 10 * MINUTE,
    toMs: 20 * MINUTE,
    services: ['client-api'],
    objectives: [],
    author: 'ana',
    reason: 'upgrade',
    approver: 'ben',
    createdMs: 0,
    withdrawn: null,
    ...change,
  };
}

describe('an exclusion', () => {
  it('leaves out whole minutes only: one that it covers in part counts', () => {
    const cut = exclusion({ fromMs: 10 * MINUTE + 1, toMs: 20 * MINUTE - 1 });
    expect(leftOut([cut], objective(), base)).toEqual([{ fromMs: 11 * MINUTE, toMs: 19 * MINUTE }]);
    expect(leftOut([exclusion()], objective(), base)).toEqual([{ fromMs: 10 * MINUTE, toMs: 20 * MINUTE }]);
    expect(leftOut([exclusion({ fromMs: MINUTE + 1, toMs: 3 * MINUTE - 1 })], objective(), base)).toEqual([]);
  });

  it('leaves out whole slices of telemetry only', () => {
    const fed = objective({ telemetry: { source: 'prom', stepMs: 5 * MINUTE, staleMs: HOUR } });
    const cut = exclusion({ fromMs: 11 * MINUTE, toMs: 22 * MINUTE });
    expect(leftOut([cut], fed, base)).toEqual([{ fromMs: 15 * MINUTE, toMs: 20 * MINUTE }]);
  });

  it('is joined with those that it touches, and is about its services and its objectives alone', () => {
    const own = [
      exclusion({ id: 'ex-2', fromMs: 40 * MINUTE, toMs: 50 * MINUTE }),
      exclusion(),
      exclusion({
        id: 'ex-3',
        fromMs: 20 * MINUTE,
        toMs: 25 * MINUTE,
        services: [],
        objectives: ['slo-api-availability'],
      }),
      exclusion({ id: 'ex-4', fromMs: 0, toMs: DAY, services: ['market-data'] }),
      exclusion({ id: 'ex-5', fromMs: 0, toMs: DAY, withdrawn: { atMs: 5, author: 'ana', reason: 'put off' } }),
    ];
    expect(leftOut(own, objective(), base)).toEqual([
      { fromMs: 10 * MINUTE, toMs: 25 * MINUTE },
      { fromMs: 40 * MINUTE, toMs: 50 * MINUTE },
    ]);
  });

  it('is retroactive once its stretch had begun when it was written down', () => {
    expect(isRetroactive(exclusion({ createdMs: 10 * MINUTE }))).toBe(false);
    expect(isRetroactive(exclusion({ createdMs: 10 * MINUTE + 1 }))).toBe(true);
  });

  it('lies in a window as long as one of its minutes does', () => {
    const of = objective({ windowMs: HOUR });
    const at = (endMs: number) => exclusionsWithin([exclusion()], of, { base, endMs }).length;
    expect([10, 11, 79, 80].map((minute) => at(minute * MINUTE))).toEqual([0, 1, 1, 0]);
  });
});

describe('a history without some stretches', () => {
  const step = fc.record({ minute: fc.nat({ max: 300 }), good: fc.nat({ max: 5 }), bad: fc.nat({ max: 3 }) });
  const stretch = fc.tuple(fc.nat({ max: 320 }), fc.integer({ min: 1, max: 90 }));

  it('judges exactly as if nothing had been counted in them', () => {
    const first = Math.floor(NOW / MINUTE) - 300;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.array(stretch, { maxLength: 4 }), (drawn, cuts) => {
        const steps = drawn
          .map(({ minute, good, bad }) => runs((first + minute) * MINUTE, good, bad))
          .toSorted((a, b) => a.atMs - b.atMs);
        const gone = leftOut(
          cuts.map(([from, length], index) =>
            exclusion({
              id: `ex-${index}`,
              fromMs: (first + from) * MINUTE,
              toMs: (first + from + length) * MINUTE,
            }),
          ),
          objective(),
          base,
        );
        const kept = steps.filter(({ atMs }) => !gone.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs));
        const without = leavingOut(everyMinute(steps, base), gone);
        const held = everyMinute(kept, base);
        for (const [fromMs, toMs] of [
          [first * MINUTE, NOW],
          [(first + 100) * MINUTE, (first + 200) * MINUTE],
        ] as const) {
          expect(without.sum(fromMs, toMs)).toEqual(held.sum(fromMs, toMs));
          expect(without.share(fromMs, toMs)).toEqual(held.share(fromMs, toMs));
          expect(without.lastBad(fromMs, toMs, 0)).toEqual(held.lastBad(fromMs, toMs, 0));
        }
      }),
    );
  });

  it('turns a miss into what it would have been', () => {
    const steps = [runs(NOW - HOUR - 20_000, 0, 30), runs(NOW - 20_000, 970, 0)];
    expect(judged(steps)).toMatchObject({ met: false, attainment: 0.97 });
    expect(judged(steps.slice(1))).toMatchObject({ met: true, attainment: 1 });
  });
});
