/** The sample as a report, through the real ledger and the real evaluation. */
import { collectSla, type SlaQuery, type SlaReport } from '../../reports/sla.ts';
import { budgetPoint, evaluateAll } from '../../runner/evaluation.ts';
import { judgeWithout } from '../../runner/exclusions.ts';
import type { Objective } from '../../slo/objective.ts';
import { timeBase } from '../../slo/time-base.ts';
import { openStore } from '../../store/open.ts';
import type { BudgetPoint, LedgerEvent } from '../../store/store.ts';
import { EVENTS, OBJECTIVES, SAMPLE_JOURNAL, sampleResults, START } from './sample.ts';

export const BASE = timeBase(1);
export const END = START + 120 * 60_000;

export interface Differing {
  readonly objectives?: readonly Objective[];
  readonly events?: readonly LedgerEvent[];
  readonly query?: Partial<SlaQuery>;
}

export async function sampleReport(path: string, differing: Differing = {}): Promise<SlaReport> {
  const { objectives = OBJECTIVES, events = EVENTS } = differing;
  await using store = await openStore({ path, objectives, stepMs: BASE.minuteMs });
  await store.append(sampleResults());
  await store.recordEvents(events);
  const points: BudgetPoint[] = [];
  for (let nowMs = START + 300_000; nowMs < END; nowMs += 300_000) {
    points.push(...(await evaluateAll(store, objectives, { base: BASE, nowMs })).map(budgetPoint));
  }
  await store.recordBudgets(points);
  const statuses = await evaluateAll(store, objectives, { base: BASE, nowMs: END - 1 });
  // Awaited here: the store closes when this function ends.
  return await collectSla({
    reader: store,
    statuses,
    base: BASE,
    fromMs: START,
    toMs: END,
    environment: 'staging',
    location: 'fra1',
    tool: { version: '0.1.0' },
    excluded: await judgeWithout(store, statuses, BASE),
    gamedays: [SAMPLE_JOURNAL],
    ...differing.query,
  });
}
