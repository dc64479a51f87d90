/** Fewer valid events than the minimum: flagged windows, and what a person decides in place of the tool. Pure. */
import { durationText } from '../../probes/duration.ts';
import { count, plural } from '../../reports/figures.ts';
import { alertConditions } from '../../slo/alerts.ts';
import type { Objective } from '../../slo/objective.ts';
import { CONSEQUENCES } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { itemEvent, itemId, type ItemPart } from './item.ts';

/** What a Red on enough events would have brought. */
const INSTEAD: readonly string[] = [
  'freeze of deploys',
  `game-day within ${CONSEQUENCES.red.gamedayDays} days`,
  `postmortem review within ${CONSEQUENCES.red.postmortemDays} days`,
];

/** Of each objective whose window, live window or split is below the minimum now. The same id all day is the same item. */
export function thinEvents(statuses: readonly Status[], base: TimeBase, nowMs: number): readonly LedgerEvent[] {
  return statuses
    .filter(({ manualReview }) => manualReview)
    .map((status) => {
      const { validEvents, consumed } = status;
      const { minEvents } = status.objective;
      const body = { why: whereThin(status, base), validEvents, badEvents: status.tally.bad, minEvents, consumed };
      return thinEvent(status.objective, 'open', body, nowMs);
    });
}

function thinEvent(
  { id, service }: Objective,
  state: ItemPart['state'],
  body: ItemPart['body'],
  nowMs: number,
  suffix?: string,
): LedgerEvent {
  const part = { type: 'thin-data', objective: id, service, state, body } as const;
  return itemEvent(itemId('thin-data', id, nowMs), suffix === undefined ? part : { ...part, suffix }, nowMs);
}

function whereThin({ objective, enoughEvents, validEvents, live, splits }: Status, { scale }: TimeBase): string {
  const { minEvents, windowMs, slidingMs } = objective;
  const span = (ms: number): string => durationText(Math.round(ms * scale));
  const says = (events: number, where: string): string =>
    `${plural(events, 'valid event')} ${where}, fewer than ${count(minEvents)}`;
  if (!enoughEvents) return says(validEvents, `in its window of ${span(windowMs)}`);
  const thin = splits.find((split) => !split.enoughEvents);
  if (thin !== undefined) return says(thin.validEvents, `of ${thin.split} in its window of ${span(windowMs)}`);
  return says(live?.valid ?? 0, `in its live window of ${span(slidingMs ?? windowMs)}`);
}

/** Red on too few events: a review in place of what it would have brought. Another objective may still bring it. */
export function thinRedEvents(statuses: readonly Status[], nowMs: number): readonly LedgerEvent[] {
  return statuses
    .filter(({ colour, enoughEvents }) => colour === 'red' && !enoughEvents)
    .map(({ objective, consumed, tally, validEvents }) => {
      const why = `Red on ${plural(validEvents, 'valid event')}, fewer than ${count(objective.minEvents)}: a person decides`;
      const body = { why, what: INSTEAD, consumed, badEvents: tally.bad, validEvents };
      return thinEvent(objective, 'instead', body, nowMs, 'red');
    });
}

/** What would have woken somebody on enough events. */
export function thinPageEvents(statuses: readonly Status[], nowMs: number): readonly LedgerEvent[] {
  return statuses.flatMap((status) => {
    const reviews = alertConditions(status).filter((condition) => condition.as === 'review');
    if (reviews.length === 0) return [];
    const { objective, consumed, tally, validEvents } = status;
    const why = `it would page on ${plural(validEvents, 'valid event')}, fewer than ${count(objective.minEvents)}: a person decides`;
    const what = reviews.map(({ severity, says }) => `page (${severity}): ${says}`);
    const body = { why, what, consumed, badEvents: tally.bad, validEvents };
    return [thinEvent(objective, 'instead', body, nowMs, 'page')];
  });
}

/** Of a service rule, once a day each. @param figures at the moment of its edge */
export function thinRuleEvent(
  objective: Objective,
  rule: { readonly key: string; readonly id: string; readonly actions: readonly string[] },
  figures: { readonly consumed: number | null; readonly badEvents: number; readonly validEvents: number },
  nowMs: number,
): LedgerEvent {
  const why = `the rule ${rule.id} is triggered on ${plural(figures.validEvents, 'valid event')}, fewer than ${count(objective.minEvents)}: a person decides`;
  return thinEvent(objective, 'instead', { why, what: rule.actions, ...figures }, nowMs, rule.key);
}
