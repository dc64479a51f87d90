/** Events of one run in one place of time. */
export interface Slice {
  readonly atMs: number;
  readonly good: number;
  readonly bad: number;
}

export interface Share extends Slice {
  readonly goodWeight: bigint;
  readonly badWeight: bigint;
}

/**
 * Shares a run's weight among its events in whole units. The shares add up to `weight` exactly; what rounding leaves over
 * goes to a bad event where there is one, so that rounding never favours the service.
 */
export function shareOut(slices: readonly Slice[], weight: bigint): readonly Share[] {
  const events = BigInt(slices.reduce((sum, { good, bad }) => sum + good + bad, 0));
  if (events === 0n) return [];
  const floored = slices
    .filter(({ good, bad }) => good + bad > 0)
    .map((slice) => ({
      ...slice,
      goodWeight: (weight * BigInt(slice.good)) / events,
      badWeight: (weight * BigInt(slice.bad)) / events,
    }));
  const left = weight - floored.reduce((sum, { goodWeight, badWeight }) => sum + goodWeight + badWeight, 0n);
  const last = floored.findLastIndex(({ bad }) => bad > 0);
  return floored.map((share, index) => {
    if (last >= 0) return index === last ? { ...share, badWeight: share.badWeight + left } : share;
    return index === floored.length - 1 ? { ...share, goodWeight: share.goodWeight + left } : share;
  });
}
