import { describe, expect, it } from 'vitest';
import type { ClockReading, Unreadable } from '../../probes/clock/chrony.ts';
import { CLOCK_LIMITS } from '../../probes/clock/standing.ts';
import { createClockWatch } from '../../runner/clock-watch.ts';
import { ManualClock } from '../support/manual-clock.ts';

function reading(offsetMs: number): ClockReading {
  return { offsetMs, boundMs: 0.1, stratum: 3, leap: 'normal', source: 'ntp' };
}

/** A watch whose source gives these answers, one a question and the last for ever. */
function watching(...answers: (ClockReading | Unreadable)[]) {
  const clock = new ManualClock();
  const told: string[] = [];
  let asked = 0;
  const watch = createClockWatch({
    clock,
    limits: CLOCK_LIMITS,
    jumpMs: 20,
    everyMs: 30_000,
    read: () => {
      asked += 1;
      return Promise.resolve(answers[asked - 1] ?? answers.at(-1) ?? { unreadable: 'no answer' });
    },
    onChange: (standing, from) => told.push(`${from ?? 'nothing'} → ${standing.state}`),
    onJump: (byMs) => told.push(`jump ${byMs}`),
  });
  return { clock, told, watch, asked: () => asked };
}

describe('what the source says', () => {
  it('is unverified before it was asked', () => {
    expect(watching().watch.trustSince(0).standing).toMatchObject({ state: 'unverified', reading: null });
  });

  it('is asked every half a minute, and told when its state changes', async () => {
    const { clock, told, watch, asked } = watching(reading(1), reading(30), reading(31), reading(60), {
      unreadable: 'gone',
    });
    const stop = new AbortController();
    const ran = watch.run(stop.signal);
    await clock.advance(1);
    expect(told).toEqual(['nothing → good']);
    await clock.advance(150_000);
    expect(asked()).toBe(6);
    expect(told).toEqual(['nothing → good', 'good → warning', 'warning → quarantine', 'quarantine → unverified']);
    stop.abort();
    await ran;
  });
});

describe('a wall clock that jumps', () => {
  it('is seen in the stretch in which it did, and in no later one', () => {
    const { clock, told, watch } = watching();
    clock.setWall(-21);
    expect(watch.trustSince(0).jumpMs).toBe(-21);
    const later = clock.monotonicMs() + 1;
    expect(watch.trustSince(later).jumpMs).toBeNull();
    expect(told).toEqual(['jump -21']);
  });

  it('by the tolerance or less is none', () => {
    const { clock, watch } = watching();
    clock.setWall(-20);
    expect(watch.trustSince(0).jumpMs).toBeNull();
    clock.setWall(20);
    expect(watch.trustSince(0).jumpMs).toBeNull();
  });

  it('several times is known by its largest jump', () => {
    const { clock, watch } = watching();
    for (const byMs of [30, -500, 40]) {
      clock.setWall(byMs);
      watch.trustSince(0);
    }
    expect(watch.trustSince(0).jumpMs).toBe(-500);
  });
});
