/** More than 2 % worse than the target opens an error-budget burn review: one an objective and day, on the edge. Pure. */
import { attainmentPercent, count, targetPercent } from '../../reports/figures.ts';
import { attainment, shareOf } from '../../slo/budget.ts';
import { toNumber } from '../../slo/decimal.ts';
import { validEvents, type Tally } from '../../slo/tally.ts';
import type { Status } from '../../slo/status.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { itemEvent, itemId } from './item.ts';

/** By objective: the item that its regression opened and that is not over. */
export type Regressed = ReadonlyMap<string, string>;

export function regressedOf(events: readonly LedgerEvent[], before: Regressed = new Map()): Regressed {
  const found = new Map(before);
  for (const { kind, subject, body } of events) {
    if (kind !== 'review-item' || body['type'] !== 'burn-review') continue;
    if (body['state'] === 'open') found.set(subject, String(body['of']));
    if (body['state'] === 'over') found.delete(subject);
  }
  return found;
}

/** Those that begin: whose regression was not there before. */
export function beginning(statuses: readonly Status[], before: Regressed): readonly Status[] {
  return statuses.filter(({ regression, objective }) => regression === true && !before.has(objective.id));
}

/** Those that are over. Where nothing can be said of it, a regression goes on. */
export function overEvents(statuses: readonly Status[], before: Regressed, nowMs: number): readonly LedgerEvent[] {
  return statuses.flatMap(({ regression, objective: { id, service } }) => {
    const of = before.get(id);
    if (regression !== false || of === undefined) return [];
    return [itemEvent(of, { type: 'burn-review', objective: id, service, state: 'over', body: {} }, nowMs)];
  });
}

/** @param hour of the last complete hour, by which ratios are held against their target; of the split that governs */
export function burnReviewEvent(status: Status, hour: Tally & { readonly fromMs: number }, nowMs: number): LedgerEvent {
  const { objective, consumed, burnNow, worstSplit } = status;
  const { id, service } = objective;
  const body = {
    why: `more than 2 % worse than its target: ${status.live === null ? ofRatio(status, hour) : ofPercentile(status)}`,
    split: worstSplit?.split ?? null,
    consumed,
    burnNow,
    badEvents: status.tally.bad,
    validEvents: status.validEvents,
  };
  const part = { type: 'burn-review', objective: id, service, state: 'open', body } as const;
  return itemEvent(itemId('burn-review', id, nowMs), part, nowMs);
}

function ofRatio({ objective }: Status, hour: Tally & { readonly fromMs: number }): string {
  const ratio = attainment(shareOf(hour));
  const share = attainmentPercent({ tally: hour, attainment: ratio === null ? null : toNumber(ratio), objective });
  const counts = `${share} (${count(hour.good)} / ${count(validEvents(hour))} events)`;
  return `${counts} in the hour from ${new Date(hour.fromMs).toISOString()}, of ${targetPercent(objective.target)}`;
}

function ofPercentile({ objective, live }: Status): string {
  const { sli, target } = objective;
  const limit = sli.type === 'threshold' ? ` for a limit of ${count(sli.ms)} ms` : '';
  const ms = live?.percentile?.ms ?? null;
  const found = ms === null ? 'never answered' : `${ms.toFixed(1)} ms`;
  return `${targetPercent(target)} of the live window: ${found}${limit} (${count(live?.good ?? 0)} / ${count(live?.valid ?? 0)} events within it)`;
}
