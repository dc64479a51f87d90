/**
 * The sliding windows of a percentile row: a window passes iff good ÷ valid ≥ q, which is nearest rank ≤ limit. That is
 * bad ≤ valid × (1 − q), which also holds of a window that spans a change of q, each part restated.
 */
import { allowance, type Share } from './budget.ts';
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

/** What a window needs of a step. Weights as they are cheapest to keep: nothing is added up in floating point. */
export interface WindowStep {
  readonly atMs: number;
  /** Raw valid events. */
  readonly events: number;
  readonly goodWeight: number | bigint;
  readonly badWeight: number | bigint;
}

export function windowStep(step: Step): WindowStep {
  const { atMs, goodWeight, badWeight } = step;
  return { atMs, events: validEvents(step), goodWeight, badWeight };
}

/**
 * A verdict for each window, oldest first; one without valid events is neither passed nor judged. Weights are added up only
 * where one of a window's steps has some that is bad: without any, it passes.
 * @param steps ascending, all that the windows hold
 */
export function judgeWindows(
  steps: readonly WindowStep[],
  by: Restated,
  { slidingMs, stepMs, firstEndMs, lastEndMs, minEvents }: SlidingOptions,
): Uint8Array {
  const verdicts = new Uint8Array(Math.max(0, Math.floor((lastEndMs - firstEndMs) / stepMs) + 1));
  const sums = new WindowSums(steps, by);
  let [entering, leaving, events, valid] = [0, 0, 0, 0];
  for (let index = 0; index < verdicts.length; index += 1) {
    const end = firstEndMs + index * stepMs;
    for (let step = steps[entering]; step !== undefined && step.atMs < end; step = steps[(entering += 1)]) {
      events += step.events;
      if (hasWeight(step)) valid += 1;
      sums.enter(step);
    }
    for (let step = steps[leaving]; step !== undefined && step.atMs < end - slidingMs; step = steps[(leaving += 1)]) {
      events -= step.events;
      if (hasWeight(step)) valid -= 1;
      sums.leave(step);
    }
    if (valid === 0) continue;
    const passes = sums.isClean || windowPasses(sums.between(leaving, entering), by.target) === true;
    verdicts[index] = JUDGED | (passes ? PASSED : 0) | (events < minEvents ? THIN : 0);
  }
  return verdicts;
}

function hasWeight({ goodWeight, badWeight }: WindowStep): boolean {
  return Number(goodWeight) > 0 || Number(badWeight) > 0;
}

/** The weights of a window that moves on; kept only while something bad is in it. */
class WindowSums {
  readonly #steps: readonly WindowStep[];
  readonly #by: Restated;
  #spoiled = 0;
  #sum: { bad: bigint; valid: bigint } | null = null;

  constructor(steps: readonly WindowStep[], by: Restated) {
    this.#steps = steps;
    this.#by = by;
  }

  /** Not one of its steps has bad weight. */
  get isClean(): boolean {
    return this.#spoiled === 0;
  }

  enter(step: WindowStep): void {
    if (Number(step.badWeight) > 0) this.#spoiled += 1;
    if (this.#sum !== null) this.#add(this.#sum, step, 1n);
  }

  leave(step: WindowStep): void {
    if (Number(step.badWeight) > 0) this.#spoiled -= 1;
    if (this.#spoiled === 0) this.#sum = null;
    if (this.#sum !== null) this.#add(this.#sum, step, -1n);
  }

  /** Of the window that holds these steps now. */
  between(first: number, after: number): Share {
    if (this.#sum === null) {
      this.#sum = { bad: 0n, valid: 0n };
      for (const step of this.#steps.slice(first, after)) this.#add(this.#sum, step, 1n);
    }
    return this.#sum;
  }

  #add(sum: { bad: bigint; valid: bigint }, { atMs, goodWeight, badWeight }: WindowStep, times: bigint): void {
    const bad = BigInt(badWeight);
    const share = this.#by.restate({ bad, valid: BigInt(goodWeight) + bad }, atMs);
    sum.bad += share.bad * times;
    sum.valid += share.valid * times;
  }
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

/**
 * The windows whose share that passed is an objective's attainment now: those that ended with a complete step.
 * @param lastEndMs where the newest of these ends
 */
export function attainmentEnds(
  lastEndMs: number,
  windowMs: number,
  stepMs: number,
): { firstEndMs: number; lastEndMs: number } {
  return { firstEndMs: lastEndMs - (Math.floor(windowMs / stepMs) - 1) * stepMs, lastEndMs };
}
