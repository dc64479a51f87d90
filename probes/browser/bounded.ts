import { deadline } from '../deadline.ts';
import type { Clock } from '../probe.ts';

/** Rejects with the signal's reason once it has aborted. Goes unhandled safely. */
export function whenAborted(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  aborted.catch(() => undefined);
  return aborted;
}

/** What comes within `ms`; null when nothing does, or it fails. Whoever is late is left to end by itself. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | null> {
  using limit = deadline(clock, ms, new AbortController().signal);
  return await Promise.race([work, whenAborted(limit.signal)]).catch(() => null);
}
