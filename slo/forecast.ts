/** The hours of a window, with their gaps, and what the next ones are expected to bring. */
import type { Share } from './budget.ts';
import { rational, ZERO, type Rational } from './decimal.ts';
import { forecastHour, rollOff, type Bucket } from './projection.ts';
import type { TallyStep } from './ranges.ts';
import type { TimeBase } from './time-base.ts';

/** The forecast's traffic is the mean of this many hours. */
const MEAN_HOURS = 6;
const NOTHING: Bucket = { valid: 0n, bad: 0n };

/**
 * Hourly buckets, oldest first, counted back from `endMs`; hours without a row are empty. What a window holds beyond whole
 * hours is the first bucket.
 */
export function buckets(
  steps: readonly TallyStep[],
  base: TimeBase,
  { windowMs, endMs, shareOf }: { windowMs: number; endMs: number; shareOf: (step: TallyStep) => Share },
): Bucket[] {
  const count = Math.ceil(windowMs / base.hourMs);
  const found = Array.from({ length: count }, () => NOTHING);
  for (const step of steps) {
    const index = Math.max(0, count - Math.ceil((endMs - step.atMs) / base.hourMs));
    const bucket = found[index] ?? NOTHING;
    const { valid, bad } = shareOf(step);
    found[index] = { valid: bucket.valid + valid, bad: bucket.bad + bad };
  }
  return found;
}

/** The mean valid weight of the last six hours; of the hours since the first event, while the window is younger. */
export function meanTraffic(hours: readonly Bucket[]): Rational {
  const first = hours.findIndex((bucket) => bucket.valid > 0n);
  if (first < 0) return ZERO;
  const recent = hours.slice(Math.max(first, hours.length - MEAN_HOURS));
  return rational(
    recent.reduce((sum, bucket) => sum + bucket.valid, 0n),
    recent.length,
  );
}

/**
 * The roll-off figure in hours; without a burn rate only a budget that is gone already is known to be gone.
 * @param hours restated, where older targets are among them @param traffic the mean valid weight, in the same unit
 */
export function rollOffHours(
  hours: readonly Bucket[],
  traffic: Rational,
  burn: Rational | null,
  target: Rational,
): number | null {
  if (burn !== null) return rollOff(hours, forecastHour(traffic, burn, target), target);
  return rollOff(hours, { valid: ZERO, bad: ZERO }, target) === 0 ? 0 : null;
}
