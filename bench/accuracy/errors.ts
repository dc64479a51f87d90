/** How far figures were from the truth. Pure. */
import { median } from '../arithmetic.ts';
import type { Measured } from '../contender.ts';

/** What was measured, less what was true, of one run; ms. */
export interface Off {
  readonly firstByteMs: number;
  readonly latencyMs: number;
  readonly counts: boolean;
  readonly heldUpMs: number | null;
}

export function offOf({ firstByteMs, latencyMs, counts, heldUpMs }: Measured, trueMs: number): Off {
  return { firstByteMs: firstByteMs - trueMs, latencyMs: latencyMs - trueMs, counts, heldUpMs };
}

export interface Sizes {
  readonly median: number;
  readonly p99: number;
}

/** Of the errors without their sign; p99 by nearest rank. @throws RangeError without errors. */
export function sizesOf(errors: readonly number[]): Sizes {
  const sizes = errors.map(Math.abs).toSorted((a, b) => a - b);
  const p99 = sizes[Math.ceil(0.99 * sizes.length) - 1];
  if (p99 === undefined) throw new RangeError('no errors');
  return { median: median(sizes), p99 };
}

export interface Counts {
  readonly runs: number;
  /** First byte or latency further from the truth than the tolerance. */
  readonly off: number;
  readonly flagged: number;
  /** Off, and yet said to count. */
  readonly unflagged: number;
  /** Flagged without being off: what the caution costs. */
  readonly spared: number;
}

export function countsOf(runs: readonly Off[], toleranceMs: number): Counts {
  const isOff = ({ firstByteMs, latencyMs }: Off): boolean =>
    Math.max(Math.abs(firstByteMs), Math.abs(latencyMs)) > toleranceMs;
  const off = runs.filter(isOff);
  const flagged = runs.filter(({ counts }) => !counts);
  return {
    runs: runs.length,
    off: off.length,
    flagged: flagged.length,
    unflagged: off.filter(({ counts }) => counts).length,
    spared: flagged.filter((run) => !isOff(run)).length,
  };
}
