/** Where reports go, who prints them, and when the reviews are written. */
import { z } from 'zod';
import { isTimezone } from '../../probes/spec.ts';
import { FORMATS } from '../documents.ts';
import { cronProblem } from './gameday-schedule.ts';

const text = (error: string) => z.string({ error }).min(1, { error });
/** When each is written unless it says otherwise. */
const USUAL = { weekly: '0 7 * * 1', monthly: '0 7 1 * *', quarterly: '0 7 1 1,4,7,10 *' } as const;
const usual: ReadonlySet<string> = new Set(Object.values(USUAL));

/** A review that nobody wants is `off`. */
const when = (otherwise: string) =>
  z.string({ error: `a cron expression such as "${otherwise}", or "off"` }).default(otherwise);

export const reportsSchema = z
  .strictObject({
    folder: z.string().min(1).default('./reports-out'),
    /** The executable of the browser that prints PDF; default: whichever is found. */
    browser: z.string().min(1).optional(),
    /** A file of changes that are proposed, in the form of `objectives.override`. */
    proposals: text('a file with a list in the form of objectives.override').optional(),
    schedule: z
      .strictObject({ weekly: when(USUAL.weekly), monthly: when(USUAL.monthly), quarterly: when(USUAL.quarterly) })
      .prefault({}),
    timezone: z
      .custom<string>((value) => typeof value === 'string' && isTimezone(value), {
        error: 'a time zone such as "Europe/London"',
      })
      .default('UTC'),
    /** Of what is written on schedule; Markdown always. */
    formats: z
      .array(z.enum(FORMATS, { error: 'md, html or pdf' }), { error: 'a list of md, html, pdf' })
      .default(['md', 'html']),
  })
  .superRefine(({ schedule, timezone }, ctx) => {
    for (const [period, cron] of Object.entries(schedule)) {
      // What is ours needs no looking at, which would load node-cron and look at a calendar for every command.
      const wrong = cron === 'off' || usual.has(cron) ? null : cronProblem(cron, timezone, USUAL.weekly);
      if (wrong === null) continue;
      ctx.addIssue({ code: 'custom', path: ['schedule', period], message: `${wrong}, or "off"`, input: cron });
    }
  });
