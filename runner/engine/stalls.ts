/** The largest of the last ten minutes, so kept that "since when" may be any moment. Pure. */
export interface Stalls {
  /** In the order of their ends. */
  keep(endMs: number, delayMs: number): void;
  /** Takes the last one back. */
  retract(): void;
  /** The delays that ended at or after that moment, as far as they lie after it; the largest first, up to `MOST`. */
  since(monotonicMs: number): readonly number[];
}

/** A run with more waits than this is judged by the largest of them. */
export const MOST = 8;
const KEEP_MS = 600_000;

interface Stall {
  readonly endMs: number;
  readonly delayMs: number;
  /** Later ones that are at least as large. */
  beatenBy: number;
}

export function createStalls(): Stalls {
  /** Who is beaten by `MOST` later ones is never among the largest: what is left is short. */
  let kept: Stall[] = [];
  return {
    keep(endMs, delayMs) {
      let isFull = false;
      for (const stall of kept) {
        if (stall.delayMs > delayMs) continue;
        stall.beatenBy += 1;
        if (stall.beatenBy === MOST) isFull = true;
      }
      if (isFull || (kept[0]?.endMs ?? endMs) < endMs - KEEP_MS) {
        kept = kept.filter((stall) => stall.beatenBy < MOST && stall.endMs >= endMs - KEEP_MS);
      }
      kept.push({ endMs, delayMs, beatenBy: 0 });
    },
    retract() {
      const last = kept.pop();
      if (last === undefined) return;
      for (const stall of kept) if (stall.delayMs <= last.delayMs) stall.beatenBy -= 1;
    },
    since(monotonicMs) {
      return kept
        .filter(({ endMs }) => endMs >= monotonicMs)
        .map(({ endMs, delayMs }) => Math.min(delayMs, endMs - monotonicMs))
        .toSorted((a, b) => b - a)
        .slice(0, MOST);
    },
  };
}

/**
 * The most by which stretches of time can be too long when their ends were seen late: each by one of the delays, and by no
 * more than it took. Both are taken largest first, which is the worst case.
 */
export function mostLate(delaysMs: readonly number[], stretchesMs: readonly number[]): number {
  const delays = delaysMs.toSorted((a, b) => b - a);
  return stretchesMs
    .toSorted((a, b) => b - a)
    .reduce((sum, stretchMs, index) => sum + Math.min(stretchMs, delays[index] ?? 0), 0);
}
