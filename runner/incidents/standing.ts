/** How an incident stands, for whoever looks at it: commands, `/status`, the gate. */
import { deadlinesOf, type Deadline } from '../../slo/incidents/deadlines.ts';
import { currentRound, isAcknowledged, type Incident } from '../../slo/incidents/incident.ts';
import type { Timing } from '../../slo/incidents/ladder.ts';
import { deadlineState } from '../../reports/incident/log.ts';
import { isTicket } from './steps.ts';

export type State = 'open' | 'acknowledged' | 'resolved';

export function stateOf(incident: Incident): State {
  if (incident.resolved !== null) return 'resolved';
  return isAcknowledged(incident) ? 'acknowledged' : 'open';
}

/** An outage that is not over; a ticket is none. */
export function isGoing(incident: Incident): boolean {
  return incident.resolved === null && !isTicket(incident);
}

/** What runs or ran out, the next to come first; null: nothing does. */
export function nextDue(incident: Incident, timing: Timing, nowMs: number): Deadline | null {
  const open = deadlinesOf(incident, timing, nowMs).filter(({ key, metMs }) => {
    return metMs === null && !incident.deadlines.has(key);
  });
  return open[0] ?? null;
}

/** Resolved, but for its report or its review. */
export function isOwed({ resolved, reported, reviewed, isBreach, ...incident }: Incident): boolean {
  if (resolved === null || isTicket(incident)) return false;
  return reported === null || (isBreach && reviewed === null);
}

const time = (ms: number): string => new Date(ms).toISOString();

/** At a glance. */
export function incidentSummary(incident: Incident, timing: Timing, nowMs: number): Readonly<Record<string, unknown>> {
  const { id, title, service, severity, channel, openedMs, commander } = incident;
  const next = nextDue(incident, timing, nowMs);
  return {
    id,
    title,
    service,
    severity,
    state: stateOf(incident),
    channel,
    opened: time(openedMs),
    commander: commander?.name ?? null,
    next: next === null ? null : { what: next.what, due: time(next.dueMs) },
  };
}

/** Times as people read them. */
export function incidentJson(incident: Incident, timing: Timing, nowMs: number): Readonly<Record<string, unknown>> {
  const { id, title, service, severity, channel, isBreach, openedMs, openedBy, commander, resolved } = incident;
  const acknowledged = incident.acknowledged.findLast(({ atMs }) => atMs >= currentRound(incident).startMs);
  return {
    id,
    kind: isTicket(incident) ? 'ticket' : 'incident',
    title,
    service,
    severity,
    state: stateOf(incident),
    channel,
    breach: isBreach,
    opened: time(openedMs),
    openedBy,
    acknowledged: acknowledged === undefined ? null : { at: time(acknowledged.atMs), by: acknowledged.by },
    commander: commander?.name ?? null,
    alerts: [...incident.alerts.values()].map((alert) => ({
      id: alert.id,
      severity: alert.severity,
      over: alert.overMs === null ? null : time(alert.overMs),
    })),
    resolved: resolved === null ? null : { at: time(resolved.atMs), by: resolved.by, reason: resolved.reason },
    reported: incident.reported === null ? null : { at: time(incident.reported.atMs), by: incident.reported.by },
    reviewed: incident.reviewed === null ? null : { at: time(incident.reviewed.atMs), by: incident.reviewed.by },
    deadlines: deadlinesOf(incident, timing, nowMs).map((each) => {
      const record = incident.deadlines.get(each.key);
      const metMs = record?.metMs ?? each.metMs;
      return {
        key: each.key,
        what: each.what,
        due: time(record?.dueMs ?? each.dueMs),
        state: deadlineState(incident, each, nowMs),
        met: metMs === null ? null : time(metMs),
        found: record === undefined ? null : time(record.foundMs),
      };
    }),
    told: [...incident.told.values()].map(({ atMs, notice, key, to, through }) => ({
      at: time(atMs),
      notice,
      key,
      to,
      through,
    })),
    links: [...incident.links.values()].filter((link) => link !== null),
  };
}
