/** Counts of one objective, over one tally step or any sum of steps. Merging is addition: commutative and associative. */
export interface Tally {
  /** Raw events. */
  readonly good: number;
  readonly bad: number;
  readonly excluded: number;
  /** Runs that the prober spoiled or never started; they count for coverage only. */
  readonly faults: number;
  /**
   * Weights in the objective's own unit: microseconds of time stood for (weighing `time`), events (`count`), millionths
   * of an event (`fraction`), or millionths of a quantity unit (`quantity`) or of a unit of money (`notional`) times milliseconds.
   */
  readonly goodWeight: bigint;
  readonly badWeight: bigint;
  /**
   * The same of excluded events and of faults; 0 by `quantity` and `notional`: nobody knows how large an order
   * would have been; and by `fraction`, where nobody knows how many events there were.
   */
  readonly excludedWeight: bigint;
  readonly faultWeight: bigint;
  /**
   * Σ w² over clusters, for Kish's effective n: milliseconds² (`time`), events² (`count`: the ticks of a step are one
   * cluster), events × millionths (`fraction`), millionths² (`quantity`, `notional`).
   */
  readonly squaredWeight: bigint;
  /**
   * Raw valid events that were nearer to the limit than the clock's bound: known of `bounded` of them, the others' is not.
   * Telemetry has no such events; there `bounded` is how many steps were answered, with or without events.
   */
  readonly borderline: number;
  readonly bounded: number;
}

export const EMPTY_TALLY: Tally = {
  good: 0,
  bad: 0,
  excluded: 0,
  faults: 0,
  goodWeight: 0n,
  badWeight: 0n,
  excludedWeight: 0n,
  faultWeight: 0n,
  squaredWeight: 0n,
  borderline: 0,
  bounded: 0,
};

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    good: a.good + b.good,
    bad: a.bad + b.bad,
    excluded: a.excluded + b.excluded,
    faults: a.faults + b.faults,
    goodWeight: a.goodWeight + b.goodWeight,
    badWeight: a.badWeight + b.badWeight,
    excludedWeight: a.excludedWeight + b.excludedWeight,
    faultWeight: a.faultWeight + b.faultWeight,
    squaredWeight: a.squaredWeight + b.squaredWeight,
    borderline: a.borderline + b.borderline,
    bounded: a.bounded + b.bounded,
  };
}

/** What is left of a sum when a part of it goes. */
export function subtractTallies(a: Tally, b: Tally): Tally {
  return {
    good: a.good - b.good,
    bad: a.bad - b.bad,
    excluded: a.excluded - b.excluded,
    faults: a.faults - b.faults,
    goodWeight: a.goodWeight - b.goodWeight,
    badWeight: a.badWeight - b.badWeight,
    excludedWeight: a.excludedWeight - b.excludedWeight,
    faultWeight: a.faultWeight - b.faultWeight,
    squaredWeight: a.squaredWeight - b.squaredWeight,
    borderline: a.borderline - b.borderline,
    bounded: a.bounded - b.bounded,
  };
}

/** Adds up in place of {@link addTallies}, because a window is thousands of steps. */
export function sumTallies(tallies: Iterable<Tally>): Tally {
  let [good, bad, excluded, faults] = [0, 0, 0, 0];
  let [goodWeight, badWeight, excludedWeight, faultWeight, squaredWeight] = [0n, 0n, 0n, 0n, 0n];
  let [borderline, bounded] = [0, 0];
  for (const tally of tallies) {
    good += tally.good;
    bad += tally.bad;
    excluded += tally.excluded;
    faults += tally.faults;
    goodWeight += tally.goodWeight;
    badWeight += tally.badWeight;
    excludedWeight += tally.excludedWeight;
    faultWeight += tally.faultWeight;
    squaredWeight += tally.squaredWeight;
    borderline += tally.borderline;
    bounded += tally.bounded;
  }
  const weights = { goodWeight, badWeight, excludedWeight, faultWeight, squaredWeight };
  return { good, bad, excluded, faults, ...weights, borderline, bounded };
}

/** Nothing was counted: neither an event nor a run that should have brought some. */
export function isEmpty({ good, bad, excluded, faults, bounded }: Tally): boolean {
  return good === 0 && bad === 0 && excluded === 0 && faults === 0 && bounded === 0;
}

/** Not a figure in it: of a difference, that nothing changed. */
export function isZero(tally: Tally): boolean {
  return isEmpty(tally) && WEIGHTS.every((weight) => tally[weight] === 0n) && tally.borderline === 0;
}

const WEIGHTS = ['goodWeight', 'badWeight', 'excludedWeight', 'faultWeight', 'squaredWeight'] as const;

/** Raw valid events: the figure that the 1,000-event rule is about. */
export function validEvents(tally: Tally): number {
  return tally.good + tally.bad;
}

export function validWeight(tally: Tally): bigint {
  return tally.goodWeight + tally.badWeight;
}
