/** The thresholds that charts are drawn against. */
import type { ObjectiveRecord } from '../scenarios/journal.ts';
import type { Objective } from '../slo/objective.ts';
import type { Limit } from './chart/spec.ts';
import { limitText } from './objective-text.ts';

/** What an objective's probes are held against, as far as it can be drawn. */
export function drawnLimit({ probes, sli }: Objective): Pick<ObjectiveRecord, 'probes' | 'limit'> {
  if (sli.type !== 'threshold') return { probes, limit: null };
  const { indicator, ms, strict } = sli;
  return { probes, limit: { indicator, ms, strict } };
}

/** The thresholds that objectives set for this indicator of this probe. */
export function limitsOf(
  objectives: readonly Pick<ObjectiveRecord, 'probes' | 'limit'>[],
  of: { readonly probe: string; readonly indicator: string },
): readonly Limit[] {
  const limits = new Map<string, Limit>();
  for (const { probes, limit } of objectives) {
    if (limit === null || limit.indicator !== of.indicator || !probes.includes(of.probe)) continue;
    const name = `limit ${limitText(limit)}`;
    limits.set(name, { value: limit.ms, name });
  }
  return [...limits.values()];
}
