/** What a probe is told in every run, worked out once from the configuration. */
import type { Measure } from '../../probes/kind.ts';
import { measuresOf, ownLimits } from '../../probes/kinds.ts';
import { thresholdKey, type RunContext, type Threshold } from '../../probes/probe.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import { seededRandom } from '../../scenarios/random.ts';

/** What is only as good as this machine's clock. */
const WALL_CLOCK: ReadonlySet<Measure> = new Set(['tick-age', 'newest-age', 'signal-age']);

/** A stall below this never spoils a run; above, the strictest threshold decides. */
const LEAST_TOLERANCE_MS = 2;
const TOLERANCE_SHARE = 0.05;

export interface ProbeContext {
  readonly run: Omit<
    RunContext,
    'runId' | 'probe' | 'location' | 'signal' | 'timeoutMs' | 'clock' | 'clockBoundMs' | 'verbose'
  >;
  readonly toleranceMs: number;
  /** Its figures compare a remote wall clock with this machine's. */
  readonly needsWallClock: boolean;
}

export function contextOf(
  probe: PlannedProbe,
  configuration: Configuration,
  orders: RunContext['orders'],
): ProbeContext {
  const thresholds = thresholdsOf(probe.id, configuration.objectives);
  // The timeout is a threshold as well: the one that availability is judged by.
  const named = [...thresholds.values()].flat().map((threshold) => threshold.ms);
  const share = Math.min(probe.timeoutMs, ...ownLimits(probe.spec), ...named) * TOLERANCE_SHARE;
  return {
    toleranceMs: configuration.loopToleranceMs ?? Math.max(LEAST_TOLERANCE_MS, share),
    needsWallClock: measuresOf(probe.spec).some((measure) => WALL_CLOCK.has(measure)),
    run: {
      random: seededRandom(configuration.seed, 'run', probe.id),
      thresholds: (indicator) => thresholds.get(indicator) ?? [],
      stepMs: configuration.base.minuteMs,
      orders,
    },
  };
}

/** Every limit that an objective fed by this probe names, by indicator, each once. */
function thresholdsOf(probe: string, objectives: readonly Objective[]): ReadonlyMap<string, readonly Threshold[]> {
  const found = new Map<string, Map<string, Threshold>>();
  for (const { sli, probes } of objectives) {
    if (sli.type !== 'threshold' || !probes.includes(probe)) continue;
    const known = found.get(sli.indicator) ?? new Map<string, Threshold>();
    // An announced limit holds from its date on, in the middle of a run of this process.
    for (const { ms, strict } of [...(sli.earlier ?? []), sli]) known.set(thresholdKey({ ms, strict }), { ms, strict });
    found.set(sli.indicator, known);
  }
  return new Map([...found].map(([indicator, known]) => [indicator, [...known.values()]]));
}
