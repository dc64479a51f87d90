/** From alerts to notices: what has still to be said, given what was said already. Pure. */
import { z } from 'zod';
import { BURNING } from '../../slo/alerts.ts';
import type { LedgerEvent } from '../../store/store.ts';
import type { Alert, Notice } from './alert.ts';

const DAY_MS = 86_400_000;

export const noticeSchema = z.object({
  type: z.enum(['firing', 'reminder', 'resolved', 'escalation', 'acknowledged', 'announcement']),
  dedupeKey: z.string(),
  severity: z.enum(['SEV-1', 'SEV-2', 'SEV-3']),
  as: z.enum(['page', 'ticket', 'review', 'announcement']),
  service: z.string().nullable(),
  objective: z.string().nullable(),
  summary: z.string(),
  details: z.record(z.string(), z.string()),
  atMs: z.number(),
  to: z.string(),
  incident: z.string().nullable(),
}) satisfies z.ZodType<Notice>;

/** What was said last in each conversation that is not over, by its topic. */
export type Announced = ReadonlyMap<string, Notice>;

/** What is said beside an alert's own firing, reminding and resolving. */
const APART: ReadonlySet<Notice['type']> = new Set(['escalation', 'acknowledged', 'announcement']);

interface Told {
  readonly id: string;
  readonly rule: string;
  readonly objective: string | null;
  readonly as: Notice['as'];
}

/** What a conversation is about: the burning budget of an objective, apart from its tickets; else the one alert. */
function topicOf({ id, rule, objective, as }: Told): string {
  if (objective === null || !BURNING.has(rule)) return id;
  return `${objective}/burning/${as === 'ticket' ? 'ticket' : 'page'}`;
}

/** Under which key people were told of an alert; null: they were not. */
export function conversationOf(alert: Alert, announced: Announced): string | null {
  return announced.get(topicOf(alert))?.dedupeKey ?? null;
}

function topicOfNotice({ dedupeKey, details, objective, as }: Notice): string {
  return topicOf({ id: dedupeKey, rule: details['rule'] ?? '', objective, as });
}

/** Only what is about alerts: incidents have their own say. */
export function announcedOf(notices: readonly Notice[], before: Announced = new Map()): Announced {
  const announced = new Map(before);
  for (const notice of notices) {
    if (notice.incident !== null || APART.has(notice.type)) continue;
    if (notice.type === 'resolved') announced.delete(topicOfNotice(notice));
    else announced.set(topicOfNotice(notice), notice);
  }
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
  const topics = Map.groupBy(standing, topicOf);
  const over = [...announced]
    .filter(([topic]) => !topics.has(topic))
    .map(([, said]): Notice => ({ ...said, type: 'resolved', atMs: nowMs }));
  const firing = [...topics].flatMap(([topic, alerts]) => {
    const worst = worstOf(alerts.filter((alert) => isSilenced(alert, nowMs) === null));
    const said = announced.get(topic);
    return worst !== null && isNews(worst, said) ? [noticeOf(worst, said?.dedupeKey ?? worst.id, nowMs)] : [];
  });
  return [...over, ...firing];
}

/** Of each conversation that goes on: what it was about, and what its worst alert says now. */
export function reminders(
  standing: readonly Alert[],
  announced: Announced,
  isSilenced: Silenced,
  nowMs: number,
): readonly Notice[] {
  return [...Map.groupBy(standing, topicOf)].flatMap(([topic, alerts]): readonly Notice[] => {
    const worst = worstOf(alerts.filter((alert) => isSilenced(alert, nowMs) === null));
    const said = announced.get(topic);
    if (worst === null || said === undefined) return [];
    return [{ ...said, type: 'reminder', summary: worst.says, atMs: nowMs }];
  });
}

function worstOf(alerts: readonly Alert[]): Alert | null {
  // What may wait for a person never hides what must wake one, however severe it would be on enough events.
  const rank = ({ severity, as }: Alert): string => `${as === 'review' ? 'later' : 'at once'} ${severity}`;
  const [worst] = alerts.toSorted((a, b) => rank(a).localeCompare(rank(b)) || a.openedMs - b.openedMs);
  return worst ?? null;
}

function isNews({ severity, as }: Alert, said: Notice | undefined): boolean {
  return said === undefined || severity < said.severity || (said.as === 'review' && as === 'page');
}

function noticeOf(alert: Alert, dedupeKey: string, nowMs: number): Notice {
  const { key, rule, severity, as, service, objective, says, openedMs } = alert;
  return {
    type: 'firing',
    dedupeKey,
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

/** The same, by the id under which each was taken on. */
export function noticesById(events: readonly LedgerEvent[]): ReadonlyMap<string, Notice> {
  return new Map(
    events.flatMap(({ body }) => {
      const parsed = queued.safeParse(body);
      return parsed.success ? [[String(body['id']), parsed.data.notice] as const] : [];
    }),
  );
}

export interface Waiting {
  readonly id: string;
  readonly notifier: string;
  readonly notice: Notice;
}

/**
 * What earlier processes took on and did not bring to its end; a day later, what stands no more is history. What was
 * given up and still stands is tried once more: a restart may have mended the configuration that was refused.
 */
export function undelivered(
  events: readonly LedgerEvent[],
  standing: readonly Alert[],
  nowMs: number,
): readonly Waiting[] {
  const topics = new Set(standing.map(topicOf));
  const isAbout = ({ notice }: Waiting): boolean => topics.has(topicOfNotice(notice));
  const waiting = new Map<string, Waiting>();
  const givenUp = new Map<string, Waiting>();
  for (const { atMs, subject: notifier, body } of events) {
    const id = String(body['id']);
    const parsed = queued.safeParse(body);
    if (parsed.success) {
      const { notice } = parsed.data;
      const taken = { id, notifier, notice };
      if (nowMs - atMs <= DAY_MS || isAbout(taken)) waiting.set(id, taken);
      continue;
    }
    const taken = waiting.get(id) ?? [...givenUp.values()].find((each) => each.id === id);
    waiting.delete(id);
    if (taken === undefined) continue;
    const conversation = `${notifier} ${taken.notice.dedupeKey}`;
    if (body['state'] === 'failed' && taken.notice.type === 'firing') givenUp.set(conversation, taken);
    else if (body['state'] === 'sent') givenUp.delete(conversation);
  }
  return [...[...givenUp.values()].filter(isAbout), ...waiting.values()];
}
