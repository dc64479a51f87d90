/** An objective as somebody proposes it, to be held against the history as if it had been so all along. */
import type { BurnThreshold, Objective, Sli, Weighing } from '../../slo/objective.ts';
import { limitOf } from '../../slo/target-history.ts';

/** What is left out stays as it is. */
export interface Change {
  readonly limitMs?: number | undefined;
  readonly target?: string | undefined;
  /** Real milliseconds: already divided by the time scale. */
  readonly windowMs?: number | undefined;
  readonly weighing?: Weighing | undefined;
  readonly minEvents?: number | undefined;
  readonly burn?: readonly BurnThreshold[] | undefined;
}

/** `path`: the part of the change that cannot be. */
export type Changed =
  | { readonly ok: true; readonly objective: Objective }
  | { readonly ok: false; readonly path: keyof Change; readonly expected: string };

/** Weighings that the events of an indicator allow. */
function weighingsOf({ type }: Sli): readonly Weighing[] {
  if (type === 'quantity') return ['quantity', 'notional'];
  return type === 'telemetry' ? ['fraction'] : ['time', 'count'];
}

/** Dates of earlier targets and limits stay where the change does not name their number; what it names holds since ever. */
export function changed(objective: Objective, change: Change): Changed {
  const { limitMs, target, windowMs, weighing, minEvents, burn } = change;
  const sli = limitMs === undefined ? objective.sli : limited(objective.sli, limitMs);
  if (sli === null) return { ok: false, path: 'limitMs', expected: `no limit, since ${whyUnlimited(objective)}` };
  const allowed = weighingsOf(sli);
  if (weighing !== undefined && !allowed.includes(weighing)) {
    return {
      ok: false,
      path: 'weighing',
      expected: `${allowed.join(' or ')}, by which events of ${objective.id} weigh`,
    };
  }
  if (windowMs !== undefined && objective.slidingMs !== null && windowMs < objective.slidingMs) {
    return { ok: false, path: 'windowMs', expected: 'at least the sliding window, which is its last part' };
  }
  const limit = limitOf(sli);
  const versions = objective.versions?.map((version) => ({
    ...version,
    ...(target === undefined ? {} : { target }),
    ...(limitMs === undefined || version.limit === null ? {} : { limit }),
  }));
  return {
    ok: true,
    objective: {
      ...objective,
      sli,
      target: target ?? objective.target,
      windowMs: windowMs ?? objective.windowMs,
      weighing: weighing ?? objective.weighing,
      minEvents: minEvents ?? objective.minEvents,
      ...(burn === undefined ? {} : { burn }),
      ...(versions === undefined ? {} : { versions }),
    },
  };
}

/** Null: it has no limit of ours to change. */
function limited(sli: Sli, ms: number): Sli | null {
  if (sli.type === 'threshold') return { type: sli.type, indicator: sli.indicator, ms, strict: sli.strict };
  return sli.type === 'telemetry' && sli.medianMs !== undefined ? { ...sli, medianMs: ms } : null;
}

function whyUnlimited({ id, sli }: Objective): string {
  if (sli.type !== 'telemetry') return `${id} has none`;
  return `that of ${id} stands in the query of its source: what another would have counted cannot be told from what is stored`;
}
