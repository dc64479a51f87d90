import type { Clock } from '../../probes/probe.ts';

const LOOK_EVERY_MS = 25;

/** Looks until `look` finds something (anything but null), `withinMs` are over, or the signal aborts: then null. */
export async function lookedFor<T>(
  look: () => T | null | Promise<T | null>,
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
  withinMs: number,
  signal: AbortSignal,
  everyMs = LOOK_EVERY_MS,
): Promise<T | null> {
  const untilMs = clock.monotonicMs() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (signal.aborted || clock.monotonicMs() >= untilMs) return null;
    await clock.sleep(everyMs, signal).catch(() => undefined);
  }
}
