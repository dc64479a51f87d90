import { isDeepStrictEqual } from 'node:util';
import type { SandboxClock } from '../clock.ts';
import { OPEN } from './order.ts';
import type { Order, OrderBody } from './order.ts';
import { openRecord, type Record } from './record.ts';
import type { Fill, GatewayReport } from './reports.ts';

/** What happened to an order, as it is told on `/ws`. */
export type OrderEventType = 'order' | 'ack' | 'fill' | 'reject' | 'cancel';

export interface OrderEvent {
  readonly type: OrderEventType;
  readonly order: Order;
  readonly fill: Fill | null;
}

/** Says something to an exchange. False: not connected, nothing was sent. */
export type Send = (exchange: OrderBody['venue'], message: object) => boolean;

export type Placed =
  | { readonly ok: true; readonly answer: Order; readonly isReplay: boolean }
  | { readonly ok: false; readonly problem: 'conflict' | 'gateway-down' };

export interface OrdersOptions {
  readonly clock: SandboxClock;
  readonly send: Send;
  readonly onEvent: (event: OrderEvent) => void;
  /** What was known before a restart, and where what is known now is kept; default: nowhere. */
  readonly record?: Record;
}

interface Known {
  readonly body: OrderBody;
  /** The first answer, repeated for as long as the order is remembered. */
  readonly answer: Order;
}

/** Closed orders that are still remembered. */
const MAX_CLOSED = 50_000;

/** The venue's orders. An order is placed once per `client_order_id`, and told to the exchange until it answers. */
export class Orders {
  readonly #options: OrdersOptions;
  /** In the order of placing. */
  readonly #orders = new Map<string, Order>();
  readonly #byClientId = new Map<string, Known & { readonly orderId: string }>();
  readonly #closed: string[] = [];
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #prefix: string;
  readonly #record: Record;
  #placed = 0;

  constructor(options: OrdersOptions) {
    this.#options = options;
    this.#record = options.record ?? openRecord(undefined);
    for (const { order, body } of this.#record.before) {
      this.#orders.set(order.order_id, order);
      const clientId = order.client_order_id;
      if (body !== null && clientId !== null)
        this.#byClientId.set(clientId, { body, answer: order, orderId: order.order_id });
      if (order.closed_timestamp !== null) this.#closed.push(order.order_id);
    }
    // Unique across restarts of the venue, because the exchange recognises repeats by it.
    this.#prefix = `V${options.clock.wallUs().toString(36)}`;
  }

  place(body: OrderBody): Placed {
    const clientId = body.client_order_id;
    const known = clientId === undefined ? undefined : this.#byClientId.get(clientId);
    if (known !== undefined) {
      if (!isDeepStrictEqual(known.body, body)) return { ok: false, problem: 'conflict' };
      return { ok: true, answer: known.answer, isReplay: true };
    }
    const order = this.#create(body);
    if (!this.#submit(order)) return { ok: false, problem: 'gateway-down' };
    this.#orders.set(order.order_id, order);
    this.#record.append({ order, body, fill: null });
    if (clientId !== undefined) this.#byClientId.set(clientId, { body, answer: order, orderId: order.order_id });
    this.#options.onEvent({ type: 'order', order, fill: null });
    return { ok: true, answer: order, isReplay: false };
  }

  get(orderId: string): Order | null {
    return this.#orders.get(orderId) ?? null;
  }

  byClientId(clientId: string): Order | null {
    const known = this.#byClientId.get(clientId);
    return known === undefined ? null : this.get(known.orderId);
  }

  /** Newest last. */
  list(): readonly Order[] {
    return [...this.#orders.values()];
  }

  open(): readonly Order[] {
    return this.list().filter((order) => OPEN.has(order.status));
  }

  /** Asks the exchange to cancel; an order whose gateway is down is cancelled when the gateway is back. */
  cancel(orderId: string): void {
    const order = this.#orders.get(orderId);
    if (order === undefined || !OPEN.has(order.status)) return;
    this.#set({ ...order, status: 'pending_cancel' });
    this.#record.append({ order: { ...order, status: 'pending_cancel' }, body: null, fill: null });
    this.#options.send(order.venue, { op: 'cancel', order_id: orderId });
  }

  /** Resolves when the order is closed, or when the signal aborts. */
  async settled(orderId: string, signal: AbortSignal): Promise<void> {
    const order = this.#orders.get(orderId);
    if (order === undefined || !OPEN.has(order.status) || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const waiters = this.#waiters.get(orderId) ?? new Set();
      this.#waiters.set(orderId, waiters);
      const done = (): void => {
        signal.removeEventListener('abort', done);
        waiters.delete(done);
        if (waiters.size === 0) this.#waiters.delete(orderId);
        resolve();
      };
      signal.addEventListener('abort', done);
      waiters.add(done);
    });
  }

  /** The gateway is connected (again): whatever was said may be lost, and saying it again is harmless. */
  resend(venue: OrderBody['venue']): void {
    for (const order of this.open()) {
      if (order.venue !== venue) continue;
      if (order.status === 'pending_cancel') this.#options.send(venue, { op: 'cancel', order_id: order.order_id });
      else this.#submit(order);
    }
  }

  apply(report: GatewayReport): void {
    if (report.type === 'heartbeat') return;
    const order = this.#orders.get(report.order_id);
    if (order === undefined || !OPEN.has(order.status)) return;
    switch (report.type) {
      case 'ack':
        this.#acknowledge(order, report.ts);
        break;
      case 'reject':
        this.#close(order, { status: 'rejected', reject_reason: report.reason }, 'reject');
        break;
      case 'fill':
        this.#fill(order, report);
        break;
      case 'cancelled':
        this.#close(order, { status: 'cancelled' }, 'cancel');
        break;
      case 'state':
        this.#catchUp(order, report);
        break;
    }
  }

  /** What was missed while the gateway was away, in the order in which it happened. */
  #catchUp(order: Order, state: Extract<GatewayReport, { type: 'state' }>): void {
    const acked = state.ack_ts === null ? order : this.#acknowledge(order, state.ack_ts);
    if (state.fill !== null) this.#fill(acked, state.fill);
    else if (state.status === 'cancelled') this.#close(acked, { status: 'cancelled' }, 'cancel');
    else if (state.status === 'rejected') {
      this.#close(acked, { status: 'rejected', reject_reason: state.reason }, 'reject');
    }
  }

  #create(body: OrderBody): Order {
    this.#placed += 1;
    return {
      order_id: `${this.#prefix}-${this.#placed}`,
      client_order_id: body.client_order_id ?? null,
      symbol: body.symbol,
      side: body.side,
      order_type: body.order_type,
      quantity: body.quantity,
      price: body.price ?? null,
      reference_price: body.reference_price ?? null,
      time_in_force: body.time_in_force ?? 'GTC',
      venue: body.venue,
      status: 'pending',
      filled_quantity: 0,
      average_price: null,
      created_timestamp: this.#options.clock.wallUs(),
      ack_timestamp: null,
      broker_ack_timestamp: null,
      fill_timestamp: null,
      closed_timestamp: null,
      reject_reason: null,
    };
  }

  #submit(order: Order): boolean {
    const { order_id, symbol, side, order_type, quantity, price, time_in_force } = order;
    const wire = { order_id, symbol, side, order_type, quantity, time_in_force, ...(price === null ? {} : { price }) };
    return this.#options.send(order.venue, { op: 'submit', order: wire });
  }

  #acknowledge(order: Order, brokerUs: number): Order {
    if (order.ack_timestamp !== null) return order;
    const status = order.status === 'pending' ? 'acknowledged' : order.status;
    const acked = { ...order, status, ack_timestamp: this.#options.clock.wallUs(), broker_ack_timestamp: brokerUs };
    this.#set(acked);
    this.#record.append({ order: acked, body: null, fill: null });
    this.#options.onEvent({ type: 'ack', order: acked, fill: null });
    return acked;
  }

  #fill(order: Order, fill: Fill): void {
    const us = this.#options.clock.wallUs();
    const change = {
      status: 'filled',
      filled_quantity: fill.quantity,
      average_price: fill.price,
      fill_timestamp: us,
    } as const;
    this.#close(order, change, 'fill', fill);
  }

  #close(order: Order, change: Partial<Order>, type: OrderEventType, fill: OrderEvent['fill'] = null): void {
    const closed = { ...order, ...change, closed_timestamp: this.#options.clock.wallUs() };
    this.#set(closed);
    this.#record.append({ order: closed, body: null, fill });
    this.#closed.push(order.order_id);
    if (this.#closed.length > MAX_CLOSED) this.#forget(this.#closed.shift());
    this.#options.onEvent({ type, order: closed, fill });
    for (const done of this.#waiters.get(order.order_id) ?? []) done();
  }

  #forget(orderId: string | undefined): void {
    const order = orderId === undefined ? undefined : this.#orders.get(orderId);
    if (order === undefined) return;
    this.#orders.delete(order.order_id);
    if (order.client_order_id !== null) this.#byClientId.delete(order.client_order_id);
  }

  #set(order: Order): void {
    this.#orders.set(order.order_id, order);
  }
}
