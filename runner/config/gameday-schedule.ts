/** The `gamedays.schedule` section: exercises that come by calendar. */
import { z } from 'zod';
import { durationText } from '../../probes/duration.ts';
import { duration, isTimezone } from '../../probes/spec.ts';
import { cronRuns } from '../engine/cron-runs.ts';
import { nodeCron } from '../engine/node-cron.ts';
import { share } from './share.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const name = (error: string) => z.string({ error }).min(1, { error });

const entry = z
  .strictObject({
    id: z
      .string({ error: 'an id of a-z, 0-9 and hyphens such as "monthly-feed"' })
      .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'an id of a-z, 0-9 and hyphens such as "monthly-feed"' }),
    /** The id of a scenario of the configuration or of the library, or a file. */
    scenario: name('the name of a scenario, or a file'),
    cron: name('a cron expression such as "0 10 1 * *"'),
    timezone: z
      .custom<string>((value) => typeof value === 'string' && isTimezone(value), {
        error: 'a time zone such as "Europe/London"',
      })
      .default('UTC'),
    set: z.record(z.string(), z.string({ error: 'a text' })).default({}),
    lead: name('who leads it').optional(),
    /** Role → who has it. */
    roles: z.record(z.string().min(1), name('who has this role')).default({}),
    approval: z
      .strictObject({ by: name('who approves it'), reason: name('why'), overspend: share().optional() })
      .optional(),
    /** How long before its time it is announced; later than half of this is too late. */
    announce: duration().default(2 * DAY_MS),
    dryRun: duration().default(2 * DAY_MS),
    remind: duration().default(HOUR_MS),
    afterFailedDryRun: z.enum(['cancel', 'run'], { error: '"cancel" or "run"' }).default('cancel'),
  })
  .superRefine(({ cron, timezone, announce, dryRun, remind }, ctx) => {
    const issue = (path: string, message: string, input: unknown): void =>
      ctx.addIssue({ code: 'custom', path: [path], message, input });
    const wrong = cronProblem(cron, timezone);
    if (wrong !== null) issue('cron', wrong, cron);
    if (dryRun > announce) issue('dryRun', `at most announce (${durationText(announce)})`, durationText(dryRun));
    if (remind >= announce) issue('remind', `less than announce (${durationText(announce)})`, durationText(remind));
  });

export const gamedayScheduleSchema = z
  .array(entry, { error: 'a list of scheduled game-days' })
  .superRefine((entries, ctx) => {
    entries.forEach(({ id }, index) => {
      if (entries.findIndex((other) => other.id === id) === index) return;
      ctx.addIssue({ code: 'custom', path: [index, 'id'], message: `an id of its own, not ${id} again`, input: id });
    });
  })
  .default([]);

export type ScheduledDocument = z.output<typeof gamedayScheduleSchema>[number];

/** An exercise is a date in people's calendars, not a load test. */
const LEAST_GAP_MS = HOUR_MS;
const RUNS = 50;
const SOME_DAY_MS = Date.UTC(2026, 0, 1);

/** Of an expression that asks people for something: five fields, some day, at most once an hour. */
export function cronProblem(expression: string, timezone: string, such = '0 10 1 * *'): string | null {
  const example = `a cron expression of five fields such as "${such}"`;
  if (expression.trim().split(/\s+/).length !== 5) return example;
  const checked = nodeCron().validateDetailed(expression);
  if (!checked.valid) return `${example} (${checked.errors.map(({ message }) => message).join('; ')})`;
  const runs = cronRuns(expression, timezone);
  // Any moment serves: what is asked is how close its runs are, not when they are.
  let lastMs = runs.after(SOME_DAY_MS);
  if (lastMs === null) return 'a cron expression that comes due some day';
  // One minute of an hour is at most once an hour; every command reads its configuration, and runs of years take long.
  if (/^\s*\d+\s/.test(expression)) return null;
  for (let count = 0; count < RUNS; count += 1) {
    const nextMs = runs.after(lastMs);
    if (nextMs === null) return null;
    if (nextMs - lastMs < LEAST_GAP_MS) return 'a cron expression that comes due at most once an hour';
    lastMs = nextMs;
  }
  return null;
}
