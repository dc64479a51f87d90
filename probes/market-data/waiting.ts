import { deadline } from '../deadline.ts';
import type { RunContext } from '../probe.ts';

/** Resolves with the promise, after `ms`, or when the run's signal aborts: whichever comes first. */
export async function endOf(
  promise: Promise<unknown>,
  ms: number,
  ctx: Pick<RunContext, 'clock' | 'signal'>,
): Promise<void> {
  using limit = deadline(ctx.clock, ms, ctx.signal);
  const { signal } = limit;
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    void promise.then(() => resolve());
  });
}
