/** From alerts to notices: what has still to be said, given what was said already. Pure. */
import { z } from 'zod';
import type { LedgerEvent } from '../../store/store.ts';
import type { Alert, Notice } from './alert.ts';

const DAY_MS = 86_400_000;

export const noticeSchema = z.object({
  type: z.enum(['firing', 'reminder', 'resolved', 'escalation']),
  dedupeKey: z.string(),
  severity: z.enum(['SEV-1', 'SEV-2', 'SEV-3']),
  as: z.enum(['page', 'ticket', 'review']),
  service: z.string().nullable(),
  objective: z.string().nullable(),
  summary: z.string(),
  details: z.record(z.string(), z.string()),
  atMs: z.number(),
  to: z.string(),
  incident: z.string().nullable(),
}) satisfies z.ZodType<Notice>;

/** What was said of an alert last, by its id. */
export type Announced = ReadonlyMap<string, Notice>;

/** Only what is about alerts: escalations are said once, by whoever has them said. */
export function announcedOf(notices: readonly Notice[], before: Announced = new Map()): Announced {
  const announced = new Map(before);
  for (const notice of notices) if (notice.type !== 'escalation') announced.set(notice.dedupeKey, notice);
  return announced;
}

export interface Silenced {
  /** Why nobody is told of this alert now; null: it may be told. */
  (alert: Alert, nowMs: number): string | null;
}

/**
 * Alerts that stand and were never said, or said to be milder; those that were said and are over. What is silenced waits:
 * it is said when the silence ends and the alert still stands, and what ends meanwhile is never mentioned.
 */
export function dueNotices(
  standing: readonly Alert[],
  announced: Announced,
  isSilenced: Silenced,
  nowMs: number,
): readonly Notice[] {
  const stand = new Set(standing.map(({ id }) => id));
  const over = [...announced.values()]
    .filter(({ type, dedupeKey }) => type !== 'resolved' && !stand.has(dedupeKey))
    .map((said): Notice => ({ ...said, type: 'resolved', atMs: nowMs }));
  const firing = standing
    .filter((alert) => isNews(alert, announced.get(alert.id)) && isSilenced(alert, nowMs) === null)
    .map((alert) => noticeOf(alert, 'firing', nowMs));
  return [...over, ...firing];
}

function isNews({ severity, as }: Alert, said: Notice | undefined): boolean {
  return said === undefined || severity < said.severity || (said.as === 'review' && as === 'page');
}

export function noticeOf(alert: Alert, type: Notice['type'], nowMs: number): Notice {
  const { id, key, rule, severity, as, service, objective, says, openedMs } = alert;
  return {
    type,
    dedupeKey: id,
    severity,
    as,
    service,
    objective,
    summary: says,
    details: {
      key,
      rule,
      opened: new Date(openedMs).toISOString(),
      ...(rule === 'notifier' ? { notifier: key.slice('notifier/'.length) } : {}),
    },
    atMs: nowMs,
    to: 'on-call',
    incident: null,
  };
}

const queued = z.object({ state: z.literal('queued'), notice: noticeSchema });

/** What was taken on for somebody, in the order in which it was. */
export function noticesOf(events: readonly LedgerEvent[]): readonly Notice[] {
  return events.flatMap(({ body }) => {
    const parsed = queued.safeParse(body);
    return parsed.success ? [parsed.data.notice] : [];
  });
}

export interface Waiting {
  readonly id: string;
  readonly notifier: string;
  readonly notice: Notice;
}

/** What earlier processes took on and did not bring to its end. A day later, what stands no more is history. */
export function undelivered(
  events: readonly LedgerEvent[],
  standing: readonly Alert[],
  nowMs: number,
): readonly Waiting[] {
  const stand = new Set(standing.map(({ id }) => id));
  const waiting = new Map<string, Waiting>();
  for (const { atMs, subject, body } of events) {
    const id = String(body['id']);
    const parsed = queued.safeParse(body);
    if (!parsed.success) waiting.delete(id);
    else if (nowMs - atMs <= DAY_MS || stand.has(parsed.data.notice.dedupeKey)) {
      waiting.set(id, { id, notifier: subject, notice: parsed.data.notice });
    }
  }
  return [...waiting.values()];
}
