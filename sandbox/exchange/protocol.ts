/** The order gateway's language: JSON messages over one WebSocket. Documented in docs/sandbox.md. */
import { z } from 'zod';

const gatewayOrderSchema = z.object({
  /** Chosen by the sender; the key under which a repeated submission is recognised. */
  order_id: z.string().min(1).max(128),
  symbol: z.string().min(1).max(32),
  side: z.enum(['buy', 'sell']),
  order_type: z.enum(['market', 'limit', 'stop', 'stop_limit']),
  quantity: z.number().positive(),
  price: z.number().positive().optional(),
  time_in_force: z.enum(['GTC', 'DAY', 'IOC', 'FOK']).optional(),
});

export type GatewayOrder = z.infer<typeof gatewayOrderSchema>;

export const gatewayRequestSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('submit'), order: gatewayOrderSchema }),
  z.object({ op: z.literal('cancel'), order_id: z.string().min(1).max(128) }),
  z.object({ op: z.literal('open_orders') }),
]);

export interface GatewayFill {
  fill_id: string;
  quantity: number;
  price: number;
  /** `MAKER`: the order had waited for its price. */
  liquidity: 'MAKER' | 'TAKER';
  ts: number;
}

/** Sent to every connected client; `ts` in microseconds since the epoch. */
export type Report =
  | { type: 'ack'; order_id: string; ts: number }
  | { type: 'reject'; order_id: string; reason: string; ts: number }
  | ({ type: 'fill'; order_id: string } & GatewayFill)
  | { type: 'cancelled'; order_id: string; ts: number }
  | {
      /** The answer to a repeated submission, or to cancelling what is closed. */
      type: 'state';
      order_id: string;
      status: 'received' | 'resting' | 'filled' | 'cancelled' | 'rejected';
      ack_ts: number | null;
      fill: GatewayFill | null;
      closed_ts: number | null;
      reason: string | null;
    };
