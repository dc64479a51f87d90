/** Where on the time axis a reading stands, and which events never happened at all. */
import { isTimed, type CountReading, type DurationReading } from '../../probes/probe.ts';
import type { Result } from '../result.ts';

type Timed = DurationReading | CountReading;

/**
 * Events that were counted stand where their stretch was over: at the end of their tally step, or of the run if that came
 * first. A step may be much longer than a run (a minute, with a run every few seconds): drawn at its start, everything
 * that an exercise showed would stand before it began.
 */
export function momentOf(reading: Timed, result: Result, stepMs: number): number {
  if (reading.type === 'duration') return reading.atMs ?? result.scheduledMs;
  return Math.min(reading.atMs + stepMs, endOf(result));
}

function endOf({ scheduledMs, startedMs, durationMs }: Result): number {
  return Math.max(scheduledMs, startedMs + (durationMs ?? 0));
}

/**
 * A bad run without any reading of an indicator that it was to measure: the event never happened, and the objectives
 * count it as bad (`store/judge.ts`). Left out of a chart, an outage would be an empty place.
 */
export function neverHappened({ outcome, readings }: Result, indicator: string): boolean {
  return outcome === 'bad' && !readings.some((reading) => isTimed(reading) && reading.indicator === indicator);
}
