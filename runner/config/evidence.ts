/** The `evidence` section: what signs the documents that customers get. */
import { z } from 'zod';

export const evidenceSchema = z.strictObject({
  /** A file, or the PEM itself by a reference to the environment. */
  key: z.string().min(1).optional(),
});
