/** How the runs of a probe ended, counted one by one. */
import { runsOf, type Result } from '../../store/result.ts';
import { byCount } from './order.ts';

/** How the runs of one probe ended. Runs asked for by hand are not among them. */
export interface ProbeRuns {
  readonly probe: string;
  readonly kind: string;
  readonly service: string;
  readonly good: number;
  readonly bad: number;
  readonly excluded: number;
  readonly faults: number;
  readonly skipped: number;
  /** Reason code → how many bad, faulty and skipped runs gave it. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Cadence → runs scheduled at it. */
  readonly cadences: Readonly<Record<string, number>>;
  /** Longest stretch within the report's range in which no run was even due; from its start. */
  readonly longestSilence: { readonly fromMs: number; readonly ms: number };
}

export interface RunCount {
  readonly probe: string;
  readonly kind: string;
  readonly service: string;
  readonly counts: Record<Result['outcome'], number>;
  readonly reasons: Map<string, number>;
  readonly cadences: Map<string, number>;
  lastMs: number;
  silence: { fromMs: number; ms: number };
}

export function newRunCount({ probe, kind, service }: Result, fromMs: number): RunCount {
  return {
    probe,
    kind,
    service,
    counts: { good: 0, bad: 0, excluded: 0, fault: 0, skipped: 0 },
    reasons: new Map(),
    cadences: new Map(),
    lastMs: fromMs,
    silence: { fromMs, ms: 0 },
  };
}

export function countRun(run: RunCount, result: Result): void {
  const runs = runsOf(result);
  run.counts[result.outcome] += runs;
  run.cadences.set(result.cadence, (run.cadences.get(result.cadence) ?? 0) + runs);
  if (result.outcome !== 'good' && result.reason !== null) {
    run.reasons.set(result.reason, (run.reasons.get(result.reason) ?? 0) + runs);
  }
  hear(run, result.scheduledMs);
}

function hear(run: RunCount, atMs: number): void {
  if (atMs - run.lastMs > run.silence.ms) run.silence = { fromMs: run.lastMs, ms: atMs - run.lastMs };
  run.lastMs = Math.max(run.lastMs, atMs);
}

export function finishRun(run: RunCount, toMs: number): ProbeRuns {
  hear(run, toMs);
  return {
    probe: run.probe,
    kind: run.kind,
    service: run.service,
    good: run.counts.good,
    bad: run.counts.bad,
    excluded: run.counts.excluded,
    faults: run.counts.fault,
    skipped: run.counts.skipped,
    reasons: byCount(run.reasons),
    cadences: byCount(run.cadences),
    longestSilence: run.silence,
  };
}
