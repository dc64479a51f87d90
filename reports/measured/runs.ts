/** How the runs of a probe ended, counted one by one. */
import { hear, type Measure } from '../../store/measures/measure.ts';
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

export function finishRun(measure: Measure, toMs: number): ProbeRuns {
  hear(measure, toMs);
  const { probe, kind, service, counts, reasons, cadences, silence } = measure;
  return {
    probe,
    kind,
    service,
    good: counts.good,
    bad: counts.bad,
    excluded: counts.excluded,
    faults: counts.fault,
    skipped: counts.skipped,
    reasons: byCount(reasons),
    cadences: byCount(cadences),
    longestSilence: silence,
  };
}
