/** What one event of a threshold row is held against. */
import type { DurationReading } from '../probes/probe.ts';
import type { Limit, Sli } from '../slo/objective.ts';
import type { JudgedRun } from './result.ts';

export type ThresholdSli = Extract<Sli, { type: 'threshold' }>;

/** Null: +∞. A request that failed fast was not fast: of a request, the latency counts only if its answer was good. */
export function durationOf({ indicator, ms }: DurationReading, { outcome }: JudgedRun): number | null {
  return indicator === 'latency' && outcome === 'bad' ? null : ms;
}

/** The limit that held when something happened: a newer one never judges the past. */
export function limitAt(sli: ThresholdSli, atMs: number): Limit {
  return sli.earlier?.find(({ untilMs }) => atMs < untilMs) ?? sli;
}
