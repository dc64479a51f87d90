import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../probes/probe.ts';

/**
 * The wall clock with fractions of a millisecond. `Date.now` cuts them off, and every age of a tick would read half a
 * millisecond short; the monotonic clock has them. The distance between the two is kept such that this clock always lies
 * within the millisecond that `Date.now` names: it follows every jump at once, and closes in on the fraction call by call.
 */
function fractionalWallClock(wholeMs: () => number, monotonicMs: () => number): () => number {
  let offsetMs = wholeMs() - monotonicMs();
  return () => {
    const now = monotonicMs();
    const whole = wholeMs();
    if (now + offsetMs < whole) offsetMs = whole - now;
    else if (now + offsetMs >= whole + 1) offsetMs = whole + 1 - now - EPSILON_MS;
    return now + offsetMs;
  };
}

const EPSILON_MS = 0.001;

/** The machine's own clocks. The only place, with main, that reads them. */
export const systemClock: Clock = {
  wallMs: fractionalWallClock(
    () => Date.now(),
    () => performance.now(),
  ),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => delay(Math.max(0, ms), undefined, { signal }),
};
