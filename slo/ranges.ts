/** Which tallies an evaluation needs. The caller fetches them; `evaluate` stays pure. */
import { LOOKBACK_MINUTES } from './burn.ts';
import { LOOKBACKS, type Objective } from './objective.ts';
import { targetBreaks } from './targets.ts';
import type { TimeBase } from './time-base.ts';

/** Half-open, of steps by their start. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Clock hours are read whole wherever nothing begins or ends inside them. All stretches here begin and end on the hour.
 */
export interface Ranges {
  /** All hours that anything is asked of: those of the window, those before it that its first sliding windows reach into, and the last hour that is over. */
  readonly hours: Stretch;
  /**
   * Starts of those hours whose minutes are needed as well: the last six hours, and where the window, a lookback, the live
   * window or another target begins.
   */
  readonly detailed: readonly number[];
  /** Hours whose minutes a percentile row's windows slide over; null without such. */
  readonly sliding: Stretch | null;
}

/** Where minutes are known for certain, counted back from the end of the current step. */
export const RECENT_HOURS = 6;

/** The end of the step that is under way: every lookback counts back from here. */
export function stepEnd(base: TimeBase, nowMs: number): number {
  return (Math.floor(nowMs / base.minuteMs) + 1) * base.minuteMs;
}

/** The end of the newest step that is over; one is with its last millisecond. */
export function stepsOver(base: TimeBase, nowMs: number): number {
  return Math.floor((nowMs + 1) / base.minuteMs) * base.minuteMs;
}

/**
 * A range that is over, in whole steps: half-open, each of its ends the start of the step that it falls in. Both go down, so
 * that of two ranges which meet at any moment each step is in exactly one.
 */
export function wholeSteps({ minuteMs }: Pick<TimeBase, 'minuteMs'>, { fromMs, toMs }: Stretch): Stretch {
  const startOf = (atMs: number): number => Math.floor(atMs / minuteMs) * minuteMs;
  return { fromMs: startOf(fromMs), toMs: startOf(toMs) };
}

/** At which a range that is over is judged: of the step that begins where it ends nothing has happened yet. */
export function lastMoment(toMs: number): number {
  return toMs - 1;
}

export function hourOf({ hourMs }: TimeBase, atMs: number): number {
  return Math.floor(atMs / hourMs) * hourMs;
}

/** What to fetch for `evaluate`; null for an objective that nothing can feed. @param cuts where stretches that are left out begin and end */
export function ranges(
  objective: Objective,
  base: TimeBase,
  nowMs: number,
  cuts: readonly Stretch[] = [],
): Ranges | null {
  if (objective.unknownBecause !== null) return null;
  const { minuteMs, hourMs } = base;
  const { windowMs, slidingMs } = objective;
  const end = stepEnd(base, nowMs);
  const start = end - windowMs;
  const live = end - (slidingMs ?? 0);
  const oldest = Math.min(start - (slidingMs ?? 0), nowMs - hourMs);
  const hours = { fromMs: hourOf(base, oldest), toMs: hourOf(base, end - 1) + hourMs };
  const borders = [
    start,
    ...LOOKBACKS.map((lookback) => end - LOOKBACK_MINUTES[lookback] * minuteMs),
    live,
    ...targetBreaks(objective, hours.fromMs, end),
    ...cuts.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).filter((atMs) => atMs < end),
  ];
  const inside = borders
    .filter((atMs) => atMs >= hours.fromMs && atMs % hourMs !== 0)
    .map((atMs) => hourOf(base, atMs));
  for (let recent = hourOf(base, end - RECENT_HOURS * hourMs); recent < end; recent += hourMs) inside.push(recent);
  return {
    hours,
    detailed: [...new Set(inside)].filter((atMs) => atMs >= hours.fromMs).toSorted((a, b) => a - b),
    sliding: slidingMs === null ? null : { fromMs: hours.fromMs, toMs: hours.toMs },
  };
}

/** Hours that follow one another, as one stretch. @param hours their starts, ascending @param mostMs how long a stretch may be */
export function runsOf(hours: readonly number[], { hourMs }: TimeBase, mostMs = Infinity): readonly Stretch[] {
  const runs: { fromMs: number; toMs: number }[] = [];
  for (const atMs of hours) {
    const last = runs.at(-1);
    if (last?.toMs === atMs && atMs - last.fromMs < mostMs) last.toMs += hourMs;
    else runs.push({ fromMs: atMs, toMs: atMs + hourMs });
  }
  return runs;
}
