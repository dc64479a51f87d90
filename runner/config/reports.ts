/** Where reports go. */
import { z } from 'zod';

export const reportsSchema = z.strictObject({
  folder: z.string().min(1).default('./reports-out'),
  /** The executable of the browser that prints PDF; default: whichever is found. */
  browser: z.string().min(1).optional(),
});
