import { z } from 'zod';
import { distributionSchema, MAX_MS } from '../distribution.ts';

const ratio = z.number().min(0).max(1);

/** The ratios concern requests under /api/v1 and /graphql; /health, /metrics, the page and /ws stay as they are. */
export const venueKnobsSchema = z.strictObject({
  /** Requests answered 500 before anything was done. */
  errorRatio: ratio.default(0),
  /** Requests that wait `slowMs` before anything is done. */
  slowRatio: ratio.default(0),
  slowMs: z.number().min(0).max(MAX_MS).default(1_000),
  /** Requests answered 401 whatever their token. */
  unauthorizedRatio: ratio.default(0),
  /** Orders beyond this quantity × price (or reference price) are answered 422 `risk_rejected`. */
  maxNotional: z.number().positive().default(10_000_000),
  /** Tick received → signal sent. */
  signalLatency: distributionSchema.default({ type: 'lognormal', medianMs: 20, sigma: 0.4 }),
  /** Strategy jobs a second; with each a decision, a parity check and a registration. Only /metrics tells of them. */
  jobsPerSecond: z.number().min(0).max(1_000).default(10),
  /** Jobs that fail, and jobs whose parity check does. */
  jobFailRatio: ratio.default(0),
  parityFailRatio: ratio.default(0),
  /** Signal batch → decision. */
  decisionLatency: distributionSchema.default({ type: 'lognormal', medianMs: 40, sigma: 0.3 }),
  /** Exchange event → registration of its artifact in the catalog. */
  registrationDelay: distributionSchema.default({ type: 'lognormal', medianMs: 12_000, sigma: 0.4 }),
  /** `/metrics` answers 503. */
  metricsDown: z.boolean().default(false),
});

export type VenueKnobs = z.infer<typeof venueKnobsSchema>;
/** What may be given at start: the rest takes its default. */
export type VenueKnobsInput = z.input<typeof venueKnobsSchema>;
