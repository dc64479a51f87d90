/** From what the ledger remembers to what each objective's state is now. */
import { evaluate } from '../slo/evaluate.ts';
import type { Objective } from '../slo/objective.ts';
import { ranges, type RangeName, type TallyStep } from '../slo/ranges.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { BudgetPoint, StoreReader } from '../store/store.ts';

export interface EvaluationOptions {
  readonly base: TimeBase;
  readonly nowMs: number;
  /** How far back the stepped windows of percentile rows are judged; default: the objective's whole window. */
  readonly attainmentMs?: number;
}

export async function evaluateAll(
  reader: StoreReader,
  objectives: readonly Objective[],
  options: EvaluationOptions,
): Promise<readonly Status[]> {
  const statuses: Status[] = [];
  for (const objective of objectives) statuses.push(await evaluateOne(reader, objective, options));
  return statuses;
}

async function evaluateOne(reader: StoreReader, objective: Objective, options: EvaluationOptions): Promise<Status> {
  const { base, nowMs, attainmentMs } = options;
  const reach = attainmentMs === undefined ? {} : { attainmentMs };
  const tallies: Partial<Record<RangeName, readonly TallyStep[]>> = {};
  for (const { name, ...range } of ranges(objective, base, nowMs, reach)) {
    tallies[name] = await reader.tallies({ objective: objective.id, ...range });
  }
  return evaluate({ objective, base, nowMs, tallies, ...reach });
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
