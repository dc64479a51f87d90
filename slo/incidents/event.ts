/** What can be said of an incident, as the events of kind `incident` in the ledger say it. */
import { z } from 'zod';
import type { Severity } from '../objective.ts';

/** Who can be told. `on-call` hears of alerts; the others of what the ladder has for them. */
export const ROLES = [
  'on-call',
  'incident-commander',
  'leadership',
  'engineering-manager',
  'vp-engineering',
  'product-lead',
  'domain-owner',
  'customer-success',
] as const;
export type Role = (typeof ROLES)[number];

const text = z.string();
const maybe = text.nullable();
const severity = z.enum(['SEV-1', 'SEV-2', 'SEV-3']) satisfies z.ZodType<Severity>;
const role = z.enum(ROLES);

/** `by` is a person, or `pulsedrill`. */
const bodySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('opened'),
    severity,
    title: text,
    /** Null: a ticket has none. */
    channel: maybe,
    by: text,
    /** The alert that opened it; null: somebody did. */
    alert: maybe,
    /** A customer was promised otherwise: an incident review follows. */
    isBreach: z.boolean(),
    link: maybe,
    /** Tells two apart that somebody opened in the same words at the same moment. */
    nonce: text.optional(),
  }),
  /** An alert that belongs to it as well, or one of its own that got worse. */
  z.object({ type: z.literal('joined'), alert: text, says: text, severity, isBreach: z.boolean() }),
  z.object({ type: z.literal('alert-over'), alert: text, how: text }),
  z.object({ type: z.literal('raised'), severity, by: text, reason: text, isBreach: z.boolean() }),
  /** A notifier took what was for `to`. */
  z.object({ type: z.literal('reached'), to: role, by: text }),
  /** `happenedMs`: when somebody did so, where that is heard of later. */
  z.object({ type: z.literal('acknowledged'), by: text, via: text, happenedMs: z.number() }),
  z.object({ type: z.literal('commander'), name: text, by: text }),
  z.object({ type: z.literal('status-posted'), by: text, text, link: maybe }),
  z.object({ type: z.literal('note'), by: text, text, link: maybe }),
  /** The same incident elsewhere: `system` is `pagerduty`, `key` its id there. */
  z.object({ type: z.literal('linked'), system: text, key: text, link: maybe }),
  z.object({ type: z.literal('resolved'), by: text, reason: text }),
  z.object({ type: z.literal('reported'), by: text, link: maybe }),
  z.object({ type: z.literal('reviewed'), by: text, link: maybe }),
  /** What was said under `key`, to whom, and through which notifiers; none: nobody listens for that role. */
  z.object({
    type: z.literal('told'),
    notice: z.enum(['firing', 'escalation', 'acknowledged', 'resolved']),
    key: text,
    to: role,
    as: z.enum(['page', 'ticket']),
    says: text,
    through: z.array(text),
  }),
  z.object({
    type: z.literal('deadline'),
    key: text,
    what: text,
    to: role,
    dueMs: z.number(),
    state: z.enum(['met', 'missed']),
    metMs: z.number().nullable(),
  }),
]);

export type IncidentBody = z.output<typeof bodySchema>;
export type BodyOf<T extends IncidentBody['type']> = Extract<IncidentBody, { type: T }>;

/** An event of the ledger, as far as it is needed here. */
export interface IncidentEvent {
  readonly id: string;
  readonly atMs: number;
  readonly kind: 'incident';
  readonly service: string | null;
  /** The incident. */
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Null where it does not read: a later version may say what this one does not know. */
export function bodyOf(event: Pick<IncidentEvent, 'body'>): IncidentBody | null {
  const parsed = bodySchema.safeParse(event.body);
  return parsed.success ? parsed.data : null;
}

/**
 * @param key tells two events of one type apart. What must be there once, whoever writes it and how often, has a key that
 * follows from what it says
 */
export function incidentEvent(
  { id, service }: { readonly id: string; readonly service: string | null },
  atMs: number,
  body: IncidentBody,
  key: string,
): IncidentEvent {
  const whole = `incident/${id}/${body.type}${key === '' ? '' : `/${key}`}`;
  return { id: whole, atMs, kind: 'incident', service, subject: id, body: { ...body } };
}
