import { z } from 'zod';
import { jsonExpectation } from '../http/spec.ts';
import { decimalText, duration, headers, httpUrl, pemCertificate, probeSchema } from '../spec.ts';

const PRICED: ReadonlySet<string> = new Set(['limit', 'stop', 'stop_limit']);

const order = z
  .strictObject({
    symbol: z.string().min(1, { error: 'a symbol such as "BTCUSD"' }),
    side: z.enum(['buy', 'sell']).default('buy'),
    order_type: z.enum(['market', 'limit', 'stop', 'stop_limit']).default('market'),
    quantity: decimalText(),
    price: decimalText().optional(),
    /** What an order without a price is valued at for the notional cap. */
    reference_price: decimalText().optional(),
  })
  .superRefine((order, ctx) => {
    const priced = PRICED.has(order.order_type);
    if (priced && order.price === undefined) {
      ctx.addIssue({ code: 'custom', path: ['price'], message: `a price for a ${order.order_type} order` });
    }
    if (!priced && order.reference_price === undefined) {
      ctx.addIssue({ code: 'custom', path: ['reference_price'], message: 'a reference price for a market order' });
    }
  });

/** A URL in which {order_id}, {client_order_id} and {symbol} are filled in. */
const template = httpUrl;

export const paperOrderSpec = probeSchema('paper-order', {
  venue: z.string().min(1, { error: 'the name of a venue' }),
  /** Sent with every request to the venue, the proof included: authentication. */
  headers: headers().default({}),
  /** Certificates to trust instead of the system's, PEM. */
  ca: pemCertificate().optional(),
  submit: z.strictObject({ url: httpUrl() }),
  /** Where an order is asked for; default: submit.url?client_order_id={client_order_id}. */
  query: z.strictObject({ url: template() }).optional(),
  /** Default: DELETE submit.url/{order_id}. */
  cancel: z.strictObject({ url: template(), method: z.enum(['DELETE', 'POST']).default('DELETE') }).optional(),
  order,
  /** How the account proves, before the first order of every run, that its money is not real. Both must hold. */
  paper: z.strictObject({
    url: httpUrl(),
    json: jsonExpectation,
    /** Every host that the probe may talk to. */
    hosts: z.array(z.string().min(1)).min(1, { error: 'a list of host names' }),
  }),
  limits: z.strictObject({
    maxQuantity: decimalText(),
    maxNotional: decimalText(),
    maxPerMinute: z.number({ error: 'a number of orders a minute' }).positive({ error: 'a number of orders a minute' }),
  }),
  /** From submit. Above every threshold that an objective names, or late acks would be called lost. */
  ackDeadline: duration().default(2000),
  fillDeadline: duration().default(5000),
  /** An order that is not marketable is acknowledged and then cancelled. Default: true for market orders. */
  expectFill: z.boolean().optional(),
  /** Between two questions after an order. */
  poll: duration().default(25),
  /** Send the opposite order after a fill, under the same limits, so that the position ends where it began. */
  flatten: z.boolean().default(false),
}).superRefine((spec, ctx) => {
  if (spec.ackDeadline > spec.fillDeadline) {
    ctx.addIssue({ code: 'custom', path: ['ackDeadline'], message: 'at most the fillDeadline' });
  }
  if (spec.fillDeadline >= spec.timeout) {
    ctx.addIssue({ code: 'custom', path: ['fillDeadline'], message: 'less than the timeout' });
  }
});

export type PaperOrderSpec = z.output<typeof paperOrderSpec>;
