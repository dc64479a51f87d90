import type { FeedTick } from './feed-link.ts';

interface Place {
  readonly origin: string;
  readonly upstream: number;
  readonly own: number;
}

/**
 * The venue's own numbering, contiguous per symbol across a change of feed (two exchanges number independently), while
 * what one exchange skips or repeats shows through unchanged.
 */
export class Sequence {
  readonly #places = new Map<string, Place>();

  next(tick: FeedTick): number {
    const origin = `${tick.feed}/${tick.session}`;
    const last = this.#places.get(tick.symbol);
    const step = last?.origin === origin ? tick.seq - last.upstream : 1;
    const own = (last?.own ?? 0) + step;
    this.#places.set(tick.symbol, { origin, upstream: tick.seq, own });
    return own;
  }
}
