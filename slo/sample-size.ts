/** How many events a statement needs. */
import { allowance } from './budget.ts';
import { ceiling, divide, multiply, rational, toNumber, type Rational } from './decimal.ts';
import { binomialCdf, Z95 } from './interval.ts';
import { firstRank } from './percentile.ts';

/**
 * The fewest events that demonstrate a target with `failures` among them: the one-sided Clopper–Pearson bound reaches the
 * target when P(at most that many failures at exactly the target) ≤ 1 − confidence.
 */
export function eventsToDemonstrate(target: Rational, failures: number, confidence = 0.95): number {
  const failing = toNumber(allowance(target));
  const shows = (events: number): boolean => binomialCdf(failures, events, failing) <= 1 - confidence;
  let enough = failures + 1;
  while (!shows(enough)) enough *= 2;
  return firstRank(enough, shows);
}

/** The fewest clean events whose two-sided Wilson interval reaches the target: n / (n + z²) ≥ T. */
export function cleanEventsForWilson(target: Rational, z: number = Z95): number {
  const allowed = allowance(target);
  return Math.ceil(z * z * toNumber(divide(target, allowed)));
}

/** The fewest events at which one failure spends at most this share of the budget. */
export function eventsForOneFailure(target: Rational, budgetShare: Rational): number {
  return Number(ceiling(divide(rational(1), multiply(budgetShare, allowance(target)))));
}

/** Events a minute, and seconds between them, for a window to hold `events`. */
export function cadenceFor(windowMinutes: number, events: number): { perMinute: Rational; intervalSeconds: Rational } {
  return { perMinute: rational(events, windowMinutes), intervalSeconds: rational(windowMinutes * 60, events) };
}
