/** What a window's hours are expected to bring, and what of the present remains in it while it slides. */
import type { Share } from './budget.ts';
import { rational, ZERO, type Rational } from './decimal.ts';
import { firstExhausted, forecastHour, type Bucket, type Sliding } from './projection.ts';
import type { TimeBase } from './time-base.ts';

/** The forecast's traffic is the mean of this many hours. */
const MEAN_HOURS = 6;
const NOTHING: Bucket = { valid: 0n, bad: 0n };

/** Shares of stretches that begin and end where minutes are known, or on the clock's hours. */
export type ShareBetween = (fromMs: number, toMs: number) => Share;

export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * A window that slides by whole hours over the clock's hours, of which it may begin inside one. Of the hour that has left in
 * part, what may have gone counts not as valid, and what may still be there counts as bad: never later than minute by
 * minute, and exactly that where the window begins on the hour.
 */
export function slidingOver(shareBetween: ShareBetween, { hourMs }: TimeBase, { startMs, endMs }: Window): Sliding {
  return {
    hours: Math.ceil((endMs - startMs) / hourMs),
    remaining: (hours) => {
      const cutMs = startMs + hours * hourMs;
      if (cutMs >= endMs) return NOTHING;
      const hourAtMs = Math.floor(cutMs / hourMs) * hourMs;
      if (hours === 0 || cutMs === hourAtMs) return shareBetween(cutMs, endMs);
      const whole = shareBetween(Math.min(hourAtMs + hourMs, endMs), endMs);
      return { valid: whole.valid, bad: shareBetween(Math.max(hourAtMs, startMs), endMs).bad };
    },
  };
}

/** The mean valid weight of the last six hours; of the hours since the first event, while the window is younger. */
export function meanTraffic(shareBetween: ShareBetween, { hourMs }: TimeBase, { startMs, endMs }: Window): Rational {
  const since = (hours: number): bigint => shareBetween(Math.max(startMs, endMs - hours * hourMs), endMs).valid;
  const longest = Math.ceil((endMs - startMs) / hourMs);
  if (longest > MEAN_HOURS && shareBetween(startMs, endMs).valid > since(MEAN_HOURS)) {
    return rational(since(MEAN_HOURS), MEAN_HOURS);
  }
  const all = since(MEAN_HOURS);
  if (all === 0n) return ZERO;
  let hours = Math.min(longest, MEAN_HOURS);
  while (hours > 1 && since(hours - 1) === all) hours -= 1;
  return rational(all, hours);
}

/** The roll-off figure in hours; without a burn rate only a budget that is gone already is known to be gone. */
export function rollOffHours(
  window: Sliding,
  traffic: Rational,
  burn: Rational | null,
  target: Rational,
): number | null {
  if (burn !== null) return firstExhausted(window, forecastHour(traffic, burn, target), target);
  return firstExhausted({ ...window, hours: 0 }, { valid: ZERO, bad: ZERO }, target);
}
