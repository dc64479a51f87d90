/** An incident as the ledger remembers it: a fold over its events. Pure. */
import { z } from 'zod';
import type { Severity } from '../../slo/objective.ts';
import type { LedgerEvent } from '../../store/store.ts';

const text = z.string();
const severity = z.enum(['SEV-1', 'SEV-2', 'SEV-3']);

/** What can be said of an incident; `by` is a person, or `pulsedrill`. */
const bodySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('opened'),
    severity,
    title: text,
    channel: text,
    by: text,
    /** The alert that opened it; null: somebody did. */
    alert: text.nullable(),
    /** A customer was promised otherwise: an incident review follows. */
    isBreach: z.boolean(),
  }),
  z.object({ type: z.literal('joined'), alert: text, says: text, severity, isBreach: z.boolean() }),
  z.object({ type: z.literal('alert-over'), alert: text }),
  z.object({ type: z.literal('paged'), by: text }),
  z.object({ type: z.literal('acknowledged'), by: text, via: text }),
  z.object({ type: z.literal('commander'), by: text }),
  z.object({ type: z.literal('told'), to: text }),
  z.object({ type: z.literal('status-posted'), by: text, link: text.nullable() }),
  z.object({ type: z.literal('note'), by: text, text }),
  z.object({ type: z.literal('resolved'), by: text, reason: text }),
  z.object({ type: z.literal('reported'), by: text, link: text.nullable() }),
  z.object({ type: z.literal('reviewed'), by: text, link: text.nullable() }),
  z.object({ type: z.literal('escalated'), to: text, key: text, why: text }),
  /** `state` of the deadline `key`, as it was found at the event's time. */
  z.object({ type: z.literal('deadline'), key: text, what: text, dueMs: z.number(), state: z.enum(['met', 'missed']) }),
]);

export type IncidentBody = z.output<typeof bodySchema>;

export interface Moment {
  readonly atMs: number;
  readonly by: string;
}

export interface DeadlineRecord {
  readonly key: string;
  readonly what: string;
  readonly dueMs: number;
  readonly state: 'met' | 'missed';
  /** When that was found; a process that was down finds it later. */
  readonly foundMs: number;
}

export interface Incident {
  /** `inc-20261124-1`. */
  readonly id: string;
  /** `#inc-20261124`; a second one of the day has its number as well. */
  readonly channel: string;
  readonly title: string;
  readonly service: string | null;
  readonly severity: Severity;
  readonly isBreach: boolean;
  readonly openedMs: number;
  readonly openedBy: string;
  /** Ids of its alerts, and which of them are over. */
  readonly alerts: ReadonlyMap<string, 'standing' | 'over'>;
  readonly paged: Moment | null;
  readonly acknowledged: (Moment & { readonly via: string }) | null;
  readonly commander: Moment | null;
  /** Roles that were told, and when. */
  readonly told: ReadonlyMap<string, number>;
  readonly statusPosts: readonly Moment[];
  readonly resolved: (Moment & { readonly reason: string }) | null;
  readonly reported: Moment | null;
  readonly reviewed: Moment | null;
  /** By key. */
  readonly deadlines: ReadonlyMap<string, DeadlineRecord>;
  readonly escalated: ReadonlySet<string>;
  /** Everything, in the order in which it was written down. */
  readonly log: readonly { readonly atMs: number; readonly body: IncidentBody }[];
}

/** @param serial tells two events of one kind and moment apart */
export function incidentEvent(
  id: string,
  service: string | null,
  body: IncidentBody,
  atMs: number,
  serial: string,
): LedgerEvent {
  return {
    id: `incident/${id}/${body.type}/${serial}`,
    atMs,
    kind: 'incident',
    service,
    subject: id,
    body: { ...body },
  };
}

/** Oldest first. Events that do not read, or are about an incident that was never opened, are passed over. */
export function incidentsOf(events: readonly LedgerEvent[]): readonly Incident[] {
  const found = new Map<string, Incident>();
  for (const { kind, subject: id, service, atMs, body } of events) {
    const parsed = kind === 'incident' ? bodySchema.safeParse(body) : null;
    if (parsed?.success !== true) continue;
    const known = found.get(id);
    if (parsed.data.type === 'opened') {
      if (known === undefined) found.set(id, begun(id, service, parsed.data, atMs));
    } else if (known !== undefined) {
      found.set(id, after(known, parsed.data, atMs));
    }
  }
  return [...found.values()];
}

function begun(
  id: string,
  service: string | null,
  body: Extract<IncidentBody, { type: 'opened' }>,
  atMs: number,
): Incident {
  const { channel, title, severity, isBreach, by, alert } = body;
  return {
    id,
    channel,
    title,
    service,
    severity,
    isBreach,
    openedMs: atMs,
    openedBy: by,
    alerts: new Map(alert === null ? [] : [[alert, 'standing' as const]]),
    paged: null,
    acknowledged: null,
    commander: null,
    told: new Map(),
    statusPosts: [],
    resolved: null,
    reported: null,
    reviewed: null,
    deadlines: new Map(),
    escalated: new Set(),
    log: [{ atMs, body }],
  };
}

function after(incident: Incident, body: Exclude<IncidentBody, { type: 'opened' }>, atMs: number): Incident {
  return { ...incident, ...changed(incident, body, atMs), log: [...incident.log, { atMs, body }] };
}

/** The first of each moment counts: what is said again is in the log. */
function changed(incident: Incident, body: Exclude<IncidentBody, { type: 'opened' }>, atMs: number): Partial<Incident> {
  switch (body.type) {
    case 'joined':
      return {
        alerts: new Map([...incident.alerts, [body.alert, 'standing' as const]]),
        severity: body.severity < incident.severity ? body.severity : incident.severity,
        isBreach: incident.isBreach || body.isBreach,
      };
    case 'alert-over':
      return { alerts: new Map([...incident.alerts, [body.alert, 'over' as const]]) };
    case 'paged':
      return { paged: incident.paged ?? { atMs, by: body.by } };
    case 'acknowledged':
      return { acknowledged: incident.acknowledged ?? { atMs, by: body.by, via: body.via } };
    case 'commander':
      return { commander: incident.commander ?? { atMs, by: body.by } };
    case 'told':
      return { told: new Map([[body.to, atMs], ...incident.told]) };
    case 'status-posted':
      return { statusPosts: [...incident.statusPosts, { atMs, by: body.by }] };
    case 'resolved':
      return { resolved: incident.resolved ?? { atMs, by: body.by, reason: body.reason } };
    case 'reported':
      return { reported: incident.reported ?? { atMs, by: body.by } };
    case 'reviewed':
      return { reviewed: incident.reviewed ?? { atMs, by: body.by } };
    case 'escalated':
      return { escalated: new Set([...incident.escalated, body.key]) };
    case 'deadline': {
      const { key, what, dueMs, state } = body;
      if (incident.deadlines.has(key)) return {};
      return { deadlines: new Map([...incident.deadlines, [key, { key, what, dueMs, state, foundMs: atMs }]]) };
    }
    case 'note':
  }
  return {};
}
