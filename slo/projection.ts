/** When the budget will be gone. Two figures, because an ageing incident makes the naive one cry wolf. */
import { allowance } from './budget.ts';
import {
  compare,
  divide,
  greatestCommonDivisor,
  multiply,
  ONE,
  rational,
  reduced,
  subtract,
  ZERO,
  type Rational,
} from './decimal.ts';
import type { Colour } from './objective.ts';

/**
 * (1 − C) × W / BR, in the unit of the window; 0 when the budget is gone, null when nothing burns or nothing is known.
 */
export function naiveExhaustion(spent: Rational | null, window: Rational, burn: Rational | null): Rational | null {
  if (spent === null) return null;
  if (compare(spent, ONE) >= 0) return ZERO;
  if (burn === null || burn.num === 0n) return null;
  return divide(multiply(subtract(ONE, spent), window), burn);
}

/** One hour of the window. */
export interface Bucket {
  readonly valid: bigint;
  readonly bad: bigint;
}

/** What each coming hour is expected to add, in the buckets' unit. */
export interface Forecast {
  readonly valid: Rational;
  readonly bad: Rational;
}

/**
 * Slides the buckets (oldest first) forward hour by hour, adds the forecast, and recomputes the budget from the valid
 * events then in the window: the first hour at which bad ≥ budget. 0 when it is gone already, null when that never
 * happens within the window, or when the window holds nothing.
 */
export function rollOff(buckets: readonly Bucket[], forecast: Forecast, target: Rational): number | null {
  const allowed = allowance(target);
  // Everything is multiplied by one positive factor so that it stays an integer; slack > 0 means budget is left.
  const comingValid = reduced(forecast.valid);
  const comingBad = reduced(forecast.bad);
  const factor = (comingValid.den * comingBad.den) / greatestCommonDivisor(comingValid.den, comingBad.den);
  const gained =
    comingValid.num * (factor / comingValid.den) * allowed.num - comingBad.num * (factor / comingBad.den) * allowed.den;
  const slackOf = (bucket: Bucket): bigint =>
    bucket.valid === 0n && bucket.bad === 0n ? 0n : bucket.valid * allowed.num - bucket.bad * allowed.den;
  let valid = 0n;
  let slack = 0n;
  for (const bucket of buckets) {
    valid += bucket.valid;
    slack += slackOf(bucket);
  }
  if (valid === 0n) return null;
  if (slack <= 0n) return 0;
  slack *= factor;
  for (const [index, bucket] of buckets.entries()) {
    slack += gained - slackOf(bucket) * factor;
    if (slack <= 0n) return remains(buckets, index, forecast) ? index + 1 : null;
  }
  return null;
}

/** Slack also reaches zero when the window runs empty, which exhausts nothing. */
function remains(buckets: readonly Bucket[], leftUntil: number, forecast: Forecast): boolean {
  return forecast.valid.num > 0n || buckets.slice(leftUntil + 1).some((bucket) => bucket.valid > 0n);
}

/**
 * burn × (1 − T) × v bad events beside v valid ones; `burn` is the one the forecast assumes, `valid` what an hour brings.
 */
export function forecastHour(valid: Rational, burn: Rational, target: Rational): Forecast {
  return { valid, bad: multiply(multiply(burn, allowance(target)), valid) };
}

export type ProjectionAlert = 'RED_LT_72H' | 'YELLOW_LT_7D';

/** Strictly under 72 h for Red, 168 h for Yellow. */
export function projectionAlert(colour: Colour, hours: Rational | null): ProjectionAlert | null {
  if (hours === null) return null;
  if (colour === 'red' && compare(hours, rational(72)) < 0) return 'RED_LT_72H';
  return colour === 'yellow' && compare(hours, rational(168)) < 0 ? 'YELLOW_LT_7D' : null;
}

/** A violation projected within 24 h is a SEV-2 whatever the colour. */
export function isViolationNear(hours: Rational | null): boolean {
  return hours !== null && compare(hours, rational(24)) < 0;
}
