/** How much a ratio is worth: Wilson's interval for the eye, Clopper–Pearson's for the verdict. */
import { betaCdf, betaQuantile } from './beta.ts';
import type { Interval, StatVerdict } from './status.ts';

/** The 97.5 % point of the normal distribution: two-sided 95 %. */
export const Z95 = 1.959_963_984_540_054;
const TAIL = 0.025;

/**
 * @param badShare in [0, 1]: the smaller part of a good ratio is passed, so that a ratio near 1 keeps its digits.
 * @param n effective events, > 0, not necessarily an integer.
 */
export function wilson(badShare: number, n: number, z: number = Z95): Interval {
  const square = (z * z) / n;
  const centre = badShare + square / 2;
  const reach = z * Math.sqrt((badShare * (1 - badShare) + square / 4) / n);
  const scale = 1 + square;
  return {
    lower: badShare === 1 ? 0 : clamp(1 - (centre + reach) / scale),
    upper: badShare === 0 ? 1 : clamp(1 - (centre - reach) / scale),
  };
}

/** The exact two-sided interval of a good ratio, by Beta quantiles; same parameters as {@link wilson}. */
export function clopperPearson(badShare: number, n: number, tail: number = TAIL): Interval {
  const bad = badShare * n;
  const good = n - bad;
  return {
    lower: badShare === 1 ? 0 : clamp(1 - betaQuantile(1 - tail, bad + 1, good)),
    upper: badShare === 0 ? 1 : clamp(1 - betaQuantile(tail, bad, good + 1)),
  };
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, ratio));
}

/** Demonstrated when the exact interval lies at or above the target, violated when below it, otherwise inconclusive. */
export function statVerdict(exact: Interval, target: number): StatVerdict {
  if (exact.lower >= target) return 'DEMONSTRATED';
  return exact.upper < target ? 'VIOLATED' : 'INCONCLUSIVE';
}

/** P(B ≤ k) for B ~ Binomial(n, p), 0 < p < 1. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  return k >= n ? 1 : betaCdf(1 - p, n - k, k + 1);
}
