/** The `gate` section: what the deploy gate of this environment asks of its data. */
import { z } from 'zod';
import { duration } from '../../probes/spec.ts';

export const gateSchema = z.strictObject({
  /** Data older than this says nothing about a deploy now. Real time; default: see `maxAgeOf` in `runner/gate-data.ts`. */
  maxAge: duration().optional(),
});
