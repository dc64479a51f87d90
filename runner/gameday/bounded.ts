import type { Clock } from '../../probes/probe.ts';

export type Bounded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/**
 * Waits for `work`, but no longer than `withinMs` and no longer than until `signal` aborts, even if the work ignores its
 * own signal. A throw is an answer too: nothing that hangs or fails out there may hang or end a game-day.
 */
export async function bounded<T>(
  work: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
  withinMs: number,
  signal: AbortSignal,
): Promise<Bounded<T>> {
  if (signal.aborted) return { ok: false, why: 'stopped' };
  const over = new AbortController();
  const inner = new AbortController();
  try {
    return await Promise.race([
      work(inner.signal).then(
        (value): Bounded<T> => ({ ok: true, value }),
        (error: unknown): Bounded<T> => ({ ok: false, why: messageOf(error) }),
      ),
      clock.sleep(withinMs, AbortSignal.any([signal, over.signal])).then(
        (): Bounded<T> => ({ ok: false, why: `no answer within ${withinMs} ms` }),
        (): Bounded<T> => ({ ok: false, why: 'stopped' }),
      ),
    ]);
  } finally {
    inner.abort(new DOMException('no longer waited for', 'AbortError'));
    over.abort();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
