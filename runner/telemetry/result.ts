/** One step of one objective, as the ledger keeps it. */
import { NO_PHASES, type Reading } from '../../probes/probe.ts';
import type { Reason } from '../../probes/reasons.ts';
import { feedName } from '../../slo/objective.ts';
import type { Result } from '../../store/result.ts';
import type { BoundQuery } from '../config/configuration.ts';

export interface StepResult {
  readonly startMs: number;
  readonly readings: readonly Reading[];
  /** Null: it was answered. */
  readonly reason: Extract<Reason, 'no-data' | 'missed'> | null;
  readonly detail: string | null;
  /** How many steps it speaks for; more than one only of those that were missed. */
  readonly steps: number;
}

/**
 * The run id is the objective's and the step's own, so that a step is counted once, whoever asks, however often and after
 * whatever end of the process: the first settled answer stands.
 */
export function stepResult(
  { objective, service, stepMs }: BoundQuery,
  location: string,
  { startMs, readings, reason, detail, steps }: StepResult,
  asked: { readonly atMs: number; readonly tookMs: number | null },
): Result {
  const probe = feedName(objective);
  return {
    runId: `${probe}/${startMs.toString(36)}`,
    probe,
    kind: 'telemetry',
    service,
    location,
    endpoint: null,
    venue: null,
    scheduledMs: startMs,
    startedMs: asked.atMs,
    latenessMs: 0,
    durationMs: asked.tookMs,
    cadence: 'green',
    weightMs: stepMs,
    outcome: reason === null ? 'good' : reason === 'missed' ? 'skipped' : 'fault',
    reason,
    detail,
    phases: NO_PHASES,
    readings,
    values: reason === 'missed' ? { missed: steps } : {},
    loopDelayMs: null,
    gameday: null,
  };
}
