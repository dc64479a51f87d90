import { z } from 'zod';
import type { SandboxClock } from '../clock.ts';
import { Link } from '../link.ts';
import type { Random } from '../random.ts';
import type { FeedName } from './failover.ts';

export interface FeedTick {
  readonly feed: FeedName;
  /** Changes when the exchange starts anew and numbers from 1 again. */
  readonly session: string;
  readonly symbol: string;
  readonly seq: number;
  /** The exchange's timestamp, microseconds since the epoch. */
  readonly us: number;
  readonly bid: number;
  readonly ask: number;
  readonly last: number;
  readonly volume: number;
}

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), session: z.string() }),
  z.object({ type: z.literal('heartbeat') }),
  z.object({
    type: z.literal('tick'),
    symbol: z.string(),
    seq: z.number(),
    ts: z.number(),
    bid: z.number(),
    ask: z.number(),
    last: z.number(),
    volume: z.number(),
  }),
]);

export interface FeedLinkOptions {
  readonly feed: FeedName;
  readonly url: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly clock: SandboxClock;
  readonly random: Random;
  readonly onTick: (tick: FeedTick) => void;
}

/** One exchange's feed as the venue sees it. Both feeds stay connected; only the active one's ticks go out. */
export class FeedLink {
  readonly #options: FeedLinkOptions;
  readonly #link: Link;
  #session = '';
  #newestUs: number | null = null;
  #heardMs: number;
  #ticks = 0;
  #malformed = 0;

  constructor(options: FeedLinkOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#link = new Link({ ...options, onOpen: () => undefined, onMessage: (text) => this.#receive(text) });
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  get ticks(): number {
    return this.#ticks;
  }

  get malformed(): number {
    return this.#malformed;
  }

  /**
   * Milliseconds: the larger of how long no tick came and how old the newest exchange timestamp is. Heartbeats prove a
   * connection, not data. Infinite before the first tick.
   */
  ageMs(): number {
    const { clock } = this.#options;
    if (this.#newestUs === null) return Infinity;
    return Math.max(0, clock.monotonicMs() - this.#heardMs, (clock.wallUs() - this.#newestUs) / 1000);
  }

  close(): void {
    this.#link.close();
  }

  #receive(text: string): void {
    const message = parse(text);
    if (message === null) {
      this.#malformed += 1;
    } else if (message.type === 'hello') {
      this.#session = message.session;
    } else if (message.type === 'tick') {
      this.#ticks += 1;
      this.#heardMs = this.#options.clock.monotonicMs();
      this.#newestUs = Math.max(this.#newestUs ?? 0, message.ts);
      const { symbol, seq, ts, bid, ask, last, volume } = message;
      this.#options.onTick({
        feed: this.#options.feed,
        session: this.#session,
        symbol,
        seq,
        us: ts,
        bid,
        ask,
        last,
        volume,
      });
    }
  }
}

function parse(text: string): z.infer<typeof messageSchema> | null {
  try {
    return messageSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
