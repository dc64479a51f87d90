/** Which steps are due, and in which spans they are asked for. Pure; real milliseconds since the epoch. */
import type { StepSpan } from './source.ts';

export interface Due {
  readonly nowMs: number;
  readonly stepMs: number;
  readonly lagMs: number;
  readonly catchUpMs: number;
}

/** The last moment that is settled, on a step's end. */
export function settledMs({ nowMs, stepMs, lagMs }: Due): number {
  return Math.floor((nowMs - lagMs) / stepMs) * stepMs;
}

/** Start of the first step that is still asked for. */
export function horizonMs({ nowMs, stepMs, catchUpMs }: Due): number {
  return Math.ceil((nowMs - catchUpMs) / stepMs) * stepMs;
}

/** Starts of the whole, settled steps that nobody has answered for, ascending. */
export function dueSteps(due: Due, isKnown: (startMs: number) => boolean): readonly number[] {
  const endMs = settledMs(due);
  const starts: number[] = [];
  for (let startMs = horizonMs(due); startMs < endMs; startMs += due.stepMs) {
    if (!isKnown(startMs)) starts.push(startMs);
  }
  return starts;
}

/** Steps a question: an hour of minutes, counted in a millisecond of the loop that measures. Fewer where each may have hundreds of splits: answers are bounded. */
export const MOST_STEPS = 60;
export const MOST_SPLIT_STEPS = 30;

/** Spans that cover the steps, each from one of them to one of them, none of more than `most` steps. */
export function spansOf(starts: readonly number[], stepMs: number, most = MOST_STEPS): readonly StepSpan[] {
  const spans: { fromMs: number; toMs: number; stepMs: number }[] = [];
  for (const startMs of starts) {
    const last = spans.at(-1);
    const toMs = startMs + stepMs;
    if (last !== undefined && toMs - last.fromMs <= most * stepMs) last.toMs = toMs;
    else spans.push({ fromMs: startMs, toMs, stepMs });
  }
  return spans;
}
