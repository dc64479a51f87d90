/** The error budget: how much of (1 − target) is gone, and which colour that is. Decided on integers throughout. */
import { compare, ONE, rational, scaledText, subtract, fromNumber, type Rational } from './decimal.ts';
import type { Colour } from './objective.ts';
import { validWeight, type Tally } from './tally.ts';

/** What a budget is computed from: counts, or weights in any one unit. */
export interface Share {
  readonly bad: bigint;
  readonly valid: bigint;
}

export function shareOf(tally: Tally): Share {
  return { bad: tally.badWeight, valid: validWeight(tally) };
}

/** 1 − T, exactly. */
export function allowance(target: Rational): Rational {
  return subtract(ONE, target);
}

/**
 * C = bad / (valid × (1 − T)), uncapped; null without valid events. The same formula over a lookback is the burn rate.
 */
export function consumed(share: Share, target: Rational): Rational | null {
  if (share.valid <= 0n) return null;
  const allowed = allowance(target);
  return { num: share.bad * allowed.den, den: share.valid * allowed.num };
}

export const YELLOW_FROM = rational(1, 4);
export const RED_ABOVE = rational(3, 4);

/** Green C < 25 %, Yellow 25 % ≤ C ≤ 75 %, Red C > 75 %; without valid events Unknown, never Green. */
export function colourOf(spent: Rational | null): Colour {
  if (spent === null) return 'unknown';
  if (compare(spent, YELLOW_FROM) < 0) return 'green';
  return compare(spent, RED_ABOVE) > 0 ? 'red' : 'yellow';
}

/** The objective is met iff C ≤ 100 %. */
export function isMet(spent: Rational | null): boolean | null {
  return spent === null ? null : compare(spent, ONE) <= 0;
}

/** Good ÷ valid; null without valid events. */
export function attainment(share: Share): Rational | null {
  return share.valid <= 0n ? null : { num: share.valid - share.bad, den: share.valid };
}

/** No burn rate can exceed 1 / (1 − T): that is what it is when every event is bad. */
export function burnCeiling(target: Rational): Rational {
  const allowed = allowance(target);
  return { num: allowed.den, den: allowed.num };
}

const RANK: Readonly<Record<Colour, number>> = { unknown: 0, green: 1, yellow: 2, red: 3 };

/** The worst of the colours; Unknown only when nothing else is known. */
export function worstColour(colours: Iterable<Colour>): Colour {
  let worst: Colour = 'unknown';
  for (const colour of colours) if (RANK[colour] > RANK[worst]) worst = colour;
  return worst;
}

/** Negative when a is worse than b: for sorting the worst first. */
export function byWorst(a: Colour, b: Colour): number {
  return RANK[b] - RANK[a];
}

/**
 * A ratio as a percentage with `places` decimals, rounded to nearest but never onto 100 % from either side: 99.9996 %
 * reads "99.999 %", because "100.000 %" would say that nothing failed, and 100.0004 % consumed reads "100.001 %", because
 * a budget overspent by a hair is not met.
 */
export function formatPercent(ratio: Rational | number, places = 3): string {
  const value = typeof ratio === 'number' ? fromNumber(ratio) : ratio;
  const scale = 10n ** BigInt(places);
  const magnitude = value.num < 0n ? -value.num : value.num;
  const full = 100n * scale;
  let scaled = (magnitude * full * 2n + value.den) / (value.den * 2n);
  if (scaled === full && magnitude < value.den) scaled -= 1n;
  if (scaled === full && magnitude > value.den) scaled += 1n;
  return `${scaledText(scaled, places, value.num < 0n)} %`;
}
