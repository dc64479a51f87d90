/** What has to be written down about incidents now: computed from what stands, not from what has just happened. Pure. */
import { deadlinesOf } from '../../slo/incidents/deadlines.ts';
import { incidentEvent, type IncidentBody, type IncidentEvent } from '../../slo/incidents/event.ts';
import { standingAlerts, type Incident } from '../../slo/incidents/incident.ts';
import type { Timing } from '../../slo/incidents/ladder.ts';
import type { Alert } from '../alerts/alert.ts';

export interface Facts {
  readonly incidents: readonly Incident[];
  /** Nothing of its own will ever happen to it again: what is over for good costs no time. */
  readonly isSettled: (incident: Incident) => boolean;
  /** What stands on the board. */
  readonly alerts: readonly Alert[];
  /** Nobody is told of it now, so nobody is called together for it. */
  readonly isSilenced: (alert: Alert) => boolean;
  readonly timing: Timing;
  /** Whether an incident ends with its alerts. */
  readonly endsWithAlerts: boolean;
  readonly nowMs: number;
}

export type Step =
  | { readonly type: 'open'; readonly alert: Alert }
  | { readonly type: 'write'; readonly event: IncidentEvent }
  /** Its incident was resolved by somebody. */
  | { readonly type: 'resolve-alert'; readonly alert: string; readonly by: string };

/** By whom an incident does what nobody did. */
export const ITSELF = 'pulsedrill';
/** What somebody did at the last moment may still be on its way into the ledger. */
const GRACE_MS = 2000;
/** What comes back within it is the same trouble. */
const SETTLED_MS = 5 * 60_000;

export function isTicket({ rounds }: Pick<Incident, 'rounds'>): boolean {
  return rounds.every(({ severity }) => severity === 'SEV-3');
}

/** The next steps; when they are done there may be more. */
export function stepsOf(facts: Facts): readonly Step[] {
  const moving = facts.incidents.filter((each) => !facts.isSettled(each));
  return [...alertSteps(facts), ...moving.flatMap((incident) => ownSteps(incident, facts))];
}

/** Resolved, every deadline decided, everything withdrawn that was said. A report or a review may still be filed. */
export function isOver(incident: Incident, { timing, nowMs }: Pick<Facts, 'timing' | 'nowMs'>): boolean {
  if (incident.resolved === null || standingAlerts(incident).length > 0) return false;
  return deadlinesOf(incident, timing, nowMs).every(({ key }) => incident.deadlines.has(key));
}

/** An event of an incident, not older than the last one. */
export function eventOf(incident: Incident, nowMs: number, body: IncidentBody, key: string): IncidentEvent {
  return incidentEvent(incident, Math.max(nowMs, incident.lastMs), body, key);
}

/** Alerts that page come together in one incident a service at a time, tickets in one ticket. */
function alertSteps(facts: Facts): readonly Step[] {
  const opening = new Set<string>();
  return facts.alerts.flatMap((alert): readonly Step[] => {
    const kind = kindOf(alert);
    if (kind === null) return [];
    const own = facts.incidents.filter((each) => isTicket(each) === (kind === 'ticket'));
    const holder = own.findLast(({ alerts }) => alerts.has(alert.id));
    if (holder !== undefined && holder.resolved !== null) {
      return [{ type: 'resolve-alert', alert: alert.id, by: holder.resolved.by }];
    }
    if (holder !== undefined)
      return (holder.alerts.get(alert.id)?.severity ?? '') > alert.severity ? [join(holder)] : [];
    if (facts.isSilenced(alert)) return [];
    const going = own.findLast(({ service, resolved }) => service === alert.service && resolved === null);
    if (going !== undefined) return [join(going)];
    // The others join it once it is there.
    const place = `${kind} ${alert.service ?? ''}`;
    if (opening.has(place)) return [];
    opening.add(place);
    return [{ type: 'open', alert }];

    function join(incident: Incident): Step {
      const { id, says, severity } = alert;
      const body = { type: 'joined', alert: id, says, severity, isBreach: isBreach(alert) } as const;
      return { type: 'write', event: eventOf(incident, facts.nowMs, body, `${id}/${severity}`) };
    }
  });
}

export function isBreach({ rule }: Pick<Alert, 'rule'>): boolean {
  return rule === 'breach';
}

/** What is for review calls nobody together: a person decides. */
function kindOf({ as, severity }: Alert): 'incident' | 'ticket' | null {
  if (as === 'page' && severity !== 'SEV-3') return 'incident';
  return as === 'ticket' ? 'ticket' : null;
}

function ownSteps(incident: Incident, facts: Facts): readonly Step[] {
  const over = alertsOver(incident, facts);
  return [...over, ...(over.length === 0 ? endOf(incident, facts) : []), ...decided(incident, facts)];
}

function alertsOver(incident: Incident, { alerts, nowMs }: Facts): readonly Step[] {
  const kind = isTicket(incident) ? 'ticket' : 'incident';
  return standingAlerts(incident).flatMap(({ id }): readonly Step[] => {
    const alert = alerts.find((each) => each.id === id);
    if (alert !== undefined && kindOf(alert) === kind) return [];
    const how = alert === undefined ? 'over' : 'it pages now: an incident';
    return [{ type: 'write', event: eventOf(incident, nowMs, { type: 'alert-over', alert: id, how }, id) }];
  });
}

function endOf(incident: Incident, { endsWithAlerts, nowMs }: Facts): readonly Step[] {
  if (!endsWithAlerts || incident.isByHand || incident.resolved !== null) return [];
  if (standingAlerts(incident).length > 0) return [];
  const overMs = Math.max(...[...incident.alerts.values()].map((each) => each.overMs ?? 0));
  if (nowMs - overMs < SETTLED_MS) return [];
  const body = { type: 'resolved', by: ITSELF, reason: 'all its alerts are over' } as const;
  return [{ type: 'write', event: eventOf(incident, nowMs, body, ITSELF) }];
}

/** Met as soon as it is; missed when it is due and was not. Once, whoever finds it and how often. */
function decided(incident: Incident, { timing, nowMs }: Facts): readonly Step[] {
  return deadlinesOf(incident, timing, nowMs).flatMap(({ key, what, dueMs, metMs, to }): readonly Step[] => {
    if (incident.deadlines.has(key)) return [];
    const isMet = metMs !== null && metMs <= dueMs;
    if (!isMet && nowMs < dueMs + GRACE_MS) return [];
    const state = isMet ? ('met' as const) : ('missed' as const);
    const body = { type: 'deadline', key, what, to, dueMs, state, metMs } as const;
    return [{ type: 'write', event: eventOf(incident, nowMs, body, key) }];
  });
}
