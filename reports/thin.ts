/** A moment and a value; `null` breaks the line. */
export type Point = readonly [atMs: number, value: number | null];

/**
 * At most about `limit` points, in order. Every bucket of time keeps its first, smallest, largest and last point, so that a
 * spike of a single run survives whatever its surroundings; breaks survive too. Of time and not of so many points: where
 * these lie denser, they would leave nothing to the rest of the line.
 */
export function thin(points: readonly Point[], limit = 600): readonly Point[] {
  if (points.length <= limit) return points;
  const bucketCount = Math.max(1, Math.floor(limit / 5));
  const [firstMs, lastMs] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const width = Math.max(lastMs - firstMs, Number.MIN_VALUE) / bucketCount;
  const bucketOf = (index: number) =>
    Math.min(bucketCount - 1, Math.floor(((points[index]?.[0] ?? 0) - firstMs) / width));
  const kept: Point[] = [];
  for (let start = 0, end = 0; start < points.length; start = end) {
    const bucket = bucketOf(start);
    while (end < points.length && bucketOf(end) === bucket) end += 1;
    kept.push(...extremes(points, start, end));
  }
  return kept;
}

function extremes(points: readonly Point[], start: number, end: number): readonly Point[] {
  let least = -1;
  let most = -1;
  let gap = -1;
  for (let index = start; index < end; index += 1) {
    const value = points[index]?.[1] ?? null;
    if (value === null) {
      gap = index;
      continue;
    }
    if (least < 0 || value < (points[least]?.[1] ?? 0)) least = index;
    if (most < 0 || value > (points[most]?.[1] ?? 0)) most = index;
  }
  const wanted = [...new Set([start, least, most, gap, end - 1])].filter((index) => index >= 0);
  return wanted
    .toSorted((a, b) => a - b)
    .map((index) => points[index])
    .filter((point) => point !== undefined);
}

/** Breaks the line where nothing was measured for longer than `gapMs`: a silence must not look like a slope. */
export function broken(points: readonly Point[], gapMs: number): readonly Point[] {
  const kept: Point[] = [];
  let before: number | null = null;
  for (const point of points) {
    if (before !== null && point[0] - before > gapMs) kept.push([(before + point[0]) / 2, null]);
    kept.push(point);
    before = point[0];
  }
  return kept;
}

const DAY_MS = 86_400_000;
const GAP_SHARE = 0.02;

/** A day without an evaluation is a gap, and no line is drawn over it; of years, what is left of their points lies further apart. */
export function evaluationGapMs(range: { readonly fromMs: number; readonly toMs: number }, scale: number): number {
  return Math.max(DAY_MS / scale, GAP_SHARE * (range.toMs - range.fromMs));
}
