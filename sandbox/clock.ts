import { performance } from 'node:perf_hooks';

/** Wall clock for stamps, monotonic clock for pacing and durations. Built by main, handed to everything else. */
export interface SandboxClock {
  /** Microseconds since the Unix epoch, an integer. May jump. */
  wallUs(): number;
  /** Milliseconds from an arbitrary origin, with fractions. Never goes back. */
  monotonicMs(): number;
}

/** Beyond this disagreement the wall clock was stepped or slewed away from the anchor, and the anchor is taken anew. */
const MAX_DRIFT_MS = 2;

/**
 * `Date.now` counts whole milliseconds, too coarse for exchange timestamps; the fraction comes from the monotonic clock,
 * anchored to the wall clock again whenever the two disagree.
 */
export function createSystemClock(): SandboxClock {
  let anchorWallMs = Date.now();
  let anchorMs = performance.now();
  return {
    monotonicMs: () => performance.now(),
    wallUs() {
      const nowMs = performance.now();
      const wallMs = Date.now();
      const estimateMs = anchorWallMs + (nowMs - anchorMs);
      if (Math.abs(estimateMs - wallMs) <= MAX_DRIFT_MS) return Math.floor(estimateMs * 1000);
      anchorWallMs = wallMs;
      anchorMs = nowMs;
      return wallMs * 1000;
    },
  };
}
