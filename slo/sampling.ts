/** How often to ask when a budget burns. */
import { allowance } from './budget.ts';
import { compare, decimal, divide, fromNumber, multiply, rational, type Rational } from './decimal.ts';
import type { TimeBase } from './time-base.ts';

/**
 * The rate at which a burn of 2 yields three expected failures an hour, 3 / (2 (1 − T)): about 25 a minute at 99.9 %.
 * Below it an hour without failures says little.
 */
export function informativeRatePerHour(target: Rational): Rational {
  return divide(rational(3), multiply(rational(2), allowance(target)));
}

export interface AutoSampling {
  /** The probe's interval in Green, real milliseconds. */
  readonly baseMs: number;
  /** Targets of the service's objectives that are Yellow or Red; the strictest decides. */
  readonly burning: readonly string[];
  /** The probe's cap: its shortest permitted interval, real milliseconds. */
  readonly shortestMs: number;
  readonly base: TimeBase;
}

/**
 * The interval that `yellow: auto` means, whole milliseconds: the faster of four times the base rate and the informative
 * rate of the strictest burning objective, never under the cap, never slower than the base.
 */
export function autoIntervalMs({ baseMs, burning, shortestMs, base }: AutoSampling): number {
  const candidates = [
    divide(fromNumber(baseMs), rational(4)),
    ...burning.map((target) => divide(fromNumber(base.hourMs), informativeRatePerHour(decimal(target)))),
  ];
  const fastest = candidates.reduce((a, b) => (compare(a, b) <= 0 ? a : b));
  const wanted = Number(fastest.num / fastest.den);
  return Math.min(baseMs, Math.max(shortestMs, wanted, 1));
}
