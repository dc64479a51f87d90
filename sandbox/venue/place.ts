import { problems } from '../knobs.ts';
import { orderBodySchema } from './order.ts';
import type { Order } from './order.ts';
import type { Orders } from './orders.ts';

export interface Refusal {
  readonly ok: false;
  readonly status: 400 | 409 | 422 | 503;
  readonly error: 'invalid_order' | 'idempotency_conflict' | 'risk_rejected' | 'gateway_unavailable';
  readonly message: string;
}

export type Answer = { readonly ok: true; readonly order: Order; readonly isReplay: boolean } | Refusal;

/** Validates, checks the risk limit and places: the one way in for REST and GraphQL. */
export function placeOrder(orders: Orders, maxNotional: number, input: unknown): Answer {
  const body = orderBodySchema.safeParse(input);
  if (!body.success) return { ok: false, status: 400, error: 'invalid_order', message: problems(body.error) };
  const { quantity, price, reference_price: reference } = body.data;
  const notional = quantity * (price ?? reference ?? Infinity);
  if (notional > maxNotional) {
    const message = `notional ${notional} is above the limit of ${maxNotional}`;
    return { ok: false, status: 422, error: 'risk_rejected', message };
  }
  const placed = orders.place(body.data);
  if (placed.ok) return { ok: true, order: placed.answer, isReplay: placed.isReplay };
  if (placed.problem === 'conflict') {
    const message = `client_order_id ${body.data.client_order_id} was used for a different order`;
    return { ok: false, status: 409, error: 'idempotency_conflict', message };
  }
  const message = `no connection to the ${body.data.venue} order gateway; nothing was placed`;
  return { ok: false, status: 503, error: 'gateway_unavailable', message };
}
