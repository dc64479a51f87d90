/**
 * The sliding windows of a percentile row: a window passes iff good ÷ valid ≥ q, which is nearest rank ≤ limit. That is
 * bad ≤ valid × (1 − q), which also holds of a window that spans a change of q, each part restated.
 */
import { allowance, type Share } from './budget.ts';
import type { Rational } from './decimal.ts';
import type { TallyStep } from './ranges.ts';
import type { LiveWindow } from './status.ts';
import { validEvents } from './tally.ts';
import { spanOf, type Restated } from './targets.ts';

/** Decided on weights; null without valid events. */
export function windowPasses({ bad, valid }: Share, q: Rational): boolean | null {
  const allowed = allowance(q);
  return valid <= 0n ? null : bad * allowed.den <= valid * allowed.num;
}

export function liveWindow(steps: readonly TallyStep[], fromMs: number, restated: Restated): LiveWindow {
  const first = steps.findIndex((step) => step.atMs >= fromMs);
  const { tally, share } = spanOf(first < 0 ? [] : steps.slice(first), restated);
  return { valid: validEvents(tally), good: tally.good, pass: windowPasses(share, restated.target), percentile: null };
}

export interface SlidingOptions {
  readonly slidingMs: number;
  readonly stepMs: number;
  /** Where the fetched steps begin, and the end of the last complete step. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly minEvents: number;
}

export interface WindowCounts {
  readonly passed: number;
  readonly judged: number;
  readonly flagged: number;
}

/** Judges every window that ends with a complete step; one without valid events is neither passed nor judged. */
export function judgeWindows(
  steps: readonly TallyStep[],
  { share, target }: Restated,
  options: SlidingOptions,
): WindowCounts {
  let [passed, judged, flagged] = [0, 0, 0];
  let [entering, leaving] = [0, 0];
  let [bad, valid, events] = [0n, 0n, 0];
  for (let end = options.fromMs + options.slidingMs; end <= options.untilMs; end += options.stepMs) {
    for (let step = steps[entering]; step !== undefined && step.atMs < end; step = steps[(entering += 1)]) {
      const part = share(step);
      bad += part.bad;
      valid += part.valid;
      events += validEvents(step);
    }
    const start = end - options.slidingMs;
    for (let step = steps[leaving]; step !== undefined && step.atMs < start; step = steps[(leaving += 1)]) {
      const part = share(step);
      bad -= part.bad;
      valid -= part.valid;
      events -= validEvents(step);
    }
    const passes = windowPasses({ bad, valid }, target);
    if (passes === null) continue;
    judged += 1;
    if (passes) passed += 1;
    if (events < options.minEvents) flagged += 1;
  }
  return { passed, judged, flagged };
}
