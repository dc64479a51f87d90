import type { SandboxClock } from '../clock.ts';
import { drawMs } from '../distribution.ts';
import type { Random } from '../random.ts';
import type { ExchangeKnobs } from './knobs.ts';
import type { Instrument, Quote } from './market.ts';
import type { GatewayFill, GatewayOrder, Report } from './protocol.ts';

/** `received`: not acknowledged yet, or never to be. `resting`: acknowledged, waiting for its price or its fill. */
export type BookStatus = 'received' | 'resting' | 'filled' | 'cancelled' | 'rejected';

export interface BookOrder extends GatewayOrder {
  status: BookStatus;
  /** What the dice said, whether or not it came to pass: same seed, same knobs, same order of orders, same numbers. */
  readonly drawn: {
    readonly ackMs: number;
    readonly fillMs: number;
    readonly neverAck: boolean;
    readonly reject: boolean;
  };
  /** A stop that has been reached. */
  triggered: boolean;
  /** Matched; the fill is on its way. */
  isFilling: boolean;
  ackUs: number | null;
  fill: GatewayFill | null;
  closedUs: number | null;
  reason: string | null;
}

export interface BookOptions {
  readonly exchange: string;
  readonly instruments: readonly Instrument[];
  readonly clock: SandboxClock;
  readonly knobs: () => ExchangeKnobs;
  readonly random: () => Random;
  readonly report: (report: Report) => void;
}

/** Closed orders that are still remembered, for repeated submissions and for the control port. */
const MAX_CLOSED = 20_000;

/** The exchange's orders. Submitting is idempotent by `order_id`: a repeat is answered with the order's state. */
export class Book {
  /** Since the start. */
  rejected = 0;
  neverAcknowledged = 0;
  readonly #options: BookOptions;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #orders = new Map<string, BookOrder>();
  /** Acknowledged and waiting for a price, by symbol. */
  readonly #resting = new Map<string, Set<BookOrder>>();
  readonly #timers = new Map<BookOrder, NodeJS.Timeout>();
  readonly #closed: string[] = [];
  /** What counts against the rate limit; null: nothing does. */
  #window: { readonly sinceMs: number; orders: number } | null = null;
  #fills = 0;

  constructor(options: BookOptions) {
    this.#options = options;
    this.#instruments = new Map(options.instruments.map((i) => [i.symbol, i]));
  }

  submit(submitted: GatewayOrder): void {
    const known = this.#orders.get(submitted.order_id);
    if (known !== undefined) {
      this.#options.report(stateOf(known));
      return;
    }
    const order = this.#add(submitted, this.#draw());
    if (this.#isLimited()) {
      this.#reject(order, 'rate limit exceeded');
      return;
    }
    if (order.drawn.neverAck) {
      this.neverAcknowledged += 1;
      return;
    }
    this.#after(order, order.drawn.ackMs, () => this.#acknowledge(order));
  }

  /** Cancelling an order that never arrived closes its number, so that a late submission cannot open it. */
  cancel(orderId: string): void {
    const order = this.#orders.get(orderId);
    if (order === undefined) {
      const us = this.#options.clock.wallUs();
      this.#options.report({ type: 'cancelled', order_id: orderId, ts: us });
      const never: GatewayOrder = { order_id: orderId, symbol: '', side: 'buy', order_type: 'market', quantity: 0 };
      this.#close(
        this.#add(never, { ackMs: 0, fillMs: 0, neverAck: true, reject: false }),
        'cancelled',
        'never received',
      );
      return;
    }
    if (order.closedUs !== null) {
      this.#options.report(stateOf(order));
      return;
    }
    this.#close(order, 'cancelled', null);
    this.#options.report({ type: 'cancelled', order_id: orderId, ts: this.#options.clock.wallUs() });
  }

  /** A new price: which waiting orders does it reach? */
  match(instrument: Instrument): void {
    const waiting = this.#resting.get(instrument.symbol);
    if (waiting === undefined) return;
    for (const order of waiting)
      this.#tryFill(order, instrument.quote, order.order_type === 'stop' ? 'TAKER' : 'MAKER');
  }

  orders(openOnly: boolean): readonly BookOrder[] {
    return [...this.#orders.values()].filter((order) => !openOnly || order.closedUs === null);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Everything an order may need, drawn at once, so that what happens to one order never shifts the next one's dice. */
  #draw(): BookOrder['drawn'] {
    const { neverAckRatio, rejectRatio, ackLatency, fillLatency } = this.#options.knobs();
    const dice = this.#options.random();
    return {
      neverAck: dice() < neverAckRatio,
      reject: dice() < rejectRatio,
      ackMs: drawMs(ackLatency, dice),
      fillMs: drawMs(fillLatency, dice),
    };
  }

  #add(submitted: GatewayOrder, drawn: BookOrder['drawn']): BookOrder {
    const order: BookOrder = {
      ...submitted,
      status: 'received',
      drawn,
      triggered: false,
      isFilling: false,
      ackUs: null,
      fill: null,
      closedUs: null,
      reason: null,
    };
    this.#orders.set(order.order_id, order);
    return order;
  }

  #acknowledge(order: BookOrder): void {
    const instrument = this.#instruments.get(order.symbol);
    const reason = instrument === undefined ? `unknown symbol ${order.symbol}` : 'rejected by the exchange';
    if (instrument === undefined || order.drawn.reject) {
      this.#reject(order, reason);
      return;
    }
    order.status = 'resting';
    order.ackUs = this.#options.clock.wallUs();
    this.#options.report({ type: 'ack', order_id: order.order_id, ts: order.ackUs });
    const waiting = this.#resting.get(order.symbol) ?? new Set();
    this.#resting.set(order.symbol, waiting.add(order));
    this.#tryFill(order, instrument.quote, 'TAKER');
    const isImmediate = order.time_in_force === 'IOC' || order.time_in_force === 'FOK';
    if (isImmediate && !order.isFilling) this.cancel(order.order_id);
  }

  /** Windows that begin with the first order after the last one was over. */
  #isLimited(): boolean {
    const limit = this.#options.knobs().rateLimit;
    if (limit === null) {
      this.#window = null;
      return false;
    }
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#window === null || nowMs - this.#window.sinceMs >= limit.perMs)
      this.#window = { sinceMs: nowMs, orders: 0 };
    this.#window.orders += 1;
    return this.#window.orders > limit.orders;
  }

  #reject(order: BookOrder, reason: string): void {
    this.rejected += 1;
    this.#close(order, 'rejected', reason);
    this.#options.report({ type: 'reject', order_id: order.order_id, reason, ts: this.#options.clock.wallUs() });
  }

  #tryFill(order: BookOrder, quote: Quote, liquidity: GatewayFill['liquidity']): void {
    if (order.isFilling) return;
    const price = fillPrice(order, quote);
    if (price === null) return;
    order.isFilling = true;
    this.#after(order, order.drawn.fillMs, () => {
      this.#fills += 1;
      const fill: GatewayFill = {
        fill_id: `${this.#options.exchange}-${order.order_id}-${this.#fills}`,
        quantity: order.quantity,
        price,
        liquidity,
        ts: this.#options.clock.wallUs(),
      };
      order.fill = fill;
      this.#close(order, 'filled', null);
      this.#options.report({ type: 'fill', order_id: order.order_id, ...fill });
    });
  }

  #after(order: BookOrder, ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(order);
      then();
    }, ms);
    this.#timers.set(order, timer);
  }

  #close(order: BookOrder, status: BookStatus, reason: string | null): void {
    clearTimeout(this.#timers.get(order));
    this.#timers.delete(order);
    const waiting = this.#resting.get(order.symbol);
    waiting?.delete(order);
    if (waiting?.size === 0) this.#resting.delete(order.symbol);
    order.status = status;
    order.reason = reason;
    order.closedUs = this.#options.clock.wallUs();
    this.#closed.push(order.order_id);
    if (this.#closed.length <= MAX_CLOSED) return;
    const oldest = this.#closed.shift();
    if (oldest !== undefined) this.#orders.delete(oldest);
  }
}

/** The price at which the order trades against this quote, or null. Reaching a stop's price turns it for good. */
function fillPrice(order: BookOrder, quote: Quote): number | null {
  const market = order.side === 'buy' ? quote.ask : quote.bid;
  const limit = order.price;
  if (order.order_type === 'market' || limit === undefined) return market;
  if (order.order_type !== 'limit' && !order.triggered) {
    order.triggered = order.side === 'buy' ? quote.ask >= limit : quote.bid <= limit;
    if (!order.triggered) return null;
  }
  if (order.order_type === 'stop') return market;
  return (order.side === 'buy' ? market <= limit : market >= limit) ? market : null;
}

function stateOf(order: BookOrder): Report {
  return {
    type: 'state',
    order_id: order.order_id,
    status: order.status,
    ack_ts: order.ackUs,
    fill: order.fill,
    closed_ts: order.closedUs,
    reason: order.reason,
  };
}
