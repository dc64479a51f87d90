/**
 * The sliding windows of a percentile row: a window passes iff good ÷ valid ≥ q, which is nearest rank ≤ limit. That is
 * bad ≤ valid × (1 − q), which also holds of a window that spans a change of q, each part restated.
 */
import { allowance, shareOf, type Share } from './budget.ts';
import type { Rational } from './decimal.ts';
import type { History, Step } from './history.ts';
import type { LiveWindow } from './status.ts';
import { validEvents } from './tally.ts';
import { spanOf, type Restated } from './targets.ts';

/** Decided on weights; null without valid events. */
export function windowPasses({ bad, valid }: Share, q: Rational): boolean | null {
  if (valid <= 0n) return null;
  const allowed = allowance(q);
  return bad === 0n || bad * allowed.den <= valid * allowed.num;
}

export function liveWindow(history: History, fromMs: number, toMs: number, restated: Restated): LiveWindow {
  const { tally, share } = spanOf(history, fromMs, toMs, restated);
  return { valid: validEvents(tally), good: tally.good, pass: windowPasses(share, restated.target), percentile: null };
}

export interface SlidingOptions {
  readonly slidingMs: number;
  readonly stepMs: number;
  /** Ends of the first and of the last window to be judged; in between one ends with every step. */
  readonly firstEndMs: number;
  readonly lastEndMs: number;
  readonly minEvents: number;
}

export interface WindowCounts {
  readonly passed: number;
  readonly judged: number;
  readonly flagged: number;
}

/** What is said of one window: nothing (0), or that it was judged, and that it passed, or was thin. */
export const JUDGED = 1;
export const PASSED = 2;
export const THIN = 4;

/**
 * A verdict for each window, oldest first; one without valid events is neither passed nor judged.
 * @param steps ascending, all that the windows hold
 */
export function judgeWindows(
  steps: readonly Step[],
  { restate, target }: Restated,
  { slidingMs, stepMs, firstEndMs, lastEndMs, minEvents }: SlidingOptions,
): Uint8Array {
  const verdicts = new Uint8Array(Math.max(0, Math.floor((lastEndMs - firstEndMs) / stepMs) + 1));
  let [entering, leaving] = [0, 0];
  let [bad, valid, events] = [0n, 0n, 0];
  for (let index = 0; index < verdicts.length; index += 1) {
    const end = firstEndMs + index * stepMs;
    const start = end - slidingMs;
    for (let step = steps[entering]; step !== undefined && step.atMs < end; step = steps[(entering += 1)]) {
      const part = restate(shareOf(step), step.atMs);
      bad += part.bad;
      valid += part.valid;
      events += validEvents(step);
    }
    for (let step = steps[leaving]; step !== undefined && step.atMs < start; step = steps[(leaving += 1)]) {
      const part = restate(shareOf(step), step.atMs);
      bad -= part.bad;
      valid -= part.valid;
      events -= validEvents(step);
    }
    const passes = windowPasses({ bad, valid }, target);
    if (passes !== null) verdicts[index] = JUDGED | (passes ? PASSED : 0) | (events < minEvents ? THIN : 0);
  }
  return verdicts;
}

export function countWindows(verdicts: Uint8Array): WindowCounts {
  let [passed, judged, flagged] = [0, 0, 0];
  for (const verdict of verdicts) {
    if (verdict === 0) continue;
    judged += 1;
    if ((verdict & PASSED) !== 0) passed += 1;
    if ((verdict & THIN) !== 0) flagged += 1;
  }
  return { passed, judged, flagged };
}

/** The windows whose share that passed is an objective's attainment now: those that ended with a complete step. */
export function attainmentEnds(
  endMs: number,
  windowMs: number,
  stepMs: number,
): { firstEndMs: number; lastEndMs: number } {
  return { firstEndMs: endMs - Math.floor(windowMs / stepMs) * stepMs, lastEndMs: endMs - stepMs };
}
