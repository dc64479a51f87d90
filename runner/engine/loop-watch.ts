import { performance } from 'node:perf_hooks';

/**
 * How late the event loop ran, so that a run can say whether its own process spoiled it. A timer asks to be called every
 * `PERIOD_MS`; what it is late by is the delay. Stalls below `FLOOR_MS` are noise and not kept.
 */
export interface LoopWatch extends Disposable {
  /** Largest delay seen since that monotonic moment, ms, a stall that is still going on included. */
  maxSince(monotonicMs: number): number;
}

const PERIOD_MS = 10;
const FLOOR_MS = 1;
const KEEP_MS = 600_000;

interface Stall {
  readonly endMs: number;
  readonly delayMs: number;
}

/** @param now monotonic milliseconds; the same clock that callers of `maxSince` use. */
export function watchLoop(now: () => number = () => performance.now()): LoopWatch {
  let stalls: Stall[] = [];
  let expectedMs = now() + PERIOD_MS;
  const timer = setInterval(() => {
    const at = now();
    const delayMs = at - expectedMs;
    if (delayMs > FLOOR_MS) {
      stalls.push({ endMs: at, delayMs });
      if (stalls.length > 4096) stalls = stalls.filter((stall) => stall.endMs > at - KEEP_MS).slice(-2048);
    }
    expectedMs = at + PERIOD_MS;
  }, PERIOD_MS);
  timer.unref();
  return {
    maxSince(monotonicMs) {
      let max = Math.max(0, now() - expectedMs);
      for (let i = stalls.length - 1; i >= 0; i -= 1) {
        const stall = stalls[i];
        if (stall === undefined || stall.endMs < monotonicMs) break;
        if (stall.delayMs > max) max = stall.delayMs;
      }
      return max;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}
