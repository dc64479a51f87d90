/** What the exchange's order gateway says, as the venue reads it. */
import { z } from 'zod';

const fill = z.object({
  fill_id: z.string(),
  quantity: z.number(),
  price: z.number(),
  liquidity: z.enum(['MAKER', 'TAKER']),
  ts: z.number(),
});

export type Fill = z.infer<typeof fill>;

export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ack'), order_id: z.string(), ts: z.number() }),
  z.object({ type: z.literal('reject'), order_id: z.string(), reason: z.string(), ts: z.number() }),
  z.object({ type: z.literal('fill'), order_id: z.string(), ...fill.shape }),
  z.object({ type: z.literal('cancelled'), order_id: z.string(), ts: z.number() }),
  z.object({
    type: z.literal('state'),
    order_id: z.string(),
    status: z.enum(['received', 'resting', 'filled', 'cancelled', 'rejected']),
    ack_ts: z.number().nullable(),
    fill: fill.nullable(),
    closed_ts: z.number().nullable(),
    reason: z.string().nullable(),
  }),
  z.object({ type: z.literal('heartbeat') }),
]);

export type GatewayReport = z.infer<typeof reportSchema>;
