import type { Clock } from '../../probes/probe.ts';

/**
 * The wall clock, but for when it is set back: until it has caught up, time goes on as the monotonic clock has it. What is
 * due in five minutes is due in five minutes, and what was due stays so.
 */
export function steadyClock(clock: Pick<Clock, 'wallMs' | 'monotonicMs'>): () => number {
  let last = { atMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  return () => {
    const nowMs = clock.monotonicMs();
    const atMs = Math.max(clock.wallMs(), last.atMs + (nowMs - last.monotonicMs));
    last = { atMs, monotonicMs: nowMs };
    return Math.round(atMs);
  };
}
