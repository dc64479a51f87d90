/** Multi-window, multi-burn-rate rules: an hour between evaluations is too slow for an outage. */
import { burnCeiling } from './budget.ts';
import { compare, decimal, divide, multiply, ONE, rational, toFixed, type Rational } from './decimal.ts';
import type { Lookback, Severity } from './status.ts';

/** Lengths in policy minutes. */
export const LOOKBACK_MINUTES: Readonly<Record<Lookback, number>> = {
  '5m': 5,
  '30m': 30,
  '1h': 60,
  '2h': 120,
  '6h': 360,
  '1d': 1440,
  '3d': 4320,
};

export interface BurnRule {
  /** The share of the budget that burning at the factor for the long lookback would spend; a decimal string. */
  readonly budgetShare: string;
  readonly long: Lookback;
  readonly short: Lookback;
  readonly severity: Severity;
}

/** 14.4×, 6×, 3× and 1× over 30 days. The fast two page, the slow two open tickets. */
export const BURN_RULES: readonly BurnRule[] = [
  { budgetShare: '0.02', long: '1h', short: '5m', severity: 'SEV-2' },
  { budgetShare: '0.05', long: '6h', short: '30m', severity: 'SEV-2' },
  { budgetShare: '0.10', long: '1d', short: '2h', severity: 'SEV-3' },
  { budgetShare: '0.10', long: '3d', short: '6h', severity: 'SEV-3' },
];

export interface BurnPair extends BurnRule {
  readonly factor: Rational;
}

export interface DroppedPair extends BurnPair {
  readonly because: string;
}

/** factor = share of the budget × window ÷ long lookback: the burn at which the long lookback spends that share. */
export function burnFactor(budgetShare: string, windowHours: Rational, longHours: Rational): Rational {
  return divide(multiply(decimal(budgetShare), windowHours), longHours);
}

/** Which rules make sense for a target and a window, and why the others do not; `plan` prints both. */
export function burnPairs(
  target: Rational,
  windowHours: Rational,
  rules: readonly BurnRule[] = BURN_RULES,
): { readonly kept: readonly BurnPair[]; readonly dropped: readonly DroppedPair[] } {
  const kept: BurnPair[] = [];
  const dropped: DroppedPair[] = [];
  for (const rule of rules) {
    const longHours = rational(LOOKBACK_MINUTES[rule.long], 60);
    const pair: BurnPair = { ...rule, factor: burnFactor(rule.budgetShare, windowHours, longHours) };
    const because = whyDropped(pair, target, windowHours, longHours);
    if (because === null) kept.push(pair);
    else dropped.push({ ...pair, because });
  }
  return { kept, dropped };
}

function whyDropped(pair: BurnPair, target: Rational, windowHours: Rational, longHours: Rational): string | null {
  if (compare(longHours, windowHours) > 0) {
    return `its lookback of ${pair.long} is longer than the window of ${trimmed(windowHours)} h`;
  }
  if (compare(pair.factor, ONE) < 0) {
    return `its factor scales to ${trimmed(pair.factor)}, and a burn below 1 never exhausts the budget`;
  }
  const problem = burnThresholdProblem(pair.factor, target);
  return problem === null ? null : `its factor scales to ${trimmed(pair.factor)}, ${problem}`;
}

/** Why a burn threshold could never be reached by this target; null when it can. */
export function burnThresholdProblem(threshold: Rational, target: Rational): string | null {
  const top = burnCeiling(target);
  if (compare(threshold, top) <= 0) return null;
  return `above the ${trimmed(top)} that no burn rate of this target can exceed`;
}

function trimmed(value: Rational): string {
  return toFixed(value, 4).replace(/\.?0+$/, '');
}
