/** How much of an objective's window was measured at all: of time in which no prober ran, no tally and no coverage says anything. */
import type { Stretch } from './ranges.ts';

export interface Period {
  readonly objective: string;
  /** The window. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Tally steps of the window, and those of them that no run stands for. */
  readonly steps: number;
  readonly silent: number;
  /** The stretches that the silent steps make, and the longest of them. */
  readonly stretches: number;
  readonly longest: Stretch | null;
  /** How many steps a step with runs stands for: what usually lies between two of them. */
  readonly rhythm: number;
  /** Start of the first step of the window with anything on record; null: there is none. */
  readonly sinceMs: number | null;
}

/** Nobody is asked to believe that one look stands for more than a day. */
const MOST_STEPS_A_RUN = 1440;

/** @param marks one for each step of the window: 1 where anything is on record (good, bad, excluded, spoiled, answered), else 0 */
export function periodOf(objective: string, { fromMs, toMs }: Stretch, marks: Uint8Array): Period {
  const steps = marks.length;
  const rhythm = rhythmOf(marks);
  let [silent, stretches] = [0, 0];
  let longest: readonly [from: number, to: number] = [0, 0];
  const take = (from: number, to: number): void => {
    if (to <= from) return;
    silent += to - from;
    stretches += 1;
    if (to - from > longest[1] - longest[0]) longest = [from, to];
  };
  const first = marks.indexOf(1);
  // A run just before the window would stand for its first steps: nobody can tell, so that they are not held against it.
  if (first >= rhythm) take(0, first);
  let stoodForTo = first < 0 ? 0 : steps;
  for (let at = Math.max(0, first); at < steps; at += 1) {
    if (marks[at] !== 1) continue;
    take(stoodForTo, at);
    stoodForTo = at + rhythm;
  }
  take(stoodForTo, steps);
  const [from, to] = longest;
  const msAt = (step: number): number => fromMs + step * ((toMs - fromMs) / steps);
  return {
    objective,
    fromMs,
    toMs,
    steps,
    silent,
    stretches,
    longest: silent === 0 ? null : { fromMs: msAt(from), toMs: msAt(to) },
    rhythm,
    sinceMs: first < 0 ? null : msAt(first),
  };
}

/** The upper median of the gaps: what goes on every five minutes is not silent for four of them. */
function rhythmOf(marks: Uint8Array): number {
  const gaps = new Uint32Array(MOST_STEPS_A_RUN + 1);
  let last = -1;
  let all = 0;
  for (let at = marks.indexOf(1); at >= 0 && at < marks.length; at += 1) {
    if (marks[at] !== 1) continue;
    if (last >= 0) {
      const gap = Math.min(at - last, MOST_STEPS_A_RUN);
      gaps[gap] = (gaps[gap] ?? 0) + 1;
      all += 1;
    }
    last = at;
  }
  let before = 0;
  for (const [gap, times] of gaps.entries()) {
    before += times;
    if (before > Math.floor(all / 2)) return gap;
  }
  return 1;
}

/** From this share of its window on that nobody measured, a figure is not said to be that of the window. */
const MOST_SILENT_PERCENT = 10;

/**
 * Less than 90 % of it was measured. Where probes go by a calendar nothing is due while it is closed: there only what lies
 * before the first measurement counts.
 */
export function isTooShort({ steps, silent, fromMs, toMs, sinceMs }: Period, goesByCalendar: boolean): boolean {
  if (!goesByCalendar) return silent * 100 > steps * MOST_SILENT_PERCENT;
  return ((sinceMs ?? toMs) - fromMs) * 100 > (toMs - fromMs) * MOST_SILENT_PERCENT;
}
