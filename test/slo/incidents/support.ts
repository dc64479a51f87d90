import { incidentEvent, type IncidentBody, type IncidentEvent } from '../../../slo/incidents/event.ts';
import { incidentsOf, type Incident } from '../../../slo/incidents/incident.ts';
import { PLAYBOOK_LADDER, type Timing } from '../../../slo/incidents/ladder.ts';
import type { Severity } from '../../../slo/objective.ts';

export const MINUTE = 60_000;
/** Tuesday noon. */
export const OPENED = Date.UTC(2026, 10, 24, 12, 0, 0);
export const NAMED = { id: 'inc-20261124-1', service: 'client-api' };

/** All hours are business hours. */
export const TIMING: Timing = { ladder: PLAYBOOK_LADDER, afterBusinessTime: (sinceMs, ms) => sinceMs + ms };

let serial = 0;

/** @param minutes after the opening */
export function said(minutes: number, body: IncidentBody, key = String((serial += 1))): IncidentEvent {
  return incidentEvent(NAMED, OPENED + minutes * MINUTE, body, key);
}

export function opening(severity: Severity, alert: string | null = 'slo-api/burn/1h@1'): IncidentEvent {
  const channel = severity === 'SEV-3' ? null : '#inc-20261124';
  const by = alert === null ? 'ana' : 'pulsedrill';
  return said(0, { type: 'opened', severity, title: 'burns', channel, by, alert, isBreach: false, link: null }, '');
}

/** @throws Error when there is not exactly one */
export function incidentOf(events: readonly IncidentEvent[]): Incident {
  const [incident, ...more] = incidentsOf(events);
  if (incident === undefined || more.length > 0) throw new Error('expected one incident');
  return incident;
}

export const acknowledged = (minutes: number, by = 'ana') =>
  said(minutes, { type: 'acknowledged', by, via: 'command', happenedMs: OPENED + minutes * MINUTE });
export const paged = (minutes: number) => said(minutes, { type: 'reached', to: 'on-call', by: 'pagerduty' });
export const posted = (minutes: number) =>
  said(minutes, { type: 'status-posted', by: 'cyd', text: 'we are on it', link: null });
export const resolved = (minutes: number) => said(minutes, { type: 'resolved', by: 'ana', reason: 'rolled back' });
export const worse = (minutes: number, alert = 'sla-api/breach@2') =>
  said(minutes, { type: 'joined', alert, says: 'the SLA is breached', severity: 'SEV-1', isBreach: true });
