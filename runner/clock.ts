import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../probes/probe.ts';

/** The machine's own clocks. The only place, with main, that reads them. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => delay(Math.max(0, ms), undefined, { signal }),
};
