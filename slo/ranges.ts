/** Which tallies an evaluation needs. The caller fetches them; `evaluate` stays pure. */
import type { Objective } from './objective.ts';
import type { Tally } from './tally.ts';
import { targetBreaks } from './targets.ts';
import type { TimeBase } from './time-base.ts';

/**
 * - `hours`: whole hours of the window, counted back from the end of the current step.
 * - `edge`: what the window holds beyond them, one group (only where the window is no multiple of an hour).
 * - `minutes`: the steps of the last hour, for the short lookbacks.
 * - `completeHour`: the last hour of the clock that is over, one group, for the regression check of ratios.
 * - `sliding`: the steps over which a percentile row's windows slide.
 */
export type RangeName = 'hours' | 'edge' | 'minutes' | 'completeHour' | 'sliding';

/** The fields of a tally query, but for the objective. Half-open; groups count from `fromMs`. */
export interface TallyRange {
  readonly name: RangeName;
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupMs?: number;
  /** Groups are cut at these moments as well: another target holds from there on. */
  readonly breaksMs?: readonly number[];
  readonly bySplit: boolean;
}

/** One row of an answer: the start of its step or group, and the split it belongs to ('' when not split). */
export interface TallyStep extends Tally {
  readonly atMs: number;
  readonly split: string;
}

/** The end of the step that is under way: every lookback counts back from here. */
export function stepEnd(base: TimeBase, nowMs: number): number {
  return (Math.floor(nowMs / base.minuteMs) + 1) * base.minuteMs;
}

export interface RangeOptions {
  /** How far back a percentile row's stepped windows are judged; default: its whole window. */
  readonly attainmentMs?: number;
}

/** What to fetch for {@link EvaluateInput}; nothing for an objective that nothing can feed. */
export function ranges(
  objective: Objective,
  base: TimeBase,
  nowMs: number,
  options: RangeOptions = {},
): readonly TallyRange[] {
  if (objective.unknownBecause !== null) return [];
  const end = stepEnd(base, nowMs);
  const start = end - objective.windowMs;
  const firstHour = end - Math.floor(objective.windowMs / base.hourMs) * base.hourMs;
  const clockHour = Math.floor(nowMs / base.hourMs) * base.hourMs;
  const bySplit = objective.split !== null;
  const found: TallyRange[] = [
    { name: 'hours', fromMs: firstHour, toMs: end, groupMs: base.hourMs, bySplit },
    { name: 'edge', fromMs: start, toMs: firstHour, groupMs: firstHour - start, bySplit },
    { name: 'minutes', fromMs: Math.max(start, end - base.hourMs), toMs: end, bySplit },
    { name: 'completeHour', fromMs: clockHour - base.hourMs, toMs: clockHour, groupMs: base.hourMs, bySplit },
  ];
  if (objective.slidingMs !== null) {
    const span = Math.max(objective.slidingMs, options.attainmentMs ?? objective.windowMs);
    // One window more, so that the first step of the span ends a full one.
    found.push({ name: 'sliding', fromMs: end - span - objective.slidingMs, toMs: end, bySplit });
  }
  return found.filter((range) => range.toMs > range.fromMs).map((range) => withBreaks(range, objective));
}

function withBreaks(range: TallyRange, objective: Objective): TallyRange {
  if (range.groupMs === undefined) return range;
  const breaksMs = targetBreaks(objective, range.fromMs, range.toMs);
  return breaksMs.length === 0 ? range : { ...range, breaksMs };
}
