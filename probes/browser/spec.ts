import { z } from 'zod';
import { byteCount, headers, httpUrl, probeSchema } from '../spec.ts';
import { isJourney, type Journey } from './journey.ts';

const selector = () => z.string().min(1, { error: 'a selector such as "#total"' });

/** What is kept of runs that failed. */
const artefacts = z.strictObject({
  screenshot: z.boolean({ error: 'true or false' }).default(true),
  /** `rerun`: of one uncounted run after the first failure; `always`: of every run, kept of those that fail. */
  trace: z.enum(['rerun', 'always', 'never'], { error: '"rerun", "always" or "never"' }).default('rerun'),
  /** Covered in screenshots, beside input fields and what shows a secret. */
  mask: z.array(selector()).default([]),
  /** The newest files of the probe stay, at most so many and so many bytes in all. */
  keep: z.int({ error: 'a whole number of files' }).min(1, { error: 'a whole number of files' }).default(40),
  maxBytes: byteCount().default(50 * 1024 * 1024),
});

export const browserSpec = probeSchema('browser', {
  url: httpUrl(),
  /** Sent with every request of the page. */
  headers: headers().default({}),
  /** A walk through the pages, in a TypeScript configuration; without it the page is opened. */
  journey: z
    .custom<Journey>(isJourney, {
      error: `a journey of a TypeScript configuration such as journey('positions', async ({ page, step }) => { … })`,
    })
    .optional(),
  /** Handed to the journey; the place for its secrets, since these are then known. */
  variables: z.record(z.string().min(1), z.string({ error: 'a text' })).default({}),
  /** What must be seen before the journey has arrived, in this order. */
  expect: z
    .array(
      z
        .strictObject({ selector: selector().optional(), text: z.string().min(1).optional() })
        .refine((expect) => expect.selector !== undefined || expect.text !== undefined, {
          error: 'a selector, a text, or both',
        }),
    )
    .default([]),
  /** What the page may do without the run being bad. */
  allow: z.array(z.enum(['dialog', 'download', 'popup'], { error: '"dialog", "download" or "popup"' })).default([]),
  artefacts: artefacts.prefault({}),
  /** Default: chromium, chromium-browser or google-chrome on the PATH, then Playwright's own. */
  executable: z.string().min(1).optional(),
});

export type BrowserSpec = z.output<typeof browserSpec>;
