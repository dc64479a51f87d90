/** Ten thousand probes for an hour, by a clock that jumps from wake-up to wake-up. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../probes/probe.ts';
import { createSchedule } from '../../../runner/engine/schedule.ts';
import { seededRandom } from '../../../scenarios/random.ts';

const PROBES = 10_000;
const EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
/** No process starts its monotonic clock at a round figure. */
const START_MS = 1234.567;

/** Wakes its one sleeper later than it asked, by what `lateMs` says; aborts when an hour is over. */
function hour(lateMs: () => number): { readonly clock: Clock; readonly over: AbortSignal } {
  const over = new AbortController();
  let nowMs = START_MS;
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms) => {
      nowMs = Math.min(nowMs + Math.max(0, ms) + lateMs(), START_MS + HOUR_MS);
      if (nowMs === START_MS + HOUR_MS) over.abort();
      return Promise.resolve();
    },
  };
  return { clock, over: over.signal };
}

interface Account {
  readonly phaseMs: number;
  /** Grid points that were started or told of as missed. */
  points: number;
  missed: number;
  weightMs: number;
}

/** @returns what is wrong, a line each, and what there was */
async function play(lateMs: () => number) {
  const { clock, over } = hour(lateMs);
  const schedule = createSchedule(clock);
  const random = seededRandom(7);
  const accounts = new Map<string, Account>();
  for (let n = 0; n < PROBES; n += 1) {
    const phase = random();
    schedule.set(`probe-${n}`, EVERY_MS, phase);
    accounts.set(`probe-${n}`, { phaseMs: START_MS + phase * EVERY_MS, points: 0, missed: 0, weightMs: 0 });
  }
  const wrong: string[] = [];
  let started = 0;
  let latestMs = 0;
  await schedule.run(({ id, dueMs, weightMs, missed, missedWeightMs }) => {
    const account = accounts.get(id);
    if (account === undefined) throw new Error(id);
    account.points += missed;
    account.missed += missed;
    // To a millionth of a millisecond: sums of binary fractions.
    const expectedMs = account.phaseMs + account.points * EVERY_MS;
    if (Math.abs(dueMs - expectedMs) > 1e-6) wrong.push(`${id}: due at ${dueMs}, not at ${expectedMs}`);
    if (clock.monotonicMs() < dueMs) wrong.push(`${id}: began before ${dueMs}`);
    account.points += 1;
    account.weightMs += weightMs + missedWeightMs;
    started += 1;
    latestMs = Math.max(latestMs, clock.monotonicMs() - dueMs);
  }, over);
  let missed = 0;
  for (const [id, account] of accounts) {
    missed += account.missed;
    if (account.weightMs !== account.points * EVERY_MS) wrong.push(`${id}: weighs ${account.weightMs}`);
  }
  return { wrong: wrong.slice(0, 5), started, missed, latestMs, points: started + missed };
}

describe('ten thousand probes, each once a minute, during an hour', () => {
  it('are each due 60 times, at their phase plus whole intervals', async () => {
    expect(await play(() => 0)).toEqual({
      wrong: [],
      started: 600_000,
      missed: 0,
      points: 600_000,
      latestMs: expect.closeTo(0, 6),
    });
  });

  it('do not drift, and lose and double nothing, when the clock wakes late', async () => {
    const random = seededRandom(11);
    const { wrong, started, missed, latestMs } = await play(() => (random() < 0.01 ? 900 * random() : 3 * random()));
    // What was due in the last moments, while the clock overslept the end of the hour, is not begun any more.
    expect({ wrong, missed }).toEqual({ wrong: [], missed: 0 });
    expect(started).toBeGreaterThan(600_000 - (PROBES * 900) / EVERY_MS);
    expect(started).toBeLessThanOrEqual(600_000);
    expect(latestMs).toBeGreaterThan(500);
  });

  it('are told of as missed, each once, when the process slept longer than an interval', async () => {
    const random = seededRandom(13);
    let left = 3;
    const { wrong, missed, points } = await play(() => {
      if (left === 0 || random() > 0.001) return 0;
      left -= 1;
      return 150_000;
    });
    expect(wrong).toEqual([]);
    // Of 150 s each probe loses one or two runs; the last of them is begun, late.
    expect(missed).toBeGreaterThanOrEqual(3 * PROBES);
    expect(missed).toBeLessThanOrEqual(6 * PROBES);
    expect(points).toBe(600_000);
  });
});
