/** Burn rates over the policy's lookbacks, each counted back from the end of the current step. */
import { consumed } from './budget.ts';
import { burnPairs, LOOKBACK_MINUTES } from './burn.ts';
import { compare, fromNumber, toNumber, type Rational } from './decimal.ts';
import type { History } from './history.ts';
import type { BurnThreshold } from './objective.ts';
import type { Lookback, PairStatus } from './status.ts';
import { spanOf, type Restated, type Span } from './targets.ts';
import type { TimeBase } from './time-base.ts';

/** Null: the lookback is longer than the window. */
export type Lookbacks = Readonly<Record<Lookback, Span | null>>;

export function lookbackSpans(
  history: History,
  base: TimeBase,
  { windowMs, endMs, restated }: { windowMs: number; endMs: number; restated: Restated },
): Lookbacks {
  return byLookback((lookback) => {
    const lengthMs = LOOKBACK_MINUTES[lookback] * base.minuteMs;
    return lengthMs > windowMs ? null : spanOf(history, endMs - lengthMs, endMs, restated);
  });
}

export function byLookback<Value>(of: (lookback: Lookback) => Value): Record<Lookback, Value> {
  return {
    '5m': of('5m'),
    '30m': of('30m'),
    '1h': of('1h'),
    '2h': of('2h'),
    '6h': of('6h'),
    '1d': of('1d'),
    '3d': of('3d'),
  };
}

/** Null without valid events, or without the lookback. */
export function burnRate(span: Span | null, target: Rational): Rational | null {
  return span === null ? null : consumed(span.share, target);
}

/** min(BR_1h, BR_6h): a burst that is over and a wobble that just began both stay quiet. `whole` stands in for a lookback longer than the window. */
export function slowerBurn(lookbacks: Lookbacks, whole: Span, target: Rational): Rational | null {
  const fast = burnRate(lookbacks['1h'] ?? whole, target);
  const slow = burnRate(lookbacks['6h'] ?? whole, target);
  if (fast === null || slow === null) return null;
  return compare(fast, slow) <= 0 ? fast : slow;
}

/** @param own thresholds of the user's own; default: the policy's pairs, scaled with the window */
export function pairStatuses(
  lookbacks: Lookbacks,
  target: Rational,
  windowHours: Rational,
  own?: readonly BurnThreshold[],
): readonly PairStatus[] {
  const reaches = (lookback: Lookback, factor: Rational): boolean => {
    const rate = burnRate(lookbacks[lookback], target);
    return rate !== null && compare(rate, factor) >= 0;
  };
  const pairs =
    own === undefined
      ? burnPairs(target, windowHours).kept
      : own.map((threshold) => ({ ...threshold, factor: fromNumber(threshold.factor) }));
  return pairs.map(({ long, short, factor, severity }) => ({
    long,
    short,
    factor: toNumber(factor),
    severity,
    burning: reaches(long, factor) && reaches(short, factor),
    badEvents: lookbacks[long]?.tally.bad ?? 0,
  }));
}
