/** From what the ledger remembers to what each objective's state is now. */
import { withPercentile, type SlidingSamples } from '../slo/live-percentile.ts';
import type { Objective } from '../slo/objective.ts';
import { stepEnd } from '../slo/ranges.ts';
import type { Status } from '../slo/status.ts';
import { withHistory } from '../slo/target-history.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { samplesOf, type PlacedSample } from '../store/samples.ts';
import type { BudgetPoint, StoreReader } from '../store/store.ts';
import { targetRecords, type TargetRecords } from '../store/target-records.ts';
import { withFreshness } from './telemetry/freshness.ts';
import { createAccounts } from '../store/accounts.ts';

export interface EvaluationOptions {
  readonly base: TimeBase;
  readonly nowMs: number;
  /** Whose samples are read: of every percentile row, to show them (default), or of those whose live window fails. */
  readonly percentiles?: 'all' | 'failing';
  /** What is on record of the targets; default: read. */
  readonly targets?: TargetRecords;
}

export interface Evaluation {
  at(nowMs: number, options?: Pick<EvaluationOptions, 'percentiles' | 'targets'>): Promise<readonly Status[]>;
}

/** For who asks again and again: each time costs what changed since the last. */
export function createEvaluation(reader: StoreReader, objectives: readonly Objective[], base: TimeBase): Evaluation {
  const accounts = createAccounts(reader, base);
  return {
    async at(nowMs, { percentiles = 'all', targets } = {}) {
      const records = targets ?? targetRecords(await reader.events({ kind: 'target' }));
      const held = objectives.map((objective) =>
        withHistory(objective, records.get(objective.id) ?? [], { stepMs: base.minuteMs, nowMs }),
      );
      const statuses: Status[] = [];
      for (const [index, found] of (await accounts.statuses(held, nowMs)).entries()) {
        const status = await withFreshness(found, reader, nowMs);
        const objective = held[index] ?? status.objective;
        const isWanted = status.live !== null && (percentiles === 'all' || status.live.pass === false);
        const samples = isWanted ? await slidingSamples(reader, objective, { base, nowMs }) : null;
        statuses.push(samples === null ? status : withPercentile(status, samples));
      }
      return statuses;
    },
  };
}

export function evaluateAll(
  reader: StoreReader,
  objectives: readonly Objective[],
  { base, nowMs, ...options }: EvaluationOptions,
): Promise<readonly Status[]> {
  return createEvaluation(reader, objectives, base).at(nowMs, options);
}

/** Of the steps of the sliding window. A run may have begun before them; one window earlier is looked for such. */
export async function slidingSamples(
  reader: StoreReader,
  objective: Objective,
  { base, nowMs }: EvaluationOptions,
): Promise<SlidingSamples> {
  const toMs = stepEnd(base, nowMs);
  const slidingMs = objective.slidingMs ?? 0;
  const found = new Map<string, PlacedSample[]>();
  for await (const result of reader.results({ fromMs: toMs - 2 * slidingMs, toMs, probes: objective.probes })) {
    for (const sample of samplesOf(objective, result)) {
      if (sample.atMs < toMs - slidingMs || sample.atMs >= toMs) continue;
      const own = found.get(sample.split);
      if (own === undefined) found.set(sample.split, [sample]);
      else own.push(sample);
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
