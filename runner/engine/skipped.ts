/** What is recorded of a run that never started. */
import { NO_PHASES } from '../../probes/probe.ts';
import type { Result } from '../../store/result.ts';
import type { PlannedProbe } from '../config/configuration.ts';

export type Skipped =
  /** The run before it had not ended. */
  | { readonly why: 'overlap' }
  /** The run before it ignored its deadline, and has not ended since. */
  | { readonly why: 'left-behind'; readonly runId: string }
  /** Its account was not proven paper. */
  | { readonly why: 'disabled' }
  /** The process slept, or was held up. */
  | { readonly why: 'missed'; readonly runs: number };

interface When {
  readonly nowMs: number;
  readonly latenessMs: number;
}

/** @param run its id, its cadence and what else a result takes over */
export function skippedResult(
  probe: PlannedProbe,
  run: Pick<Result, 'runId' | 'location' | 'cadence' | 'weightMs' | 'gameday'>,
  skipped: Skipped,
  { nowMs, latenessMs }: When,
): Result {
  return {
    ...run,
    probe: probe.id,
    kind: probe.kind,
    service: probe.service,
    endpoint: probe.endpoint,
    venue: probe.venue,
    scheduledMs: nowMs - latenessMs,
    startedMs: nowMs,
    latenessMs,
    durationMs: null,
    outcome: 'skipped',
    reason: skipped.why === 'missed' ? 'missed' : skipped.why === 'disabled' ? 'not-paper' : 'overlap',
    detail: detailOf(skipped),
    phases: NO_PHASES,
    readings: [],
    values: { missed: skipped.why === 'missed' ? skipped.runs : 1 },
    loopDelayMs: null,
  };
}

function detailOf(skipped: Skipped): string {
  if (skipped.why === 'missed') return `${skipped.runs} runs never came due: the process slept`;
  if (skipped.why === 'disabled') return 'the probe is disabled: its account was not proven paper';
  if (skipped.why === 'overlap') return 'the run before it had not ended';
  return `run ${skipped.runId} ignored its deadline and has not ended since`;
}
