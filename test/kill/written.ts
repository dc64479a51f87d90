import type { Result } from '../../store/result.ts';
import { T0, aResult } from '../support/results.ts';

/** A minute a run: a segment of the chain is sixty runs. */
export const momentOf = (n: number): number => T0 + n * 60_000;

/** Five hours: what the writer has not yet been told is durable is never so old. */
export const KEEP = { resultsMs: 300 * 60_000, talliesMs: 400 * 86_400_000 };

/** The run that a writer stores as its `n`th, long enough for pages to come and go. */
export function writtenResult(n: number): Result {
  return aResult(n, {
    scheduledMs: momentOf(n),
    outcome: n % 5 === 0 ? 'bad' : 'good',
    endpoint: n % 2 === 0 ? '/orders' : null,
    detail: 'x'.repeat(1_000),
  });
}
