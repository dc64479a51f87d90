/** Events that do not all weigh the same. */
import { add, divide, multiply, rational, ZERO, type Rational } from './decimal.ts';
import type { Weighing } from './objective.ts';
import { validWeight, type Tally } from './tally.ts';

/**
 * Kish's effective sample size, (Σw)² / Σw², unrounded: how many equally weighted events would be worth as much.
 * Null without any weight. Scaling every weight by one factor leaves it as it is.
 */
export function kish(sum: Rational, sumOfSquares: Rational): Rational | null {
  return sumOfSquares.num <= 0n ? null : divide(multiply(sum, sum), sumOfSquares);
}

/** Events weigh by their size, which no binomial share knows of. */
export function isSized(weighing: Weighing): weighing is 'quantity' | 'notional' {
  return weighing === 'quantity' || weighing === 'notional';
}

/** Squares of a `time` tally are ms² while its weights are µs; those of a `fraction` tally are short of as much. */
const SQUARE_UNITS = 1_000_000n;

/**
 * The effective n of a tally. None for quantities: their ratio is no binomial share, and squares of quantities alone say
 * nothing about a sum of quantity × time.
 */
export function effectiveEvents(tally: Tally, weighing: Weighing): Rational | null {
  if (isSized(weighing) || tally.squaredWeight <= 0n) return null;
  const sum = validWeight(tally);
  const squares = weighing === 'count' ? tally.squaredWeight : tally.squaredWeight * SQUARE_UNITS;
  return kish(rational(sum), rational(squares));
}

/** `count` orders of one size. */
export interface Fill {
  readonly submitted: Rational;
  readonly executed: Rational;
  readonly count: bigint;
}

export interface FillRatio {
  readonly submitted: Rational;
  readonly executed: Rational;
  /** Σ executed ÷ Σ submitted. */
  readonly ratio: Rational | null;
  /** The mean of the orders' own ratios: what volume weighting is there to avoid. */
  readonly unweightedMean: Rational | null;
  readonly effectiveOrders: Rational | null;
  readonly orders: bigint;
}

/** The volume-weighted fill ratio. Orders with nothing submitted are the caller's to refuse. */
export function fillRatio(fills: readonly Fill[]): FillRatio {
  let submitted = ZERO;
  let executed = ZERO;
  let squares = ZERO;
  let ratios = ZERO;
  let orders = 0n;
  for (const fill of fills) {
    const count = rational(fill.count);
    submitted = add(submitted, multiply(fill.submitted, count));
    executed = add(executed, multiply(fill.executed, count));
    squares = add(squares, multiply(multiply(fill.submitted, fill.submitted), count));
    ratios = add(ratios, multiply(divide(fill.executed, fill.submitted), count));
    orders += fill.count;
  }
  return {
    submitted,
    executed,
    ratio: submitted.num === 0n ? null : divide(executed, submitted),
    unweightedMean: orders === 0n ? null : divide(ratios, rational(orders)),
    effectiveOrders: kish(submitted, squares),
    orders,
  };
}

/** A stretch of time sampled at one rate. */
export interface Stratum {
  readonly days: Rational;
  readonly perMinute: Rational;
  readonly bad: Rational;
}

export interface StrataTotals {
  readonly events: Rational;
  readonly bad: Rational;
  /** Minutes stood for, and how many of them were bad. */
  readonly minutes: Rational;
  readonly badMinutes: Rational;
  readonly effectiveEvents: Rational | null;
}

const MINUTES_A_DAY = rational(1440);

/** Sampling that changed its rate: each event stands for the interval in force when it was scheduled. */
export function sumStrata(strata: readonly Stratum[]): StrataTotals {
  let events = ZERO;
  let bad = ZERO;
  let minutes = ZERO;
  let badMinutes = ZERO;
  let squares = ZERO;
  for (const stratum of strata) {
    const stretch = multiply(stratum.days, MINUTES_A_DAY);
    events = add(events, multiply(stretch, stratum.perMinute));
    bad = add(bad, stratum.bad);
    minutes = add(minutes, stretch);
    badMinutes = add(badMinutes, divide(stratum.bad, stratum.perMinute));
    // n events of weight 1 / rate: n / rate² = stretch / rate.
    squares = add(squares, divide(stretch, stratum.perMinute));
  }
  return { events, bad, minutes, badMinutes, effectiveEvents: kish(minutes, squares) };
}
