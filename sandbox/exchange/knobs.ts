import { z } from 'zod';
import { distributionSchema, MAX_MS } from '../distribution.ts';

const ratio = z.number().min(0).max(1);

/** Waiting ticks are kept in memory: a delayed feed is bounded, unlike a delayed timer. */
const MAX_DELAY_MS = 120_000;

export const exchangeKnobsSchema = z.strictObject({
  /** Order received → acknowledgement (or rejection) sent. */
  ackLatency: distributionSchema.default({ type: 'lognormal', medianMs: 20, sigma: 0.4 }),
  /** Acknowledgement sent → fill sent, for an order that is marketable. */
  fillLatency: distributionSchema.default({ type: 'lognormal', medianMs: 15, sigma: 0.4 }),
  /** Orders that are taken and then never acknowledged, filled or rejected; they can be cancelled. */
  neverAckRatio: ratio.default(0),
  /** Orders that are rejected where the acknowledgement would have been. */
  rejectRatio: ratio.default(0),
  /** More orders than this within `perMs` are rejected at once: "rate limit exceeded". */
  rateLimit: z
    .strictObject({ orders: z.int().min(0), perMs: z.number().positive().max(MAX_MS) })
    .nullable()
    .default(null),
  /** The exchange's clock gains so much on the true time in each second (loses, below 0); set to 0 it is right again at once. */
  clockDriftMsPerSecond: z.number().min(-900).max(900).default(0),
  /** Every tick leaves this much later than it was made, with its original timestamp. Heartbeats are not delayed. */
  staleFeedMs: z.number().min(0).max(MAX_DELAY_MS).default(0),
  /** Nothing leaves the feed, neither ticks nor heartbeats, and none are made; numbering continues after it. */
  freeze: z.boolean().default(false),
  /** Ticks before which one sequence number is skipped. */
  gapRatio: ratio.default(0),
  /** Ticks that are sent twice. */
  duplicateRatio: ratio.default(0),
  /**
   * Every `everyMs`, beginning at once, the ticks of `symbols` symbols drawn anew are held for `forMs`, then delivered
   * at once, in order, with their original timestamps. The other symbols flow on.
   */
  symbolStall: z
    .strictObject({
      everyMs: z.number().positive().max(MAX_MS),
      forMs: z.number().positive().max(MAX_DELAY_MS),
      symbols: z.int().min(1),
    })
    .refine((stall) => stall.forMs < stall.everyMs, { message: 'forMs must be below everyMs' })
    .nullable()
    .default(null),
});

export type ExchangeKnobs = z.infer<typeof exchangeKnobsSchema>;
/** What may be given at start: the rest takes its default. */
export type ExchangeKnobsInput = z.input<typeof exchangeKnobsSchema>;
