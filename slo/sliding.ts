/** The sliding windows of a percentile row: a window passes iff good ÷ valid ≥ q, which is nearest rank ≤ limit. */
import type { Rational } from './decimal.ts';
import type { TallyStep } from './ranges.ts';
import type { LiveWindow } from './status.ts';
import { sumTallies, validEvents, validWeight, type Tally } from './tally.ts';

/** Decided on weights; null without valid events. */
export function windowPasses(tally: Tally, q: Rational): boolean | null {
  const valid = validWeight(tally);
  return valid <= 0n ? null : tally.goodWeight * q.den >= valid * q.num;
}

export function liveWindow(steps: readonly TallyStep[], fromMs: number, q: Rational): LiveWindow {
  const tally = sumTallies(steps.filter((step) => step.atMs >= fromMs));
  return { valid: validEvents(tally), good: tally.good, pass: windowPasses(tally, q) };
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
export function judgeWindows(steps: readonly TallyStep[], q: Rational, options: SlidingOptions): WindowCounts {
  let [passed, judged, flagged] = [0, 0, 0];
  let [entering, leaving] = [0, 0];
  let [goodWeight, weight, events] = [0n, 0n, 0];
  for (let end = options.fromMs + options.slidingMs; end <= options.untilMs; end += options.stepMs) {
    for (let step = steps[entering]; step !== undefined && step.atMs < end; step = steps[(entering += 1)]) {
      goodWeight += step.goodWeight;
      weight += validWeight(step);
      events += validEvents(step);
    }
    const start = end - options.slidingMs;
    for (let step = steps[leaving]; step !== undefined && step.atMs < start; step = steps[(leaving += 1)]) {
      goodWeight -= step.goodWeight;
      weight -= validWeight(step);
      events -= validEvents(step);
    }
    if (weight <= 0n) continue;
    judged += 1;
    if (goodWeight * q.den >= weight * q.num) passed += 1;
    if (events < options.minEvents) flagged += 1;
  }
  return { passed, judged, flagged };
}
