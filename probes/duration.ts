/** Durations as people write them. Apart from the schemas, which a command that only reads has no need of. */
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** "250ms", "15s", "1.5m", "1h", "30d" → milliseconds, or null when it is none of these. */
export function parseDuration(text: unknown): number | null {
  const match = typeof text === 'string' ? DURATION.exec(text) : null;
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  return match === null || unitMs === undefined ? null : Number(match[1]) * unitMs;
}

/** Milliseconds → the shortest text that `parseDuration` reads back: 60000 → "1m". */
export function durationText(ms: number): string {
  for (const [unit, unitMs] of Object.entries(UNIT_MS).toReversed()) {
    if (ms >= unitMs && ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  }
  return `${ms}ms`;
}
