/** From what the ledger remembers to what each objective's state is now. */
import { evaluate } from '../slo/evaluate.ts';
import { withPercentile, type SlidingSamples } from '../slo/live-percentile.ts';
import type { Objective } from '../slo/objective.ts';
import { ranges, stepEnd, type RangeName, type TallyStep } from '../slo/ranges.ts';
import type { Status } from '../slo/status.ts';
import { withHistory } from '../slo/target-history.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { samplesOf, type PlacedSample } from '../store/samples.ts';
import type { BudgetPoint, StoreReader } from '../store/store.ts';
import { targetRecords, type TargetRecords } from '../store/target-records.ts';
import { withFreshness } from './telemetry/freshness.ts';

export interface EvaluationOptions {
  readonly base: TimeBase;
  readonly nowMs: number;
  /** How far back the stepped windows of percentile rows are judged; default: the objective's whole window. */
  readonly attainmentMs?: number;
  /** Whose samples are read: of every percentile row, to show them (default), or of those whose live window fails. */
  readonly percentiles?: 'all' | 'failing';
  /** What is on record of the targets; default: read. */
  readonly targets?: TargetRecords;
}

export async function evaluateAll(
  reader: StoreReader,
  objectives: readonly Objective[],
  options: EvaluationOptions,
): Promise<readonly Status[]> {
  const statuses: Status[] = [];
  const { base, nowMs } = options;
  const targets = options.targets ?? targetRecords(await reader.events({ kind: 'target' }));
  const held = objectives.map((objective) =>
    withHistory(objective, targets.get(objective.id) ?? [], { stepMs: base.minuteMs, nowMs }),
  );
  for (const objective of held) statuses.push(await evaluateOne(reader, objective, options));
  return statuses;
}

async function evaluateOne(reader: StoreReader, objective: Objective, options: EvaluationOptions): Promise<Status> {
  const { base, nowMs, attainmentMs } = options;
  const reach = attainmentMs === undefined ? {} : { attainmentMs };
  const tallies: Partial<Record<RangeName, readonly TallyStep[]>> = {};
  for (const { name, ...range } of ranges(objective, base, nowMs, reach)) {
    tallies[name] = await reader.tallies({ objective: objective.id, ...range });
  }
  const status = await withFreshness(evaluate({ objective, base, nowMs, tallies, ...reach }), reader, nowMs);
  const isWanted = status.live !== null && (options.percentiles !== 'failing' || status.live.pass === false);
  return isWanted ? withPercentile(status, await slidingSamples(reader, objective, options)) : status;
}

/** Of the steps of the sliding window. A run may have begun before them; one window earlier is looked for such. */
async function slidingSamples(
  reader: StoreReader,
  objective: Objective,
  { base, nowMs }: EvaluationOptions,
): Promise<SlidingSamples> {
  const toMs = stepEnd(base, nowMs);
  const slidingMs = objective.slidingMs ?? 0;
  const found = new Map<string, PlacedSample[]>();
  for (const probe of objective.probes) {
    for await (const result of reader.results({ fromMs: toMs - 2 * slidingMs, toMs, probe })) {
      for (const sample of samplesOf(objective, result)) {
        if (sample.atMs < toMs - slidingMs || sample.atMs >= toMs) continue;
        const own = found.get(sample.split);
        if (own === undefined) found.set(sample.split, [sample]);
        else own.push(sample);
      }
    }
  }
  return found;
}

/** A status as a point of the budget's burn-down. */
export function budgetPoint(status: Status): BudgetPoint {
  return {
    objective: status.objective.id,
    service: status.objective.service,
    atMs: status.atMs,
    colour: status.colour,
    consumedPct: status.consumed === null ? null : status.consumed * 100,
    attainmentPct: status.attainment === null ? null : status.attainment * 100,
    burn1h: status.burn['1h'],
    validEvents: status.validEvents,
    badEvents: status.tally.bad,
  };
}
