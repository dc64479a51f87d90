/** Whom a notice has reached: of alerts on-call, of incidents the role that it was for. Pure. */
import { incidentEvent, ROLES, type IncidentEvent, type Role } from '../../slo/incidents/event.ts';
import { currentRound, type Incident } from '../../slo/incidents/incident.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { noticesById } from '../alerts/announce.ts';
import type { Notice } from '../alerts/alert.ts';

/** A notice that a notifier took. */
export interface Taken {
  readonly notice: Notice;
  readonly by: string;
  readonly atMs: number;
}

/** The page is on its way before the incident that it belongs to is written down. */
const EARLY_MS = 60_000;

/** The first time that somebody was reached since the severity is what it is. */
export function reachedEvents(
  incident: Incident,
  taken: readonly Taken[],
  conversationOf: (alert: string) => string | null,
): readonly IncidentEvent[] {
  const { startMs, severity } = currentRound(incident);
  const keys = new Set([...incident.alerts.keys()].flatMap((id) => [id, conversationOf(id) ?? id]));
  const found = new Map<Role, Taken>();
  for (const each of taken) {
    const to = roleOf(each.notice, incident, keys);
    if (to === null || each.atMs < startMs - EARLY_MS || each.notice.severity > severity) continue;
    const isKnown = incident.reached.some((known) => known.to === to && known.atMs >= startMs);
    if (!isKnown && !found.has(to)) found.set(to, each);
  }
  return [...found].map(([to, { by, atMs }]) =>
    incidentEvent(
      incident,
      Math.max(atMs, startMs, incident.openedMs),
      { type: 'reached', to, by },
      `${to}/${startMs}`,
    ),
  );
}

function roleOf(notice: Notice, { id }: Incident, keys: ReadonlySet<string>): Role | null {
  const { type, as, dedupeKey, incident, details } = notice;
  if (type !== 'firing' && type !== 'escalation') return null;
  if (incident === null) return type === 'firing' && as === 'page' && keys.has(dedupeKey) ? 'on-call' : null;
  return incident === id ? (ROLES.find((role) => role === details['role']) ?? null) : null;
}

/** What earlier processes saw taken. @param events of kind `notification` */
export function takenOf(events: readonly LedgerEvent[], isPerson: (notifier: string) => boolean): readonly Taken[] {
  const notices = noticesById(events);
  return events.flatMap(({ atMs, subject: by, body }) => {
    const notice = body['state'] === 'sent' ? notices.get(String(body['id'])) : undefined;
    return notice === undefined || !isPerson(by) ? [] : [{ notice, by, atMs }];
  });
}
