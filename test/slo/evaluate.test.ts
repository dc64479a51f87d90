import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from '../../slo/decimal.ts';
import { withPercentile } from '../../slo/live-percentile.ts';
import { hourOf, ranges, stepEnd } from '../../slo/ranges.ts';
import { timeBase } from '../../slo/time-base.ts';
import { DAY, HOUR, hourly, judged, MINUTE, NOW, objective, runs, type TallyStep } from './fixtures.ts';

const STEP = Math.floor(NOW / MINUTE) * MINUTE;
const END = STEP + MINUTE;

function repeated(hours: number, good: number, bad: number): (readonly [number, number])[] {
  return Array.from({ length: hours }, () => [good, bad] as const);
}

describe('the ranges of an evaluation', () => {
  const TEN = 20_000 * DAY + 10 * HOUR;
  const ago = (hours: number) => TEN - hours * HOUR;

  it('are the hours of the clock, with the minutes of those in which something begins', () => {
    expect(stepEnd(timeBase(1), NOW)).toBe(END);
    expect(ranges(objective(), timeBase(1), NOW)).toEqual({
      hours: { fromMs: ago(720), toMs: TEN + HOUR },
      // The window of 30 days, the lookbacks of 3 days and a day, and the last six hours.
      detailed: [ago(720), ago(72), ago(24), ago(6), ago(5), ago(4), ago(3), ago(2), ago(1), TEN],
      sliding: null,
    });
  });

  it('are whole hours alone where all lookbacks begin on the hour, but for the last six', () => {
    const onTheHour = ranges(objective(), timeBase(1), TEN - 1);
    expect(onTheHour).toEqual({
      hours: { fromMs: ago(720), toMs: TEN },
      detailed: [ago(6), ago(5), ago(4), ago(3), ago(2), ago(1)],
      sliding: null,
    });
  });

  it('stay with the last hour that is over where the window is shorter than that', () => {
    expect(ranges(objective({ windowMs: 10 * MINUTE }), timeBase(1), NOW)).toEqual({
      hours: { fromMs: ago(1), toMs: TEN + HOUR },
      detailed: [ago(1), TEN],
      sliding: null,
    });
  });

  it('reach as far back as the first of the sliding windows, and to where another target begins', () => {
    const signed = { rfc: null, signOffs: [], lacks: [] };
    const version = { version: '1', target: '0.999', limit: null, fromMs: null, ...signed };
    const of = objective({
      windowMs: 3 * HOUR,
      slidingMs: 40 * MINUTE,
      versions: [version, { ...version, version: '2', target: '0.99', fromMs: ago(2) + 7 * MINUTE }],
    });
    expect(ranges(of, timeBase(1), NOW)).toEqual({
      hours: { fromMs: ago(4), toMs: TEN + HOUR },
      detailed: [ago(4), ago(3), ago(2), ago(1), TEN],
      sliding: { fromMs: ago(4), toMs: TEN + HOUR },
    });
  });

  it('shrink with the time base', () => {
    const base = timeBase(1000);
    const found = ranges(objective({ windowMs: 30 * base.dayMs }), base, NOW);
    expect(found?.hours).toEqual({
      fromMs: hourOf(base, NOW - 30 * base.dayMs),
      toMs: hourOf(base, NOW) + base.hourMs,
    });
  });

  it('are none where nothing can feed the objective', () => {
    expect(ranges(objective({ unknownBecause: 'no probe' }), timeBase(1), NOW)).toBeNull();
  });
});

describe('a status', () => {
  it('has the figures of R07 when its hours have them', () => {
    // 1,000,000 events, 400 bad, of which 30 of 10,000 in the last hour.
    const window = [[240_370, 370] as const, ...repeated(74, 10_000, 0), [9970, 30] as const];
    const status = judged(hourly([[9260, 0], ...window]));
    expect(status).toMatchObject({
      colour: 'yellow',
      validEvents: 1_000_000,
      consumed: 0.4,
      attainment: 0.9996,
      met: true,
      statVerdict: 'DEMONSTRATED',
      effectiveEvents: 1_000_000,
      manualReview: false,
      enoughEvents: true,
    });
    expect(status.burn).toMatchObject({ '5m': 3, '30m': 3, '1h': 3, '2h': 1.5, '6h': 0.5 });
    expect(status.burnNow).toBe(0.5);
    expect(status.exhaustion.naiveHours).toBe((0.6 * 720) / 0.5);
    expect(status.wilson?.lower).toBeCloseTo(0.99955884, 8);
    expect(status.clopperPearson?.upper).toBeCloseTo(0.99963824, 8);
  });

  it('weighs what raised sampling adds by the time it stands for', () => {
    // A01: 29 days at one a minute, a day at ten a minute with 1 % bad.
    const slow = Array.from({ length: 29 }, (_, day) => runs(STEP - (day + 1) * DAY, 1440, 0));
    const raised = runs(STEP, 14_256, 144, {
      goodWeight: 14_256n * 6_000_000n,
      badWeight: 144n * 6_000_000n,
      squaredWeight: 14_400n * 6000n ** 2n,
    });
    const status = judged([...slow.toReversed(), raised]);
    expect(status.colour).toBe('yellow');
    expect(status.consumed).toBeCloseTo(1 / 3, 14);
    expect(status.effectiveEvents).toBeCloseTo(44_536.0824742268, 9);
    expect(status.validEvents).toBe(56_160);
  });

  it('is Unknown without valid events, and says what came instead', () => {
    expect(judged([])).toMatchObject({ colour: 'unknown', unknownBecause: 'no events in the window yet', met: null });
    expect(judged([runs(STEP, 0, 0, { excluded: 5000 })])).toMatchObject({
      colour: 'unknown',
      unknownBecause: 'no valid events in the window: 5000 excluded',
      excludedShare: 1,
      attainment: null,
      wilson: null,
      manualReview: true,
    });
    expect(judged([runs(STEP, 0, 0, { faults: 3 })])).toMatchObject({
      unknownBecause: 'no valid events in the window: 3 spoiled by the prober or never started',
      coverage: 0,
    });
  });

  it('is Unknown with its own reason where nothing can feed it', () => {
    const of = objective({ unknownBecause: 'no telemetry source is configured' });
    expect(judged([runs(STEP, 100, 0)], { objective: of })).toMatchObject({
      colour: 'unknown',
      unknownBecause: 'no telemetry source is configured',
      validEvents: 0,
      manualReview: false,
    });
  });

  it('flags a young window and still computes everything', () => {
    const status = judged(
      hourly([
        [60, 0],
        [58, 2],
        [57, 3],
      ]),
    );
    expect(status).toMatchObject({ colour: 'red', manualReview: true, enoughEvents: false, validEvents: 180 });
    // 5 of 180, against 6 hours that are only three hours old.
    expect(status.burn['6h']).toBeCloseTo(27.78, 2);
    expect(status.burn['3d']).toBe(status.burn['6h']);
    expect(status.exhaustion).toEqual({ rolloffHours: 0, naiveHours: 0 });
  });

  it('has no burn over lookbacks longer than its window, and takes the window for them where alerts ask', () => {
    const of = objective({ windowMs: HOUR, target: '0.92', weighing: 'quantity', sli: { type: 'quantity' } });
    const status = judged([runs(STEP, 90, 10)], { objective: of });
    expect(status.burn).toEqual({
      '5m': 1.25,
      '30m': 1.25,
      '1h': 1.25,
      '2h': null,
      '6h': null,
      '1d': null,
      '3d': null,
    });
    expect(status.burnNow).toBe(1.25);
    expect(status).toMatchObject({ effectiveEvents: null, wilson: null, statVerdict: null, pairs: [] });
  });

  it('counts the edge of a window that is no multiple of an hour, and nothing before it', () => {
    const steps = [runs(END - 91 * MINUTE, 1, 100), runs(END - 90 * MINUTE, 4, 0), runs(STEP, 6, 0)];
    expect(judged(steps, { objective: objective({ windowMs: 90 * MINUTE }) }).validEvents).toBe(10);
  });

  it('projects an incident that ages out as no exhaustion, while the naive figure cries wolf', () => {
    const of = objective({ windowMs: DAY, target: '0.998' });
    const aging = hourly([[9600, 400], ...repeated(22, 10_000, 0), [9990, 10]]);
    const status = judged(aging, { objective: of });
    // burn over six hours is a sixth of the last hour's: 10 of 60,000.
    expect(status.burnNow).toBeCloseTo(0.5 / 6, 12);
    expect(status.exhaustion.rolloffHours).toBeNull();
    expect(status.exhaustion.naiveHours).toBeCloseTo(((1 - 410 / 480) * 24) / (0.5 / 6), 9);
    const fresh = hourly([...repeated(18, 10_000, 0), ...repeated(6, 9970, 30)]);
    expect(judged(fresh, { objective: of })).toMatchObject({
      burnNow: 1.5,
      colour: 'yellow',
      alert: 'YELLOW_LT_7D',
      sev2Within24h: true,
      // 180 of 480 spent, 30 an hour: 10 hours.
      exhaustion: { rolloffHours: 10, naiveHours: 10 },
    });
  });

  it('says which burn-rate pairs burn, on both of their lookbacks', () => {
    const steps = [
      ...hourly(repeated(71, 6000, 0), NOW - HOUR),
      runs(STEP - 30 * MINUTE, 2900, 100),
      runs(STEP, 3000, 0),
    ];
    const status = judged(steps);
    expect(
      status.pairs.map(({ long, short, factor, burning, badEvents }) => [long, short, factor, burning, badEvents]),
    ).toEqual([
      ['1h', '5m', 14.4, false, 100],
      ['6h', '30m', 6, false, 100],
      ['1d', '2h', 3, false, 100],
      ['3d', '6h', 1, false, 100],
    ]);
    const burning = judged([...steps.slice(0, -1), runs(STEP, 2900, 100)]);
    expect(burning.pairs.map((pair) => pair.burning)).toEqual([true, false, false, false]);
    expect(burning.lastBadAtMs).toBe(STEP);
  });

  it('judges a ratio’s regression by the last complete hour of the clock', () => {
    const tenToEleven = 20_000 * DAY + 10 * HOUR;
    const during = (share: number) => [runs(tenToEleven - 30 * MINUTE, share, 10_000 - share), runs(STEP, 0, 500)];
    expect(judged(during(9790)).regression).toBe(true);
    expect(judged(during(9791)).regression).toBe(false);
    expect(judged([runs(STEP, 0, 500)]).regression).toBeNull();
  });

  it('publishes coverage of time, of runs where they do not weigh by it, and of no ticks', () => {
    const steps = [runs(STEP, 96, 0, { faults: 4 })];
    expect(judged(steps).coverage).toBeCloseTo(0.96, 12);
    const asleep = runs(STEP, 60, 0, { faults: 1, faultWeight: 40n * 60_000_000n });
    expect(judged([asleep]).coverage).toBe(0.6);
    const fills = objective({ sli: { type: 'quantity' }, weighing: 'quantity' });
    expect(judged([asleep], { objective: fills }).coverage).toBeCloseTo(60 / 61, 12);
    const ticks = objective({
      sli: { type: 'threshold', indicator: 'tick-age', ms: 1500, strict: true },
      weighing: 'count',
    });
    expect(judged(steps, { objective: ticks })).toMatchObject({ coverage: null });
  });

  it('publishes availability with what was excluded counted as bad as well, by weight and by the target that held', () => {
    // One rejected request that stood for as much time as fifty others.
    const steps = [runs(STEP, 949, 1, { excluded: 1, excludedWeight: 50n * 60_000_000n })];
    expect(judged(steps)).toMatchObject({
      attainment: 949 / 950,
      excludedAsBad: { attainment: 0.949, consumed: 51, met: false },
      colour: 'red',
    });
    expect(judged([runs(STEP, 999, 1)])).toMatchObject({
      excludedAsBad: { attainment: 0.999, consumed: 1, met: true },
    });
    const versions = [
      { version: '1', target: '0.99', limit: null, fromMs: null, rfc: null, signOffs: [], lacks: [] },
      { version: '2', target: '0.999', limit: null, fromMs: STEP - 2 * HOUR, rfc: null, signOffs: [], lacks: [] },
    ];
    const before = runs(STEP - 4 * HOUR, 900, 0, { excluded: 100 });
    expect(judged([before, runs(STEP, 1000, 0)], { objective: objective({ versions }) })).toMatchObject({
      excludedAsBad: { attainment: 0.95, consumed: 100 / 11 },
    });
    const latency = objective({ sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false } });
    expect(judged(steps, { objective: latency }).excludedAsBad).toBeNull();
  });

  it('says of ages how many were near to the limit, of how many that is known, and changes nothing by it', () => {
    const ages = (indicator: string) =>
      objective({ sli: { type: 'threshold', indicator, ms: 1500, strict: true }, weighing: 'count' });
    const known = runs(STEP, 5000, 9, { borderline: 12, bounded: 5000 });
    const unknown = runs(STEP - MINUTE, 400, 0);
    for (const indicator of ['tick-age', 'newest-age', 'signal-age']) {
      const of = (steps: readonly TallyStep[]) => judged(steps, { objective: ages(indicator) });
      expect(of([unknown, known]).borderline).toEqual({ events: 12, of: 5000 });
      expect(of([unknown]).borderline).toEqual({ events: null, of: 0 });
      expect(of([]).borderline).toEqual({ events: null, of: 0 });
      expect(of([known]).consumed).toBe(of([{ ...known, borderline: 0 }]).consumed);
    }
    expect(judged([known], { objective: ages('latency') }).borderline).toBeNull();
    expect(judged([known]).borderline).toBeNull();
  });

  it('is the same whatever unit the weights are in', () => {
    const hour = fc.tuple(fc.nat({ max: 5000 }), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(
        fc.array(hour, { minLength: 1, maxLength: 30 }),
        fc.bigInt({ min: 2n, max: 10n ** 6n }),
        (hours, by) => {
          const steps = hourly(hours);
          const scaled = steps.map((step) => ({
            ...step,
            goodWeight: step.goodWeight * by,
            badWeight: step.badWeight * by,
            squaredWeight: step.squaredWeight * by * by,
          }));
          const { tally: _one, spent: oneSpent, ...one } = judged(steps);
          const { tally: _other, spent: otherSpent, ...other } = judged(scaled);
          expect(other).toEqual(one);
          const nothing = { num: -1n, den: 1n };
          expect(compare(otherSpent ?? nothing, oneSpent ?? nothing)).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('a percentile row', () => {
  const p95 = objective({
    target: '0.95',
    slidingMs: 5 * MINUTE,
    minEvents: 10,
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
  });
  const minutes = (of: readonly (readonly [number, number])[]) =>
    of.map(([good, bad], index) => runs(STEP - (of.length - 1 - index) * MINUTE, good, bad));

  it('has its live verdict from the last five minutes and its colour from the ledger', () => {
    const calm = Array.from({ length: 55 }, () => [20, 0] as const);
    const status = judged(minutes([...calm, [18, 2], [19, 1], [19, 1], [19, 1], [20, 0]]), { objective: p95 });
    expect(status.live).toEqual({ valid: 100, good: 95, pass: true, percentile: null });
    expect(status.colour).toBe('green');
    expect(
      judged(
        minutes([
          [18, 2],
          [19, 1],
          [19, 1],
          [19, 1],
          [19, 1],
        ]),
        { objective: p95 },
      ).live,
    ).toEqual({
      valid: 100,
      good: 94,
      pass: false,
      percentile: null,
    });
  });

  it('counts the windows that end with a complete minute, and flags the thin ones', () => {
    const status = judged(
      minutes([
        [20, 0],
        [0, 20],
        [20, 0],
        [1, 0],
      ]),
      { objective: { ...p95, windowMs: HOUR } },
    );
    // Windows end after the minutes of 20, 20 + 20 and 40 + 20 events; the minute under way is not over.
    expect(status.windows).toEqual({ passed: 1, judged: 3, flagged: 0 });
    expect(
      judged(
        minutes([
          [5, 0],
          [0, 0],
          [6, 0],
          [1, 0],
        ]),
        { objective: { ...p95, windowMs: HOUR } },
      ).windows,
    ).toEqual({
      passed: 3,
      judged: 3,
      flagged: 2,
    });
  });

  it('judges as many windows as sliding by hand does', () => {
    const minute = fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(fc.array(minute, { minLength: 1, maxLength: 40 }), (of) => {
        const steps = minutes(of).filter(({ good, bad }) => good + bad > 0);
        let [passed, judgedWindows, flagged] = [0, 0, 0];
        for (let end = END - HOUR; end <= STEP; end += MINUTE) {
          const inside = steps.filter(({ atMs }) => atMs < end && atMs >= end - 5 * MINUTE);
          const [good, bad] = [inside.reduce((n, s) => n + s.good, 0), inside.reduce((n, s) => n + s.bad, 0)];
          if (good + bad === 0) continue;
          judgedWindows += 1;
          if (good * 20 >= (good + bad) * 19) passed += 1;
          if (good + bad < 10) flagged += 1;
        }
        if (steps.length === 0) return;
        const status = judged(steps, { objective: { ...p95, windowMs: HOUR } });
        expect(status.windows).toEqual({ passed, judged: judgedWindows, flagged });
      }),
    );
  });

  it('is flagged by a thin live window while its ledger lets consequences act', () => {
    const steps = [runs(STEP - HOUR, 500, 0), runs(STEP, 9, 0)];
    expect(judged(steps, { objective: p95 })).toMatchObject({ manualReview: true, enoughEvents: true });
  });

  it('has regressed when its percentile is more than 2 % above the limit, while its live window fails', () => {
    const at = (ms: number, good = 90) =>
      withPercentile(
        judged([runs(STEP, good, 100 - good)], { objective: p95 }),
        new Map([['', Array.from({ length: 100 }, () => ({ ms: Number.isFinite(ms) ? ms : null, weight: 1n }))]]),
      ).regression;
    expect([at(255), at(255.1), at(Number.POSITIVE_INFINITY)]).toEqual([false, true, true]);
    expect(at(255.1, 100)).not.toBe(true);
    const failing = judged([runs(STEP, 90, 10)], { objective: p95 });
    expect(withPercentile(failing, new Map()).regression).toBe(failing.regression);
  });
});

describe('a split row', () => {
  const perVenue = objective({ split: 'venue', minEvents: 1000 });
  const at = (split: string, good: number, bad: number) => runs(STEP, good, bad, { split });

  it('takes the figures of its worst split that has enough events, and flags the thin ones', () => {
    const status = judged([at('a', 9990, 10), at('b', 9995, 5), at('c', 5, 95)], { objective: perVenue });
    expect(status).toMatchObject({
      colour: 'red',
      consumed: 1,
      validEvents: 10_000,
      enoughEvents: true,
      manualReview: true,
    });
    expect(status.worstSplit?.split).toBe('a');
    expect(status.splits.map(({ split, colour, enoughEvents }) => [split, colour, enoughEvents])).toEqual([
      ['a', 'red', true],
      ['b', 'yellow', true],
      ['c', 'red', false],
    ]);
  });

  it('goes by its thin splits while no split has enough events, which keeps consequences at bay', () => {
    const status = judged([at('a', 900, 0), at('b', 90, 10)], { objective: perVenue });
    expect(status).toMatchObject({ colour: 'red', enoughEvents: false, manualReview: true });
    expect(status.worstSplit?.split).toBe('b');
  });

  it('never blends its splits: each has its own burn', () => {
    const status = judged([at('a', 5000, 0), at('b', 4950, 50)], { objective: perVenue });
    expect(status.burn['1h']).toBe(10);
  });

  it('is Unknown while nothing has come', () => {
    expect(judged([], { objective: perVenue })).toMatchObject({ colour: 'unknown', splits: [], worstSplit: null });
  });
});
