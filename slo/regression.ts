/** "Any regression greater than 2 % against target": relative and strict. */
import { compare, multiply, rational, type Rational } from './decimal.ts';

const KEPT = rational(98, 100);
const STRETCHED = rational(102, 100);

/** Below this a ratio has regressed: 98 % of its target. */
export function ratioFloor(target: Rational): Rational {
  return multiply(target, KEPT);
}

/** Above this a percentile has regressed: 102 % of its limit. */
export function latencyCeiling(limitMs: Rational): Rational {
  return multiply(limitMs, STRETCHED);
}

/** Null without a ratio. */
export function hasRatioRegressed(ratio: Rational | null, target: Rational): boolean | null {
  return ratio === null ? null : compare(ratio, ratioFloor(target)) < 0;
}

/** @param percentileMs null = +∞ */
export function hasLatencyRegressed(percentileMs: Rational | null, limitMs: Rational): boolean {
  return percentileMs === null || compare(percentileMs, latencyCeiling(limitMs)) > 0;
}
