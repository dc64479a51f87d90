/** The `incidents` section: who is who, whose working hours, how long each step may take, and when an incident ends. */
import { z } from 'zod';
import { calendar } from '../../probes/market-data/calendar.ts';
import { baseFields, duration } from '../../probes/spec.ts';
import type { Role } from '../../slo/incidents/event.ts';
import { PLAYBOOK_LADDER, type Ladder } from '../../slo/incidents/ladder.ts';
import type { BusinessHours } from '../incidents/business-hours.ts';

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const timeOfDay = () =>
  z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'a time of day such as "09:00"' })
    .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

/** As `to` of a notifier has it. */
const addressee = () => z.string().min(1, { error: 'a name that a notifier has in its "to"' }).optional();

const people = {
  incidentCommander: addressee(),
  leadership: addressee(),
  engineeringManager: addressee(),
  vpEngineering: addressee(),
  productLead: addressee(),
  domainOwner: addressee(),
  customerSuccess: addressee(),
};
type People = Partial<Record<keyof typeof people, string | undefined>>;

const { sev1, sev2, sev3, report, review } = PLAYBOOK_LADDER;
const step = (ms: number) => duration().default(ms);

const paged = (steps: Ladder['sev1']) => ({
  page: step(steps.page),
  acknowledge: step(steps.acknowledge),
  engage: step(steps.engage),
  escalate: step(steps.escalate),
  persist: step(steps.persist),
  statusPage: step(steps.statusPage),
});

const intervals = z.strictObject({
  sev1: z
    .strictObject({ ...paged(sev1), commander: step(sev1.commander ?? 0), leadership: step(sev1.leadership ?? 0) })
    .prefault({}),
  sev2: z.strictObject(paged(sev2)).prefault({}),
  sev3: z.strictObject({ acknowledge: step(sev3.acknowledge), status: step(sev3.status) }).prefault({}),
  report: step(report),
  review: step(review),
});

const secret = () => z.string().min(16, { error: 'a secret of at least 16 characters' });

export const incidentsSchema = z.strictObject({
  /** Names the day of an incident and its channel, and is the clock of the business hours. */
  timezone: baseFields.timezone.unwrap().default('UTC'),
  businessHours: z
    .strictObject({
      days: z.array(z.enum(WEEKDAYS)).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']),
      from: timeOfDay().prefault('09:00'),
      to: timeOfDay().prefault('17:00'),
    })
    .refine(({ from, to }) => !(from >= to), { path: ['to'], error: 'a time of day after from' })
    .prefault({}),
  holidays: calendar.shape.holidays,
  people: z.strictObject(people).prefault({}),
  services: z.record(z.string(), z.strictObject(people)).default({}),
  intervals: intervals.prefault({}),
  /** What tracked the change, where `intervals` are other than the playbook's. */
  rfc: z.string().min(1, { error: 'where the change was agreed, such as "RFC-12"' }).optional(),
  /** It is resolved when all its alerts are over; or only by somebody. */
  resolve: z.enum(['with-alerts', 'by-hand']).default('with-alerts'),
  /** Who creates silences in Alertmanager and is nobody: what they silence is not acknowledged by it. */
  machines: z.array(z.string().min(1)).default([]),
  /** PagerDuty's webhook subscription, V3: what its signatures are made with. */
  pagerduty: z.strictObject({ secret: secret(), previousSecret: secret().optional() }).optional(),
});

export type IncidentsDocument = z.output<typeof incidentsSchema>;

export function businessHoursOf({
  timezone,
  businessHours: { days, from, to },
  holidays,
}: IncidentsDocument): BusinessHours {
  const weekdays = new Set(days.map((day) => WEEKDAYS.indexOf(day)));
  return { timezone, weekdays, fromMinutes: from, toMinutes: to, holidays: new Set(holidays) };
}

export function ladderOf({ intervals }: Pick<IncidentsDocument, 'intervals'>): Ladder {
  return { ...intervals, sev2: { ...intervals.sev2, commander: null, leadership: null } };
}

const KEYS: Readonly<Record<Exclude<Role, 'on-call'>, keyof People>> = {
  'incident-commander': 'incidentCommander',
  leadership: 'leadership',
  'engineering-manager': 'engineeringManager',
  'vp-engineering': 'vpEngineering',
  'product-lead': 'productLead',
  'domain-owner': 'domainOwner',
  'customer-success': 'customerSuccess',
};

/** What a notifier has in its `to` for somebody: the service's own, everybody's, or the role's name. */
export function addresseeOf(
  { people, services }: Pick<IncidentsDocument, 'people' | 'services'>,
  service: string | null,
  role: Role,
): string {
  if (role === 'on-call') return role;
  const own = service === null ? undefined : services[service];
  return own?.[KEYS[role]] ?? people[KEYS[role]] ?? role;
}
