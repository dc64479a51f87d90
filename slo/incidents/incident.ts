/** An incident as the ledger remembers it: a fold over its events. Pure. */
import type { Severity } from '../objective.ts';
import { bodyOf, type BodyOf, type IncidentBody, type IncidentEvent, type Role } from './event.ts';

export interface Moment {
  readonly atMs: number;
  readonly by: string;
}

/** A stretch at one severity. A worse one begins another, with clocks of its own. */
export interface Round {
  readonly startMs: number;
  readonly severity: Severity;
  /** Somebody began it: no alert of its own pages for it. */
  readonly isByHand: boolean;
}

export interface IncidentAlert {
  readonly id: string;
  readonly severity: Severity;
  /** When it was over, or resolved; null while it stands. */
  readonly overMs: number | null;
}

export interface DeadlineRecord {
  readonly key: string;
  readonly what: string;
  readonly to: Role;
  readonly dueMs: number;
  readonly state: 'met' | 'missed';
  readonly metMs: number | null;
  /** When that was found; a process that was down finds it later. */
  readonly foundMs: number;
}

export interface Telling {
  readonly atMs: number;
  readonly notice: BodyOf<'told'>['notice'];
  readonly key: string;
  readonly to: Role;
  readonly as: 'page' | 'ticket';
  readonly says: string;
  readonly through: readonly string[];
}

export interface LogEntry {
  readonly atMs: number;
  readonly body: IncidentBody;
}

export interface Incident {
  /** `inc-20261124-1`; of a ticket `ticket-20261124-1`. */
  readonly id: string;
  /** `#inc-20261124`; null: a ticket has none. */
  readonly channel: string | null;
  readonly title: string;
  /** Null: the prober itself. */
  readonly service: string | null;
  readonly severity: Severity;
  readonly isBreach: boolean;
  readonly openedMs: number;
  readonly openedBy: string;
  /** Somebody opened it by hand, and resolves it by hand. */
  readonly isByHand: boolean;
  readonly alerts: ReadonlyMap<string, IncidentAlert>;
  /** The first begins with the incident; there is always one. */
  readonly rounds: readonly [Round, ...Round[]];
  readonly reached: readonly { readonly to: Role; readonly atMs: number }[];
  readonly acknowledged: readonly (Moment & { readonly via: string })[];
  readonly commander: (Moment & { readonly name: string }) | null;
  readonly statusPosts: readonly Moment[];
  /** `pagerduty PGR0VU2` → its address. */
  readonly links: ReadonlyMap<string, string | null>;
  readonly resolved: (Moment & { readonly reason: string }) | null;
  readonly reported: (Moment & { readonly link: string | null }) | null;
  readonly reviewed: (Moment & { readonly link: string | null }) | null;
  /** By key. */
  readonly deadlines: ReadonlyMap<string, DeadlineRecord>;
  /** By notice and key: `escalation escalate/1`. */
  readonly told: ReadonlyMap<string, Telling>;
  /** Stamp of the newest event: what is written next is not older. */
  readonly lastMs: number;
  /** Everything, in the order in which it was written down. */
  readonly log: readonly LogEntry[];
}

export function currentRound({ rounds }: Pick<Incident, 'rounds'>): Round {
  return rounds.at(-1) ?? rounds[0];
}

/** Acknowledged since its severity was last raised. */
export function isAcknowledged(incident: Incident): boolean {
  const { startMs } = currentRound(incident);
  return incident.acknowledged.some(({ atMs }) => atMs >= startMs);
}

export function standingAlerts({ alerts }: Incident): readonly IncidentAlert[] {
  return [...alerts.values()].filter(({ overMs }) => overMs === null);
}

/**
 * In any order: an event written by a clock that had been set back is not lost because it seems older than the opening.
 * Events that do not read, or are about an incident that was never opened, are passed over.
 */
export function incidentsOf(events: readonly IncidentEvent[]): readonly Incident[] {
  const bySubject = Map.groupBy(events, ({ subject }) => subject);
  return [...bySubject.values()].flatMap((own) => {
    const opening = own.find((event) => bodyOf(event)?.type === 'opened');
    if (opening === undefined) return [];
    const incident = begun(opening);
    if (incident === null) return [];
    return [withEvents(incident, own)];
  });
}

/** The incident after further events of its own; a second opening changes nothing. */
export function withEvents(incident: Incident, events: readonly IncidentEvent[]): Incident {
  return events.reduce((known, event) => {
    const body = bodyOf(event);
    return body === null || body.type === 'opened' ? known : after(known, body, event.atMs);
  }, incident);
}

function begun({ subject: id, service, atMs, ...event }: IncidentEvent): Incident | null {
  const body = bodyOf(event);
  if (body?.type !== 'opened') return null;
  const { channel, title, severity, isBreach, by, alert, link } = body;
  return {
    id,
    channel,
    title,
    service,
    severity,
    isBreach,
    openedMs: atMs,
    openedBy: by,
    isByHand: alert === null,
    alerts: new Map(alert === null ? [] : [[alert, { id: alert, severity, overMs: null }]]),
    rounds: [{ startMs: atMs, severity, isByHand: alert === null }],
    reached: [],
    acknowledged: [],
    commander: null,
    statusPosts: [],
    links: new Map(link === null ? [] : [['opened', link]]),
    resolved: null,
    reported: null,
    reviewed: null,
    deadlines: new Map(),
    told: new Map(),
    lastMs: atMs,
    log: [{ atMs, body }],
  };
}

function after(incident: Incident, body: Exclude<IncidentBody, { type: 'opened' }>, writtenMs: number): Incident {
  // Nothing about an incident happened before it: a clock was set back.
  const atMs = Math.max(writtenMs, incident.openedMs);
  return {
    ...incident,
    ...changed(incident, body, atMs),
    lastMs: Math.max(incident.lastMs, atMs),
    log: [...incident.log, { atMs, body }],
  };
}

/** The first of each moment counts: what is said again is in the log. */
function changed(incident: Incident, body: Exclude<IncidentBody, { type: 'opened' }>, atMs: number): Partial<Incident> {
  switch (body.type) {
    case 'joined': {
      const { alert: id, severity } = body;
      const alerts = new Map([...incident.alerts, [id, { id, severity, overMs: null }]]);
      return { alerts, ...raised(incident, { severity, startMs: atMs, isByHand: false }, body.isBreach) };
    }
    case 'raised':
      return raised(incident, { severity: body.severity, startMs: atMs, isByHand: true }, body.isBreach);
    case 'alert-over': {
      const known = incident.alerts.get(body.alert);
      if (known === undefined) return {};
      return { alerts: new Map([...incident.alerts, [known.id, { ...known, overMs: known.overMs ?? atMs }]]) };
    }
    case 'reached':
      return { reached: [...incident.reached, { to: body.to, atMs }] };
    case 'acknowledged': {
      const happenedMs = Math.min(atMs, Math.max(incident.openedMs, body.happenedMs));
      return { acknowledged: [...incident.acknowledged, { atMs: happenedMs, by: body.by, via: body.via }] };
    }
    case 'commander':
      return { commander: { atMs: incident.commander?.atMs ?? atMs, by: body.by, name: body.name } };
    case 'status-posted':
      return { statusPosts: [...incident.statusPosts, { atMs, by: body.by }] };
    case 'linked':
      return { links: new Map([...incident.links, [`${body.system} ${body.key}`, body.link]]) };
    case 'resolved':
      return { resolved: incident.resolved ?? { atMs, by: body.by, reason: body.reason } };
    case 'reported':
      return { reported: incident.reported ?? { atMs, by: body.by, link: body.link } };
    case 'reviewed':
      return { reviewed: incident.reviewed ?? { atMs, by: body.by, link: body.link } };
    case 'told': {
      const { notice, key, to, as, says, through } = body;
      const name = `${notice} ${key}`;
      if (incident.told.has(name)) return {};
      return { told: new Map([...incident.told, [name, { atMs, notice, key, to, as, says, through }]]) };
    }
    case 'deadline': {
      const { key, what, to, dueMs, state, metMs } = body;
      if (incident.deadlines.has(key)) return {};
      const record = { key, what, to, dueMs, state, metMs, foundMs: atMs };
      return { deadlines: new Map([...incident.deadlines, [key, record]]) };
    }
    case 'note':
  }
  return {};
}

function raised({ severity, rounds, isBreach }: Incident, round: Round, breach: boolean): Partial<Incident> {
  const whole = { isBreach: isBreach || breach };
  return round.severity < severity ? { ...whole, severity: round.severity, rounds: [...rounds, round] } : whole;
}
