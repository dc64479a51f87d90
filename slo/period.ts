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

/** @param measuredMs starts of the steps with anything on record (good, bad, excluded, spoiled, answered); ascending, none twice */
export function periodOf(
  objective: string,
  { fromMs, toMs, stepMs }: Stretch & { readonly stepMs: number },
  measuredMs: readonly number[],
): Period {
  const steps = Math.round((toMs - fromMs) / stepMs);
  const measured = measuredMs.map((atMs) => Math.round((atMs - fromMs) / stepMs));
  const rhythm = rhythmOf(measured);
  let [silent, stretches] = [0, 0];
  let longest: readonly [from: number, to: number] = [0, 0];
  const take = (from: number, to: number): void => {
    if (to <= from) return;
    silent += to - from;
    stretches += 1;
    if (to - from > longest[1] - longest[0]) longest = [from, to];
  };
  // A run just before the window would stand for its first steps: nobody can tell, so that they are not held against it.
  const first = measured[0];
  if (first === undefined || first >= rhythm) take(0, first ?? steps);
  for (const [index, at] of measured.entries()) take(at + rhythm, measured[index + 1] ?? steps);
  const [from, to] = longest;
  return {
    objective,
    fromMs,
    toMs,
    steps,
    silent,
    stretches,
    longest: silent === 0 ? null : { fromMs: fromMs + from * stepMs, toMs: fromMs + to * stepMs },
    rhythm,
    sinceMs: measuredMs[0] ?? null,
  };
}

/** The upper median of the gaps: what goes on every five minutes is not silent for four of them. */
function rhythmOf(measured: readonly number[]): number {
  const gaps = new Map<number, number>();
  for (let index = 1; index < measured.length; index += 1) {
    const gap = (measured[index] ?? 0) - (measured[index - 1] ?? 0);
    gaps.set(gap, (gaps.get(gap) ?? 0) + 1);
  }
  const half = Math.floor((measured.length - 1) / 2);
  let before = 0;
  for (const [gap, times] of [...gaps].toSorted(([a], [b]) => a - b)) {
    before += times;
    if (before > half) return Math.min(gap, MOST_STEPS_A_RUN);
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
