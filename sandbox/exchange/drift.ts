import type { SandboxClock } from '../clock.ts';

/** A clock that goes wrong steadily: the error grows from the moment at which the drift was last changed. */
export function driftingClock(clock: SandboxClock, msPerSecond: () => number): SandboxClock {
  let rate = 0;
  let sinceMs = 0;
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallUs() {
      const nowMs = clock.monotonicMs();
      if (msPerSecond() !== rate) {
        rate = msPerSecond();
        sinceMs = nowMs;
      }
      // `ms` a second are as many thousandths; microseconds are thousandths of `ms`: the two cancel out.
      return clock.wallUs() + Math.round((nowMs - sinceMs) * rate);
    },
  };
}
