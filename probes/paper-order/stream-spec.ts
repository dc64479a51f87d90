/** The WebSockets that a paper order may listen to. Everything defaults to what the TradePulse platform says. */
import { z } from 'zod';
import { duration, headers, wsUrl } from '../spec.ts';

/** Member names from the root, separated by dots: "data.c". */
function field() {
  return z.string().regex(/^[^.\s]+(?:\.[^.\s]+)*$/, { error: 'a field such as "status" or "data.c"' });
}

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' });

const sign = z.strictObject({
  field: field(),
  /** This value, or one of these; default: any. */
  equals: z.union([scalar, z.array(scalar).min(1)]).optional(),
});

const streamFields = {
  url: wsUrl(),
  /** Default: the probe's. */
  headers: headers().optional(),
  /** What says that the subscription stands; `null`: nothing does, and nothing is waited for. */
  confirmed: sign.nullable().default({ field: 'type', equals: 'subscribed' }),
  rejected: sign.nullable().default({ field: 'type', equals: 'error' }),
  /** Where a frame holds one message or a list of them; default: the frame itself. */
  items: field().optional(),
};

export const channel = z.strictObject({
  ...streamFields,
  /** Sent once the connection stands, each as JSON. */
  subscribe: z.array(z.json()).default([{ action: 'subscribe', channels: ['orders'] }]),
  map: z
    .strictObject({
      clientOrderId: field().default('client_order_id'),
      orderId: field().default('order_id'),
      status: field().default('status'),
      /** Messages that are acknowledgements; a second one for an order is a duplicate. */
      ack: sign.default({ field: 'type', equals: 'ack' }),
      fillId: field().default('fill_id'),
      fillQuantity: field().default('filled_qty'),
      rejectReason: field().default('reject_reason'),
    })
    .prefault({}),
  /** How long duplicates are still waited for after the end of the order. */
  linger: duration().default(100),
});

export const signal = z.strictObject({
  ...streamFields,
  subscribe: z.array(z.json()).default([{ action: 'subscribe', channels: ['signals'] }]),
  map: z
    .strictObject({
      /** What a message must carry to be a signal to act on. */
      match: z
        .array(sign)
        .min(1)
        .default([{ field: 'type', equals: 'signal' }]),
      symbol: field().default('symbol'),
      time: field().default('timestamp'),
      unit: z.enum(['s', 'ms', 'us', 'ns', 'iso']).default('us'),
    })
    .prefault({}),
  /** Only signals about these; default: about anything. */
  symbols: z.array(z.string().min(1)).min(1).optional(),
  /** How long a run waits for one. */
  within: duration().default(2000),
});

export type Sign = z.output<typeof sign>;
export type ChannelSpec = z.output<typeof channel>;
export type SignalSpec = z.output<typeof signal>;
