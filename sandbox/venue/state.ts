import type { FeedName } from './failover.ts';
import type { Orders } from './orders.ts';
import type { Position } from './positions.ts';

export interface FeedHealth {
  readonly connected: boolean;
  /** Null: no tick yet. */
  readonly age_ms: number | null;
}

export interface Health {
  /** `unavailable` (503): no fresh feed. `degraded`: not on the primary, or a gateway is down. */
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly feed: FeedName;
  /** Of the feed in use. */
  readonly feed_age_ms: number | null;
  readonly feeds: Readonly<Record<FeedName, FeedHealth>>;
  /** Which order gateways are connected. */
  readonly gateways: Readonly<Record<FeedName, boolean>>;
  readonly failovers: number;
  readonly uptime_seconds: number;
}

export interface Status {
  readonly status: 'running';
  readonly uptime_seconds: number;
  readonly version: string;
}

/** What REST, GraphQL, the page and the metrics show: one set of answers, several ways to ask. */
export interface VenueState {
  readonly orders: Orders;
  health(): Health;
  status(): Status;
  positions(): readonly Position[];
  account(): { readonly account_id: string; readonly mode: 'paper' };
}
