import type { SandboxClock } from '../clock.ts';
import type { Address } from '../listen.ts';
import type { Random } from '../random.ts';
import { tickEvent } from './events.ts';
import type { TickEvent } from './events.ts';
import { Failover } from './failover.ts';
import type { Ages, FailoverOptions, FeedName } from './failover.ts';
import { FeedLink } from './feed-link.ts';
import type { FeedTick } from './feed-link.ts';
import { Sequence } from './sequence.ts';

export interface MarketFeedsOptions extends FailoverOptions {
  readonly upstreams: Readonly<Record<FeedName, Address>>;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly clock: SandboxClock;
  readonly random: Random;
  readonly nextEventId: () => string;
  readonly onTick: (tick: TickEvent) => void;
}

export interface FeedHealth {
  readonly connected: boolean;
  /** Null: no tick yet. */
  readonly age_ms: number | null;
}

/** How often the ages are looked at: the failover is late by this much at most. */
const WATCH_MS = 50;

/** Both exchanges' feeds, of which the venue believes one at a time. */
export class MarketFeeds {
  readonly #options: MarketFeedsOptions;
  readonly #links: Readonly<Record<FeedName, FeedLink>>;
  readonly #failover: Failover;
  readonly #sequence = new Sequence();
  readonly #watch: NodeJS.Timeout;
  #passed = 0;

  constructor(options: MarketFeedsOptions) {
    this.#options = options;
    this.#failover = new Failover(options);
    this.#links = { primary: this.#open('primary'), backup: this.#open('backup') };
    this.#watch = setInterval(() => this.#failover.observe(this.ages(), options.clock.monotonicMs()), WATCH_MS);
  }

  get active(): FeedName {
    return this.#failover.active;
  }

  /** Changes of feed, in either direction. */
  get switches(): number {
    return this.#failover.switches;
  }

  /** Ticks passed on. */
  get passed(): number {
    return this.#passed;
  }

  /** Messages that could not be read. */
  get malformed(): number {
    return this.#links.primary.malformed + this.#links.backup.malformed;
  }

  ages(): Ages {
    return { primary: this.#links.primary.ageMs(), backup: this.#links.backup.ageMs() };
  }

  isFresh(feed: FeedName): boolean {
    return this.#failover.isFresh(this.ages()[feed]);
  }

  health(feed: FeedName): FeedHealth {
    const ageMs = this.ages()[feed];
    return { connected: this.#links[feed].isOpen, age_ms: Number.isFinite(ageMs) ? Math.round(ageMs) : null };
  }

  close(): void {
    clearInterval(this.#watch);
    this.#links.primary.close();
    this.#links.backup.close();
  }

  #open(feed: FeedName): FeedLink {
    const { upstreams, connectTimeoutMs, idleTimeoutMs, clock, random } = this.#options;
    const { host, port } = upstreams[feed];
    const url = `ws://${host}:${port}/`;
    const onTick = (tick: FeedTick): void => this.#pass(tick);
    return new FeedLink({ feed, url, connectTimeoutMs, idleTimeoutMs, clock, random, onTick });
  }

  #pass(tick: FeedTick): void {
    if (tick.feed !== this.#failover.active) return;
    this.#passed += 1;
    this.#options.onTick(tickEvent(this.#options.nextEventId(), this.#sequence.next(tick), tick));
  }
}
