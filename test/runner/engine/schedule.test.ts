import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../scenarios/random.ts';
import { createSchedule, type Due, type Schedule } from '../../../runner/engine/schedule.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Started extends Due {
  /** Monotonic ms at which it was really started. */
  readonly atMs: number;
}

interface Playing {
  readonly clock: ManualClock;
  readonly schedule: Schedule;
  readonly started: Started[];
  /** Aborts and waits for the end. */
  readonly stop: () => Promise<void>;
}

function play(before: (schedule: Schedule) => void = () => undefined, startMs = 0): Playing {
  const clock = new ManualClock(startMs);
  const schedule = createSchedule(clock);
  const started: Started[] = [];
  const controller = new AbortController();
  before(schedule);
  const running = schedule.run((due) => started.push({ ...due, atMs: clock.monotonicMs() }), controller.signal);
  return {
    clock,
    schedule,
    started,
    async stop() {
      controller.abort('enough');
      await running;
    },
  };
}

const dueTimes = (started: readonly Due[]): readonly number[] => started.map((due) => due.dueMs);
const weightOf = (started: readonly Due[]): number =>
  started.reduce((sum, due) => sum + due.weightMs + due.missedWeightMs, 0);

describe('due times', () => {
  it('are arithmetic: an hour of seconds ends where it should, to the last bit', async () => {
    const { clock, started, stop } = play((schedule) => schedule.set('a', 1000, 0.25), 12_345.678);
    await clock.advance(3_600_000);
    await stop();
    expect(started).toHaveLength(3600);
    expect(started.at(0)?.dueMs).toBe(12_345.678 + 250);
    expect(started.at(-1)?.dueMs).toBeCloseTo(12_345.678 + 250 + 3599 * 1000, 6);
    expect(new Set(started.map((due) => due.weightMs))).toEqual(new Set([1000]));
  });

  it('do not move when every run is started late', async () => {
    const { clock, started, stop } = play((schedule) => schedule.set('a', 1000, 0));
    for (let second = 0; second < 50; second += 1) await clock.oversleep(1000 + (second % 2 === 0 ? 300 : -300));
    await stop();
    expect(dueTimes(started)).toEqual(Array.from({ length: 51 }, (_, n) => n * 1000));
    expect(started.every((due) => due.missed === 0)).toBe(true);
    expect(started.some((due) => due.atMs - due.dueMs === 300)).toBe(true);
  });

  it('begin at the given phase of the interval', async () => {
    const { clock, started, stop } = play((schedule) => {
      schedule.set('a', 1000, 0);
      schedule.set('b', 1000, 0.5);
      schedule.set('c', 4000, 0.75);
    });
    await clock.advance(4000);
    await stop();
    expect(started.map((due) => `${due.id}@${due.dueMs}`)).toEqual([
      'a@0',
      'b@500',
      'a@1000',
      'b@1500',
      'a@2000',
      'b@2500',
      'a@3000',
      'c@3000',
      'b@3500',
      'a@4000',
    ]);
  });

  it('are spread by the seed: the same for the same seed, evenly over many probes', () => {
    const phases = (seed: number): readonly number[] =>
      Array.from({ length: 1000 }, (_, n) => seededRandom(seed, 'phase', `probe-${n}`)());
    expect(phases(1)).toEqual(phases(1));
    expect(phases(1)).not.toEqual(phases(2));
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const phase of phases(7)) tenths[Math.floor(phase * 10)] = (tenths[Math.floor(phase * 10)] ?? 0) + 1;
    for (const count of tenths) expect(count).toBeGreaterThan(60);
  });

  it('come for a probe that is added while the schedule waits for a later one', async () => {
    const { clock, schedule, started, stop } = play((first) => first.set('slow', 60_000, 0.5));
    await clock.advance(1000);
    schedule.set('fast', 100, 0.5);
    await clock.advance(100);
    await stop();
    expect(started.map((due) => [due.id, due.dueMs])).toEqual([['fast', 1050]]);
  });

  it('come for the first probe of a schedule that began empty', async () => {
    const { clock, schedule, started, stop } = play();
    await clock.advance(500);
    schedule.set('a', 1000, 0);
    await clock.advance(1);
    await stop();
    expect(dueTimes(started)).toEqual([500]);
  });
});

describe('a change of interval', () => {
  it('takes effect at the next due time, and each run weighs the interval it was scheduled under', async () => {
    const { clock, schedule, started, stop } = play((first) => first.set('a', 60_000, 0));
    await clock.advance(90_000);
    schedule.set('a', 15_000, 0.9);
    expect(schedule.intervalMs('a')).toBe(15_000);
    await clock.advance(60_000);
    schedule.set('a', 60_000, 0.1);
    await clock.advance(120_000);
    await stop();
    expect(started.map((due) => [due.dueMs, due.weightMs])).toEqual([
      [0, 60_000],
      [60_000, 60_000],
      [120_000, 60_000],
      [135_000, 15_000],
      [150_000, 15_000],
      [165_000, 15_000],
      [225_000, 60_000],
    ]);
  });

  it('never loses or doubles time: the weights add up to what passed, through any changes and any oversleeping', async () => {
    const step = fc.record({
      intervalMs: fc.option(fc.integer({ min: 1, max: 5000 })),
      passMs: fc.integer({ min: 0, max: 4000 }),
      oversleeps: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 50, max: 5000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (steps, firstMs, phase) => {
          const { clock, schedule, started, stop } = play((first) => first.set('a', firstMs, phase));
          for (const { intervalMs, passMs, oversleeps } of steps) {
            if (intervalMs !== null) schedule.set('a', Math.max(50, intervalMs), 0);
            await (oversleeps ? clock.oversleep(passMs) : clock.advance(passMs));
          }
          await clock.advance(0);
          const passedMs = clock.monotonicMs();
          await stop();
          // Each run stands for the stretch before its due time; the first one also for its phase.
          const last = started.at(-1);
          const phaseMs = firstMs * phase;
          const expectedMs = last === undefined ? 0 : last.dueMs - phaseMs + firstMs;
          expect(weightOf(started)).toBeCloseTo(expectedMs, 3);
          const longestMs = Math.max(firstMs, ...steps.map((each) => Math.max(50, each.intervalMs ?? 0)));
          expect(Math.abs(weightOf(started) - passedMs)).toBeLessThanOrEqual(longestMs + 0.001);
          for (const due of started) expect(Number.isInteger(due.weightMs) && due.weightMs > 0).toBe(true);
          expect(started.filter((due) => due.atMs < due.dueMs)).toEqual([]);
          expect(started.filter((due, index) => due.dueMs <= (started[index - 1]?.dueMs ?? -1))).toEqual([]);
        },
      ),
      { numRuns: 150, seed: 20_260_115 },
    );
  });
});

describe('a process that slept', () => {
  it('counts the runs that never came due, and what they weighed, once', async () => {
    const { clock, started, stop } = play((schedule) => schedule.set('a', 1000, 0));
    await clock.advance(1500);
    await clock.oversleep(10_000);
    await clock.advance(2000);
    await stop();
    const slept = started.filter((due) => due.missed > 0);
    expect(slept).toMatchObject([{ dueMs: 11_000, missed: 9, missedWeightMs: 9000, weightMs: 1000 }]);
    expect(dueTimes(started)).toEqual([0, 1000, 11_000, 12_000, 13_000]);
    expect(weightOf(started)).toBe(14_000);
  });

  it('weighs the first missed run by the interval it was scheduled under, the rest by the new one', async () => {
    const { clock, schedule, started, stop } = play((first) => first.set('a', 10_000, 0));
    await clock.advance(1000);
    schedule.set('a', 1000, 0);
    await clock.oversleep(12_500);
    await stop();
    expect(started.slice(1)).toMatchObject([{ dueMs: 13_000, missed: 3, missedWeightMs: 12_000, weightMs: 1000 }]);
  });

  it('loses nothing when it was late by less than an interval', async () => {
    const { clock, started, stop } = play((schedule) => schedule.set('a', 1000, 0));
    await clock.advance(0);
    await clock.oversleep(1999);
    await stop();
    expect(started.map(({ dueMs, missed }) => [dueMs, missed])).toEqual([
      [0, 0],
      [1000, 0],
    ]);
  });
});

describe('an end', () => {
  it('comes to a removed probe at once; one of the same name begins afresh', async () => {
    const { clock, schedule, started, stop } = play((first) => {
      first.set('a', 1000, 0);
      first.set('b', 1000, 0.5);
    });
    await clock.advance(1600);
    schedule.remove('a');
    expect(schedule.intervalMs('a')).toBeNull();
    await clock.advance(1000);
    schedule.set('a', 300, 0);
    await clock.advance(500);
    await stop();
    expect(started.map((due) => `${due.id}@${due.dueMs}`)).toEqual([
      'a@0',
      'b@500',
      'a@1000',
      'b@1500',
      'b@2500',
      'a@2600',
      'a@2900',
    ]);
  });

  it('may be asked for by a run of its own', async () => {
    const clock = new ManualClock();
    const schedule = createSchedule(clock);
    const controller = new AbortController();
    let runs = 0;
    schedule.set('a', 1000, 0);
    const running = schedule.run((due) => {
      runs += 1;
      schedule.remove(due.id);
    }, controller.signal);
    await clock.advance(5000);
    controller.abort();
    await running;
    expect(runs).toBe(1);
  });

  it('comes promptly when the signal aborts, and leaves no timer behind', async () => {
    const { clock, started, stop } = play((schedule) => schedule.set('a', 3_600_000, 0.5));
    await clock.advance(1);
    expect(clock.sleepers).toBe(1);
    await stop();
    expect(clock.sleepers).toBe(0);
    expect(started).toEqual([]);
  });

  it('is immediate when the signal had aborted before', async () => {
    const clock = new ManualClock();
    const schedule = createSchedule(clock);
    schedule.set('a', 1000, 0);
    await schedule.run(() => expect.unreachable('nothing may begin'), AbortSignal.abort());
  });

  it('is not overtaken by runs that were due at the same moment', async () => {
    const clock = new ManualClock();
    const schedule = createSchedule(clock);
    const controller = new AbortController();
    const started: string[] = [];
    for (const id of ['a', 'b', 'c']) schedule.set(id, 1000, 0);
    await schedule.run((due) => {
      started.push(due.id);
      controller.abort();
    }, controller.signal);
    expect(started).toHaveLength(1);
  });
});
