/** By code unit, which no locale changes. */
export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Most frequent first. */
export function byCount(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries(mostFirst(counts));
}

/** For whoever draws them: a record that was read back from canonical JSON has its keys in another order. */
export function mostFirst(counts: Iterable<readonly [string, number]>): readonly (readonly [string, number])[] {
  return [...counts].toSorted(([a, x], [b, y]) => y - x || order(a, b));
}
