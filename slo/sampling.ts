/** How often to ask when a budget burns. */
import { allowance } from './budget.ts';
import { decimal, divide, fromNumber, multiply, rational, type Rational } from './decimal.ts';
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

/** What `auto` came to, and why. */
export interface AutoChoice {
  /** Whole milliseconds. */
  readonly ms: number;
  /** `four-times`: the base rate. `informative`: that of the strictest burning objective. `cap`, `base`: what it may not pass. */
  readonly decidedBy: 'four-times' | 'informative' | 'cap' | 'base';
  readonly fourTimesMs: number;
  /** Null while nothing burns. */
  readonly informativeMs: number | null;
}

/**
 * The interval that `yellow: auto` means: the faster of four times the base rate and the informative rate of the strictest
 * burning objective, never under the cap, never slower than the base.
 */
export function autoChoice({ baseMs, burning, shortestMs, base }: AutoSampling): AutoChoice {
  const whole = ({ num, den }: Rational): number => Number(num / den);
  const fourTimesMs = whole(divide(fromNumber(baseMs), rational(4)));
  const each = burning.map((target) => whole(divide(fromNumber(base.hourMs), informativeRatePerHour(decimal(target)))));
  const informativeMs = each.length === 0 ? null : Math.min(...each);
  const isInformative = informativeMs !== null && informativeMs < fourTimesMs;
  const wantedMs = isInformative ? informativeMs : fourTimesMs;
  const cappedMs = Math.max(shortestMs, wantedMs, 1);
  const ms = Math.min(baseMs, cappedMs);
  const wanted = isInformative ? 'informative' : 'four-times';
  const decidedBy = ms < cappedMs ? 'base' : cappedMs > wantedMs ? 'cap' : wanted;
  return { ms, decidedBy, fourTimesMs, informativeMs };
}

export function autoIntervalMs(sampling: AutoSampling): number {
  return autoChoice(sampling).ms;
}
