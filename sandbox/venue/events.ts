/** The messages of `/ws`. Flat, named as the platform names them; timestamps in microseconds since the epoch. */
import type { FeedTick } from './feed-link.ts';
import type { OrderEvent } from './orders.ts';
import type { Position } from './positions.ts';

const SCHEMA_VERSION = '1.0';
const SIGNAL_TTL_SECONDS = 5;

/** A market-data event as the venue publishes it. */
export interface TickEvent {
  readonly channel: 'trades';
  readonly type: 'tick';
  readonly event_id: string;
  readonly schema_version: string;
  readonly symbol: string;
  /** The exchange's timestamp, microseconds since the epoch. */
  readonly timestamp: number;
  readonly seq: number;
  readonly bid_price: number;
  readonly ask_price: number;
  readonly last_price: number;
  readonly volume: number;
}

export function tickEvent(eventId: string, seq: number, tick: FeedTick): TickEvent {
  return {
    channel: 'trades',
    type: 'tick',
    event_id: eventId,
    schema_version: SCHEMA_VERSION,
    symbol: tick.symbol,
    timestamp: tick.us,
    seq,
    bid_price: tick.bid,
    ask_price: tick.ask,
    last_price: tick.last,
    volume: tick.volume,
  };
}

/** What the toy strategy concludes from one tick: how far the price stands from its recent average. */
export interface Conclusion {
  readonly tick: TickEvent;
  /** In [−1, 1]. */
  readonly strength: number;
  readonly direction: 'BUY' | 'SELL' | 'FLAT';
}

export function signalEvent(eventId: string, us: number, { tick, strength, direction }: Conclusion): object {
  return {
    channel: 'signals',
    type: 'signal',
    event_id: eventId,
    schema_version: SCHEMA_VERSION,
    symbol: tick.symbol,
    timestamp: us,
    signal_type: 'momentum',
    strength,
    direction,
    ttl_seconds: SIGNAL_TTL_SECONDS,
    tick_event_id: tick.event_id,
    tick_timestamp: tick.timestamp,
    tick_seq: tick.seq,
  };
}

/** The order event of the platform, with the fill event's fields when there is a fill. */
export function orderEvent(eventId: string, us: number, { type, order, fill }: OrderEvent): object {
  return {
    channel: 'orders',
    type,
    event_id: eventId,
    schema_version: SCHEMA_VERSION,
    symbol: order.symbol,
    timestamp: us,
    order_id: order.order_id,
    client_order_id: order.client_order_id,
    venue: order.venue,
    side: order.side === 'buy' ? 'BUY' : 'SELL',
    order_type: order.order_type.toUpperCase(),
    quantity: order.quantity,
    ...(order.price === null ? {} : { price: order.price }),
    time_in_force: order.time_in_force,
    status: order.status.toUpperCase(),
    ...(order.ack_timestamp === null ? {} : { ack_timestamp: order.ack_timestamp }),
    ...(type === 'reject' ? { reject_reason: order.reject_reason } : {}),
    ...(fill === null
      ? {}
      : {
          fill_id: fill.fill_id,
          filled_qty: fill.quantity,
          fill_price: fill.price,
          fees: 0,
          liquidity: fill.liquidity,
        }),
  };
}

export function positionsEvent(eventId: string, us: number, positions: readonly Position[]): object {
  return { channel: 'positions', type: 'positions', event_id: eventId, timestamp: us, positions };
}
