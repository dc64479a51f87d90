import type { SandboxClock } from '../clock.ts';
import type { FeedName } from './failover.ts';
import type { Gateways } from './gateways.ts';
import type { FeedHealth, MarketFeeds } from './market-feeds.ts';
import type { Orders } from './orders.ts';
import type { Position, Positions } from './positions.ts';

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

const VERSION = '1.0.0';

export interface StateParts {
  readonly clock: SandboxClock;
  readonly accountId: string;
  readonly orders: Orders;
  readonly positions: Positions;
  readonly feeds: MarketFeeds;
  readonly gateways: Gateways;
}

export function createState({ clock, accountId, orders, positions, feeds, gateways }: StateParts): VenueState {
  const startMs = clock.monotonicMs();
  const uptime = (): number => Math.round(clock.monotonicMs() - startMs) / 1000;
  const health = (): Health => {
    const feed = feeds.active;
    const up = { primary: gateways.isOpen('primary'), backup: gateways.isOpen('backup') };
    const isWell = feed === 'primary' && feeds.isFresh('backup') && up.primary && up.backup;
    const both = { primary: feeds.health('primary'), backup: feeds.health('backup') };
    return {
      status: !feeds.isFresh(feed) ? 'unavailable' : isWell ? 'ok' : 'degraded',
      feed,
      feed_age_ms: both[feed].age_ms,
      feeds: both,
      gateways: up,
      failovers: feeds.switches,
      uptime_seconds: uptime(),
    };
  };
  return {
    orders,
    health,
    status: () => ({ status: 'running', uptime_seconds: uptime(), version: VERSION }),
    positions: () => positions.list(),
    account: () => ({ account_id: accountId, mode: 'paper' }),
  };
}
