import { z } from 'zod';
import { round8 } from './positions.ts';

const MAX_QUANTITY = 1_000_000;

/** The body of POST /api/v1/orders. */
export const orderBodySchema = z
  .strictObject({
    symbol: z.string().min(1).max(32),
    side: z.enum(['buy', 'sell']),
    order_type: z.enum(['market', 'limit', 'stop', 'stop_limit']).default('market'),
    quantity: z
      .number()
      .positive()
      .max(MAX_QUANTITY)
      .refine((q) => round8(q) === q, { message: 'at most eight decimals' }),
    price: z.number().positive().optional(),
    reference_price: z.number().positive().optional(),
    time_in_force: z.enum(['GTC', 'DAY', 'IOC', 'FOK']).optional(),
    /** Which exchange's gateway the order goes to. */
    venue: z.enum(['primary', 'backup']).default('primary'),
    client_order_id: z.string().min(1).max(128).optional(),
  })
  .superRefine((order, ctx) => {
    if (order.order_type !== 'market' && order.price === undefined) {
      ctx.addIssue({ code: 'custom', path: ['price'], message: `required for a ${order.order_type} order` });
    }
    if (order.price === undefined && order.reference_price === undefined) {
      ctx.addIssue({ code: 'custom', path: ['reference_price'], message: 'required when there is no price' });
    }
  });

export type OrderBody = z.infer<typeof orderBodySchema>;

/**
 * - `pending`: the venue took it; the exchange has not acknowledged it (and may never).
 * - `acknowledged`: the exchange acknowledged it; it waits for its price or its fill.
 * - `pending_cancel`: a cancel is on its way; the order still counts as open.
 * - `filled`, `cancelled`, `rejected`: closed.
 */
export type OrderStatus = 'pending' | 'acknowledged' | 'pending_cancel' | 'filled' | 'cancelled' | 'rejected';

export const OPEN: ReadonlySet<OrderStatus> = new Set(['pending', 'acknowledged', 'pending_cancel']);

/** An order as REST shows it. Timestamps are microseconds since the epoch by the venue's clock, unless said otherwise. */
export interface Order {
  readonly order_id: string;
  readonly client_order_id: string | null;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly order_type: OrderBody['order_type'];
  readonly quantity: number;
  readonly price: number | null;
  readonly reference_price: number | null;
  readonly time_in_force: string;
  readonly venue: OrderBody['venue'];
  readonly status: OrderStatus;
  readonly filled_quantity: number;
  readonly average_price: number | null;
  readonly created_timestamp: number;
  /** When the exchange's acknowledgement reached the venue. Null: not yet, or never. */
  readonly ack_timestamp: number | null;
  /** When the exchange says that it acknowledged, by its clock. */
  readonly broker_ack_timestamp: number | null;
  /** When the fill reached the venue. */
  readonly fill_timestamp: number | null;
  /** When the order was filled, cancelled or rejected. Null while it is open. */
  readonly closed_timestamp: number | null;
  readonly reject_reason: string | null;
}
