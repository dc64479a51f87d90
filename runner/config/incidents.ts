/** The `incidents` section: whose clock, whose working hours, and whether an incident ends with its alerts. */
import { z } from 'zod';
import { calendar } from '../../probes/market-data/calendar.ts';
import { baseFields } from '../../probes/spec.ts';
import type { BusinessHours } from '../incidents/business-hours.ts';

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const timeOfDay = () =>
  z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: 'a time of day such as "09:00"' })
    .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

export const incidentsSchema = z.strictObject({
  /** Names the day of an incident and its channel, and is the clock of the business hours. */
  timezone: baseFields.timezone.unwrap().default('UTC'),
  businessHours: z
    .strictObject({
      days: z.array(z.enum(WEEKDAYS)).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']),
      from: timeOfDay().prefault('09:00'),
      to: timeOfDay().prefault('17:00'),
    })
    .refine(({ from, to }) => from < to, { path: ['to'], error: 'a time of day after from' })
    .prefault({}),
  holidays: calendar.shape.holidays,
  /** It is resolved when all its alerts are over; or only by somebody. */
  resolve: z.enum(['with-alerts', 'by-hand']).default('with-alerts'),
  /** PagerDuty's webhook subscription, V3: what its signatures are made with. */
  pagerdutyWebhookSecret: z.string().min(16, { error: 'a secret of at least 16 characters' }).optional(),
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
