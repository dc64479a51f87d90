import { z } from 'zod';
import { jsonExpectation } from '../http/spec.ts';
import { jsonPath } from '../jsonpath.ts';
import type { Measure } from '../kind.ts';
import { decimalText, duration, headers, httpUrl, pemCertificate, probeSchema } from '../spec.ts';
import { channel, signal } from './stream-spec.ts';

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

/** What any account could say, or say nothing, proves nothing. */
const proof = jsonExpectation
  .refine(({ exists }) => exists === undefined, {
    error: 'a value that only a paper account has: equals, oneOf, matches',
  })
  .refine(({ matches }) => matches?.test('') !== true, { error: 'a pattern that not everything matches' });

/** How the account proves that its money is not real. All that is given must hold, and the hosts always. */
const paper = z
  .strictObject({
    url: httpUrl(),
    json: proof.optional(),
    /** The account's id in the answer, and what ids of paper accounts look like. */
    account: proof
      .refine(({ matches }) => matches !== undefined, { error: 'path and matches: the pattern of paper accounts' })
      .optional(),
    /** Every host that the probe may talk to. */
    hosts: z.array(z.string().min(1)).min(1, { error: 'a list of host names' }),
  })
  .superRefine(({ json, account }, ctx) => {
    if (json !== undefined || account !== undefined) return;
    ctx.addIssue({ code: 'custom', path: ['json'], message: 'what proves a paper account: json, account or both' });
  });

/** Where the position of the order's symbol is read afterwards. */
const positions = z.strictObject({
  url: template(),
  /** The list of positions, or the one position, in the answer. */
  path: jsonPath().default('$.positions'),
  symbol: z.string().min(1).default('symbol'),
  quantity: z.string().min(1).default('quantity'),
  /** How long the venue may take to show what was executed. */
  within: duration().default(1000),
});

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
  /** Where the venue tells what becomes of orders; without it, it is asked every `poll`. */
  channel: channel.optional(),
  /** The order waits for a signal and answers it. */
  signal: signal.optional(),
  order,
  paper,
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
  positions: positions.optional(),
}).superRefine((spec, ctx) => {
  if (spec.ackDeadline > spec.fillDeadline) {
    ctx.addIssue({ code: 'custom', path: ['ackDeadline'], message: 'at most the fillDeadline' });
  }
  if (spec.fillDeadline >= spec.timeout) {
    ctx.addIssue({ code: 'custom', path: ['fillDeadline'], message: 'less than the timeout' });
  } else if (spec.signal !== undefined && spec.signal.within + spec.fillDeadline >= spec.timeout) {
    ctx.addIssue({
      code: 'custom',
      path: ['signal', 'within'],
      message: 'less than the timeout less the fillDeadline',
    });
  }
  if (spec.positions !== undefined && !spec.flatten && fillExpected(spec)) {
    const message = 'flatten: true beside it, since every fill would leave a position';
    ctx.addIssue({ code: 'custom', path: ['positions'], message });
  }
});

export type PaperOrderSpec = z.output<typeof paperOrderSpec>;

export function fillExpected(spec: {
  readonly expectFill?: boolean | undefined;
  readonly order: { readonly order_type: string };
}): boolean {
  return spec.expectFill ?? spec.order.order_type === 'market';
}

/** What a run has readings of. */
export function orderMeasures(spec: PaperOrderSpec): readonly Measure[] {
  const ends: readonly Measure[] = fillExpected(spec) ? ['order-fill', 'quantity'] : ['order-cancel'];
  if (spec.signal === undefined) return ['ack', ...ends];
  return ['ack', ...ends, 'signal-ack', ...(fillExpected(spec) ? (['signal-fill'] as const) : [])];
}
