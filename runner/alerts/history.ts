/** Alerts as the ledger remembers them. Pure: events and conditions in, changes and events out. */
import { z } from 'zod';
import type { LedgerEvent } from '../../store/store.ts';
import type { Alert, AlertChange, Condition } from './alert.ts';

/** By key: the newest alert of each condition that ever was, and who reports it. */
export type Known = ReadonlyMap<string, { readonly source: string; readonly alert: Alert }>;

const bodySchema = z.object({
  type: z.enum(['opened', 'worsened', 'ended', 'resolved']),
  source: z.string(),
  id: z.string(),
  rule: z.string(),
  severity: z.enum(['SEV-1', 'SEV-2', 'SEV-3']),
  as: z.enum(['page', 'ticket', 'review']),
  objective: z.string().nullable(),
  says: z.string(),
  lastBadAtMs: z.number().nullable(),
  openedMs: z.number(),
  endedMs: z.number().nullable(),
  resolved: z.object({ atMs: z.number(), by: z.string() }).nullable(),
});

/** `subject` is the condition's key. */
export function alertEvent({ type, alert, atMs }: AlertChange, source: string): LedgerEvent {
  const { id, key, rule, severity, as, service, objective, says, lastBadAtMs, openedMs, endedMs, resolved } = alert;
  return {
    id: `alert/${id}/${type}/${atMs}`,
    atMs,
    kind: 'alert',
    service,
    subject: key,
    body: { type, source, id, rule, severity, as, objective, says, lastBadAtMs, openedMs, endedMs, resolved },
  };
}

/** What an event of kind `alert` says; null where it is none of the board's (older ledgers have others). */
export function changeOf(event: LedgerEvent): (AlertChange & { readonly source: string }) | null {
  const parsed = event.kind === 'alert' ? bodySchema.safeParse(event.body) : null;
  if (parsed?.success !== true) return null;
  const { type, source, ...body } = parsed.data;
  return { type, source, atMs: event.atMs, alert: { key: event.subject, service: event.service, ...body } };
}

export function alertsOf(events: readonly LedgerEvent[], before: Known = new Map()): Known {
  const known = new Map(before);
  for (const event of events) {
    const change = changeOf(event);
    if (change !== null) known.set(change.alert.key, { source: change.source, alert: change.alert });
  }
  return known;
}

export function standingAlerts(known: Known): readonly Alert[] {
  return [...known.values()]
    .map(({ alert }) => alert)
    .filter(({ endedMs, resolved }) => endedMs === null && resolved === null)
    .toSorted((a, b) => a.openedMs - b.openedMs);
}

export function sourceOf(known: Known, id: string): string {
  return [...known.values()].find(({ alert }) => alert.id === id)?.source ?? 'unknown';
}

/**
 * Alerts open on the edge: when a condition begins, and when one that somebody resolved meanwhile sees new bad events.
 * They worsen when the severity rises, or when a review item gains enough events to page. What merely lasts is no news.
 */
export function changesOf(
  known: Known,
  source: string,
  conditions: readonly Condition[],
  nowMs: number,
): readonly AlertChange[] {
  const named = new Set(conditions.map(({ key }) => key));
  const over = [...known.values()]
    .filter((entry) => entry.source === source && entry.alert.endedMs === null && !named.has(entry.alert.key))
    .map(({ alert }): AlertChange => ({ type: 'ended', alert: { ...alert, endedMs: nowMs }, atMs: nowMs }));
  return [...over, ...conditions.flatMap((condition) => edgeOf(condition, known.get(condition.key)?.alert, nowMs))];
}

function edgeOf(condition: Condition, alert: Alert | undefined, nowMs: number): readonly AlertChange[] {
  if (alert === undefined || alert.endedMs !== null) return [opened(condition, nowMs)];
  if (alert.resolved !== null) {
    const { lastBadAtMs } = condition;
    return lastBadAtMs !== null && lastBadAtMs > alert.resolved.atMs ? [opened(condition, nowMs)] : [];
  }
  const isWorse = condition.severity < alert.severity || (alert.as === 'review' && condition.as === 'page');
  return isWorse ? [{ type: 'worsened', alert: { ...alert, ...condition }, atMs: nowMs }] : [];
}

function opened(condition: Condition, nowMs: number): AlertChange {
  const id = `${condition.key}@${nowMs.toString(36)}`;
  const alert: Alert = { ...condition, id, openedMs: nowMs, endedMs: null, resolved: null };
  return { type: 'opened', alert, atMs: nowMs };
}
