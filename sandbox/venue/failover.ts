export type FeedName = 'primary' | 'backup';

export interface FailoverOptions {
  /** A feed is stale once its age exceeds this. */
  readonly staleAfterMs: number;
  /** The primary must have been fresh for this long before the venue goes back to it. */
  readonly failbackMs: number;
}

/** What the venue knows of a feed: see `ageMs` of FeedLink. Infinite: never heard of. */
export type Ages = Readonly<Record<FeedName, number>>;

/** Which of two feeds to believe. Leaves a stale feed only for a fresh one; returns to the primary only when it is steady. */
export class Failover {
  readonly #options: FailoverOptions;
  #active: FeedName = 'primary';
  #primaryFreshSinceMs: number | null = null;
  #switches = 0;

  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  get active(): FeedName {
    return this.#active;
  }

  /** Changes of feed since the start, in either direction. */
  get switches(): number {
    return this.#switches;
  }

  isFresh(ageMs: number): boolean {
    return ageMs <= this.#options.staleAfterMs;
  }

  /** To be called often: the answer is as timely as the calls. */
  observe(ages: Ages, nowMs: number): FeedName {
    const primaryFresh = this.isFresh(ages.primary);
    const backupFresh = this.isFresh(ages.backup);
    if (!primaryFresh) this.#primaryFreshSinceMs = null;
    else this.#primaryFreshSinceMs ??= nowMs;

    if (this.#active === 'primary') {
      if (!primaryFresh && backupFresh) this.#switch('backup');
    } else if (this.#primaryFreshSinceMs !== null) {
      const steady = nowMs - this.#primaryFreshSinceMs >= this.#options.failbackMs;
      if (steady || !backupFresh) this.#switch('primary');
    }
    return this.#active;
  }

  #switch(to: FeedName): void {
    this.#active = to;
    this.#switches += 1;
  }
}
