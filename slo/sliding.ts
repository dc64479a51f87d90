/**
 * The sliding windows of a percentile row: a window passes iff good ÷ valid ≥ q, which is nearest rank ≤ limit. That is
 * bad ≤ valid × (1 − q), which also holds of a window that spans a change of q, each part restated.
 */
import { allowance, type Share } from './budget.ts';
import { reduced, type Rational } from './decimal.ts';
import type { History } from './history.ts';
import type { LiveWindow } from './status.ts';
import { validEvents } from './tally.ts';
import { spanOf, type Restated } from './targets.ts';
import type { WindowSteps } from './window-steps.ts';

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
  /** Ends of the first and of the last window to be judged, on the grid of steps; in between one ends with every step. */
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
 * @param steps all that the windows hold. @throws RangeError when they do not
 */
export function judgeWindows(
  steps: WindowSteps,
  by: Restated,
  { slidingMs, firstEndMs, lastEndMs, minEvents }: SlidingOptions,
): Uint8Array {
  const { stepMs, events, good, bad } = steps;
  const verdicts = new Uint8Array(Math.max(0, Math.floor((lastEndMs - firstEndMs) / stepMs) + 1));
  if (verdicts.length === 0) return verdicts;
  const length = Math.floor(slidingMs / stepMs);
  if (length === 0) return verdicts;
  if (firstEndMs - length * stepMs < steps.fromMs || lastEndMs > steps.toMs)
    throw new RangeError(`windows from ${firstEndMs} to ${lastEndMs} ms look beyond their steps`);
  const first = Math.round((firstEndMs - steps.fromMs) / stepMs) - length;
  const isKept = keptBudgets(steps, by, length);
  let [held, weighty] = [0, 0];
  for (let place = first; place < first + length + verdicts.length - 1; place += 1) {
    held += events[place] ?? 0;
    if ((good[place] ?? 0) > 0 || (bad[place] ?? 0) > 0) weighty += 1;
    const index = place - first - length + 1;
    if (index < 0) continue;
    if (weighty > 0) verdicts[index] = JUDGED | (isKept[place] === 1 ? PASSED : 0) | (held < minEvents ? THIN : 0);
    const leaving = place - length + 1;
    held -= events[leaving] ?? 0;
    if ((good[leaving] ?? 0) > 0 || (bad[leaving] ?? 0) > 0) weighty -= 1;
  }
  return verdicts;
}

/**
 * By step: whether the window that ends with it keeps its budget, bad ≤ valid × (1 − q). Of each step that is one number, its
 * slack: what its valid weight allows, less its bad weight, both times the same factor so that it stays whole. A window keeps
 * its budget iff the slack of its steps does not come to less than nothing. Without valid weight none is asked about.
 */
function keptBudgets(steps: WindowSteps, by: Restated, length: number): Uint8Array {
  const scales = scalesOf(steps, by);
  const kept = new Uint8Array(steps.count);
  const slack = slackOf(steps, scales, MOST_ADDED_UP / (length + 1));
  if (slack === null) return keptExactly(steps, scales, length, kept);
  let sum = 0;
  for (let place = 0; place < kept.length; place += 1) {
    sum += slack[place] ?? 0;
    if (place >= length) sum -= slack[place - length] ?? 0;
    if (sum >= 0) kept[place] = 1;
  }
  return kept;
}

/** Half of what a double counts to without a gap: the other half is for the rounding of the bound itself. */
const MOST_ADDED_UP = 2 ** 52;

/** By how much the weights of some steps are multiplied to become slack: as long as one target held. */
interface Scale {
  readonly from: number;
  readonly to: number;
  readonly valid: bigint;
  readonly bad: bigint;
}

function scalesOf(steps: WindowSteps, by: Restated): readonly Scale[] {
  const allowed = reduced(allowance(by.target));
  const starts = [steps.fromMs, ...by.breaksMs.filter((atMs) => atMs > steps.fromMs && atMs < steps.toMs)];
  return starts.map((atMs, index) => {
    const { valid, bad } = by.restate({ valid: 1n, bad: 1n }, atMs);
    const to = steps.placeOf(starts[index + 1] ?? steps.toMs);
    return { from: steps.placeOf(atMs), to, valid: valid * allowed.num, bad: bad * allowed.den };
  });
}

/** Null: one of them is larger than `most`, and their sums might not be exact. */
function slackOf({ good, bad, count }: WindowSteps, scales: readonly Scale[], most: number): Float64Array | null {
  const slack = new Float64Array(count);
  let largest = 0;
  for (const { from, to, ...scale } of scales) {
    const [perValid, perBad] = [Number(scale.valid), Number(scale.bad)];
    for (let place = from; place < to; place += 1) {
      const spoiled = bad[place] ?? 0;
      const allowed = ((good[place] ?? 0) + spoiled) * perValid;
      const spent = spoiled * perBad;
      if (allowed + spent > largest) largest = allowed + spent;
      slack[place] = allowed - spent;
    }
  }
  return largest <= most ? slack : null;
}

function keptExactly(steps: WindowSteps, scales: readonly Scale[], length: number, kept: Uint8Array): Uint8Array {
  const slackAt = (place: number): bigint => {
    const good = steps.large.get(place)?.good ?? BigInt(steps.good[place] ?? 0);
    const bad = steps.large.get(place)?.bad ?? BigInt(steps.bad[place] ?? 0);
    const scale = scales.findLast(({ from }) => from <= place) ?? { valid: 0n, bad: 0n };
    return (good + bad) * scale.valid - bad * scale.bad;
  };
  let sum = 0n;
  for (let place = 0; place < kept.length; place += 1) {
    sum += slackAt(place);
    if (place >= length) sum -= slackAt(place - length);
    if (sum >= 0n) kept[place] = 1;
  }
  return kept;
}

/** Adds what some windows came to. */
export function countWindows(verdicts: Uint8Array, counts: WindowCounts = NO_WINDOWS): WindowCounts {
  let { passed, judged, flagged } = counts;
  // By index: uncompiled, as in a process that counts once, an iterator is most of the work.
  for (let at = verdicts.length - 1; at >= 0; at -= 1) {
    const verdict = verdicts[at] ?? 0;
    if (verdict === 0) continue;
    judged += 1;
    if ((verdict & PASSED) !== 0) passed += 1;
    if ((verdict & THIN) !== 0) flagged += 1;
  }
  return { passed, judged, flagged };
}

export const NO_WINDOWS: WindowCounts = { passed: 0, judged: 0, flagged: 0 };

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
