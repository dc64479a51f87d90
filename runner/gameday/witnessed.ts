import type { Clock } from '../../probes/probe.ts';
import type { Result } from '../../store/result.ts';
import type { Witness } from '../witness.ts';
import type { EvidenceLog } from './evidence-log.ts';

/** Takes the probes' results as evidence until the signal aborts. */
export async function listen(
  witness: Witness,
  log: EvidenceLog,
  clock: Clock,
  sinceStartMs: () => number,
  signal: AbortSignal,
  hear: (result: Result) => void = () => undefined,
): Promise<void> {
  for await (const result of witness.watch(signal)) {
    if (signal.aborted) return;
    hear(result);
    const nowMs = sinceStartMs();
    // The run's own stamps are wall clock; how long ago it began is small enough to carry over.
    const startedAtMs = nowMs - Math.max(0, clock.wallMs() - result.startedMs);
    log.add({
      probe: result.probe,
      outcome: result.outcome,
      readings: result.readings,
      startedAtMs,
      endedAtMs: Math.min(nowMs, startedAtMs + (result.durationMs ?? 0)),
    });
  }
}
