/** Telemetry that nobody has heard of for too long says nothing: Unknown, and why. */
import { durationText } from '../../probes/duration.ts';
import { unheard } from '../../slo/evaluate.ts';
import type { Status } from '../../slo/status.ts';
import type { StoreReader } from '../../store/store.ts';
import { lastingTrouble } from './trouble.ts';

/** A step is overdue once its successor should have been counted. */
export async function withFreshness(
  status: Status,
  reader: Pick<StoreReader, 'tallies' | 'events'>,
  nowMs: number,
): Promise<Status> {
  const { id: objective, service, telemetry } = status.objective;
  if (telemetry === undefined) return status;
  const { source, stepMs, staleMs } = telemetry;
  const fromMs = nowMs - staleMs - 2 * stepMs;
  const steps = await reader.tallies({ objective, fromMs, toMs: nowMs + 1 });
  if (steps.some(({ bounded }) => bounded > 0)) return status;
  const trouble = lastingTrouble(await reader.events({ kind: 'source', service, toMs: nowMs + 1 }), objective);
  const since = status.tally.bounded > 0 ? `nothing newer than ${durationText(staleMs)}` : 'nothing counted yet';
  const why = trouble === null ? '' : `: ${trouble.reason} (since ${new Date(trouble.sinceMs).toISOString()})`;
  return unheard(status, `${since} from the source ${source}${why}`);
}
