/** A moment and a value; `null` breaks the line. */
export type Point = readonly [atMs: number, value: number | null];

/**
 * At most about `limit` points, in order. Every bucket keeps its first, smallest, largest and last point, so that a spike
 * of a single run survives whatever its surroundings; breaks survive too.
 */
export function thin(points: readonly Point[], limit = 600): readonly Point[] {
  if (points.length <= limit) return points;
  const bucketCount = Math.max(1, Math.floor(limit / 5));
  const size = Math.ceil(points.length / bucketCount);
  const kept: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    kept.push(...extremes(points, start, Math.min(points.length, start + size)));
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
