import { performance } from 'node:perf_hooks';
import { openRunQueue, type RunQueue } from './run-queue.ts';
import { createStalls, mostLate } from './stalls.ts';

/**
 * How late the event loop ran, so that a run can say whether its own process spoiled it. Three things are looked at, since
 * each is blind to what the others see:
 *
 * - each turn of the loop: the time in which it did not wait for events, that is, in which an answer may have lain unread;
 * - the run queue: the time in which the thread was to run and had no core, which in a turn looks like waiting for events;
 * - a timer: what it is late by tells also of a machine that was not run at all.
 *
 * All are upper bounds of how late one event may have been seen.
 */
export interface LoopWatch extends Disposable {
  /**
   * Largest delay seen since that monotonic moment, ms, one that is still going on included; never more than the time since.
   * With `stretchesMs`, what was measured one after the other: the most by which their sum may be too large.
   */
  maxSince(monotonicMs: number, stretchesMs?: readonly number[]): number;
}

const PERIOD_MS = 10;
/** A timer is late by up to so much on its own account: they go by whole milliseconds. */
const TIMER_FLOOR_MS = 1;
/** The run queue is read no more often than this, and not while the loop is never idle: reading takes 2 to 6 µs. */
const QUEUE_EVERY_MS = 0.5;
/** Below this a loop did not wait: events were there when it asked. */
const WAITED_MS = 0.001;
const ONE = [Infinity];

/**
 * @param now monotonic milliseconds; the same clock that callers of `maxSince` use
 * @param queue of this thread; null leaves it out. Disposed of with the watch.
 */
export function watchLoop(
  now: () => number = () => performance.now(),
  queue: RunQueue | null = openRunQueue(),
): LoopWatch {
  const stalls = createStalls();
  let turnedMs = performance.now();
  let idleMs = idleSoFar();
  /** Of the turn before. */
  let before = { heldMs: 0, isAlone: false };
  let queuedMs = queue?.waitedMs() ?? 0;
  let queueReadMs = turnedMs;
  let idleAtReadMs = idleMs;
  let starvedMs = 0;

  /** Of this turn so far. Reads its clocks once, the run queue when it is time to. */
  function sinceTurn() {
    const atMs = performance.now();
    const idle = idleSoFar();
    if (queue !== null && idle - idleAtReadMs > WAITED_MS && atMs - queueReadMs >= QUEUE_EVERY_MS) {
      const waitedMs = queue.waitedMs();
      // A wait for a core amid work is in the turn's time already: only what looked like waiting for events is added.
      starvedMs += Math.min(waitedMs - queuedMs, idle - idleAtReadMs);
      queuedMs = waitedMs;
      queueReadMs = atMs;
      idleAtReadMs = idle;
    }
    const waitedMs = idle - idleMs;
    return { atMs, idle, waited: waitedMs > WAITED_MS, heldMs: Math.max(0, atMs - turnedMs - waitedMs) + starvedMs };
  }

  function turn(): void {
    const { atMs, idle, waited, heldMs } = sinceTurn();
    // Events that were there at once may have come in the turn before: then they waited for both.
    if (!waited && before.isAlone) stalls.retract();
    stalls.keep(now(), waited ? heldMs : before.heldMs + heldMs);
    before = { heldMs, isAlone: waited };
    starvedMs = 0;
    turnedMs = atMs;
    idleMs = idle;
    next = setImmediate(turn).unref();
  }
  // One that is not waited for runs at the end of every turn, and keeps none from waiting for events.
  let next = setImmediate(turn).unref();

  let expectedMs = now() + PERIOD_MS;
  const timer = setInterval(() => {
    const at = now();
    if (at - expectedMs > TIMER_FLOOR_MS) {
      stalls.keep(at, at - expectedMs);
      before = { ...before, isAlone: false };
    }
    expectedMs = at + PERIOD_MS;
  }, PERIOD_MS);
  timer.unref();

  return {
    maxSince(monotonicMs, stretchesMs = ONE) {
      const at = now();
      const { waited, heldMs } = sinceTurn();
      const going = Math.max(waited ? heldMs : before.heldMs + heldMs, at - expectedMs, 0);
      return mostLate([Math.min(going, Math.max(0, at - monotonicMs)), ...stalls.since(monotonicMs)], stretchesMs);
    },
    [Symbol.dispose]() {
      clearImmediate(next);
      clearInterval(timer);
      queue?.[Symbol.dispose]();
    },
  };
}

/** Time that this thread's loop has spent waiting for events, ms. */
function idleSoFar(): number {
  return performance.eventLoopUtilization().idle;
}
