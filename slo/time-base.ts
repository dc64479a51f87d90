/**
 * The policy speaks of minutes, hours and days. In production those are what clocks say; in practice (the demo) all of
 * them shrink by one factor, so that a month passes while somebody watches. Every duration of the policy is taken from
 * here, and every output says when the scale is not 1.
 */
export interface TimeBase {
  readonly scale: number;
  /** Length of one tally step in real milliseconds; an integer. */
  readonly minuteMs: number;
  readonly hourMs: number;
  readonly dayMs: number;
}

/** @param scale an integer ≥ 1 that divides 60 000. @throws RangeError otherwise. */
export function timeBase(scale: number): TimeBase {
  if (!Number.isInteger(scale) || scale < 1 || 60_000 % scale !== 0) {
    throw new RangeError(`a time scale must divide 60 000, got ${scale}`);
  }
  const minuteMs = 60_000 / scale;
  return { scale, minuteMs, hourMs: minuteMs * 60, dayMs: minuteMs * 1440 };
}
