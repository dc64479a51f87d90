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
  const kept: Stall[] = [];
  return {
    keep(endMs, delayMs) {
      // Once a turn of the loop: in place, and without a closure.
      let length = 0;
      for (const stall of kept) {
        if (stall.delayMs <= delayMs) stall.beatenBy += 1;
        if (stall.beatenBy < MOST && stall.endMs >= endMs - KEEP_MS) kept[length++] = stall;
      }
      kept.length = length;
      kept.push({ endMs, delayMs, beatenBy: 0 });
    },
    retract() {
      const last = kept.pop();
      if (last === undefined) return;
      for (const stall of kept) if (stall.delayMs <= last.delayMs) stall.beatenBy -= 1;
    },
    since(monotonicMs) {
      const delays: number[] = [];
      for (let index = kept.length - 1; index >= 0; index -= 1) {
        const stall = kept[index];
        if (stall === undefined || stall.endMs < monotonicMs) break;
        delays.push(Math.min(stall.delayMs, stall.endMs - monotonicMs));
      }
      return delays.length < 2 ? delays : delays.toSorted(descending).slice(0, MOST);
    },
  };
}

function descending(a: number, b: number): number {
  return b - a;
}

/**
 * The most by which stretches of time can be too long when their ends were seen late: each by one of the delays, and by no
 * more than it took. Both are taken largest first, which is the worst case.
 */
export function mostLate(delaysMs: readonly number[], stretchesMs: readonly number[]): number {
  const delays = delaysMs.length < 2 ? delaysMs : delaysMs.toSorted(descending);
  const stretches = stretchesMs.length < 2 ? stretchesMs : stretchesMs.toSorted(descending);
  let sum = 0;
  for (let index = 0; index < stretches.length; index += 1) {
    sum += Math.min(stretches[index] ?? 0, delays[index] ?? 0);
  }
  return sum;
}
