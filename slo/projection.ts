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

/** What a window holds, and what of that is left once it has slid forward by so many hours; neither part ever grows. */
export interface Sliding {
  /** How far it can slide before nothing of the present is left. */
  readonly hours: number;
  readonly remaining: (hours: number) => Bucket;
}

/**
 * Slides the buckets (oldest first) forward hour by hour, adds the forecast, and recomputes the budget from the valid
 * events then in the window: the first hour at which bad ≥ budget. 0 when it is gone already, null when that never
 * happens within the window, or when the window holds nothing.
 */
export function rollOff(buckets: readonly Bucket[], forecast: Forecast, target: Rational): number | null {
  const left: Bucket[] = [{ valid: 0n, bad: 0n }];
  let [valid, bad] = [0n, 0n];
  for (const bucket of buckets.toReversed()) {
    valid += bucket.valid;
    bad += bucket.bad;
    left.push({ valid, bad });
  }
  const hours = buckets.length;
  return firstExhausted({ hours, remaining: (gone) => left[hours - gone] ?? { valid: 0n, bad: 0n } }, forecast, target);
}

/**
 * The same of any window. What remains only shrinks and what comes only grows, so that the ends of a stretch of hours bound
 * everything between them: a stretch that cannot exhaust the budget is passed over as a whole, any other is halved.
 */
export function firstExhausted({ hours, remaining }: Sliding, forecast: Forecast, target: Rational): number | null {
  const allowed = allowance(target);
  // Everything is multiplied by one positive factor so that it stays an integer; slack > 0 means budget is left.
  const coming = { valid: reduced(forecast.valid), bad: reduced(forecast.bad) };
  const factor = (coming.valid.den * coming.bad.den) / greatestCommonDivisor(coming.valid.den, coming.bad.den);
  const hourly = {
    valid: coming.valid.num * (factor / coming.valid.den) * allowed.num,
    bad: coming.bad.num * (factor / coming.bad.den) * allowed.den,
  };
  const [validTimes, badTimes] = [factor * allowed.num, factor * allowed.den];
  const known = new Map<number, Bucket>();
  const after = (gone: number): Bucket => {
    let bucket = known.get(gone);
    if (bucket === undefined) known.set(gone, (bucket = remaining(gone)));
    return bucket;
  };
  /** At most what is left of the budget anywhere between two hours; exact where they are one. */
  const leastSlack = (from: number, to: number): bigint =>
    after(to).valid * validTimes + hourly.valid * BigInt(from) - after(from).bad * badTimes - hourly.bad * BigInt(to);
  const isExhausted = (gone: number): boolean =>
    leastSlack(gone, gone) <= 0n && (after(gone).valid > 0n || (gone > 0 && hourly.valid > 0n));
  const find = (from: number, to: number): number | null => {
    if (from === to) return isExhausted(from) ? from : null;
    if (leastSlack(from, to) > 0n) return null;
    const middle = Math.floor((from + to) / 2);
    return find(from, middle) ?? find(middle + 1, to);
  };
  if (after(0).valid === 0n) return null;
  return find(0, hours);
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
