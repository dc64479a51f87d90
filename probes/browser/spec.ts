import { z } from 'zod';
import { headers, httpUrl, probeSchema } from '../spec.ts';

export const browserSpec = probeSchema('browser', {
  url: httpUrl(),
  headers: headers().default({}),
  /** What must be seen before the journey has arrived, in this order. */
  expect: z
    .array(
      z
        .strictObject({ selector: z.string().min(1).optional(), text: z.string().min(1).optional() })
        .refine((expect) => expect.selector !== undefined || expect.text !== undefined, {
          error: 'a selector, a text, or both',
        }),
    )
    .default([]),
  /** Default: chromium, chromium-browser or google-chrome on the PATH, then Playwright's own. */
  executable: z.string().min(1).optional(),
});

export type BrowserSpec = z.output<typeof browserSpec>;
