import { addDecimals } from './limits.ts';
import type { Clock } from '../probe.ts';
import type { PaperOrderSpec } from './spec.ts';
import { orderState, quantityText, type OrderState } from './state.ts';
import { fieldAt, shows, Stream } from './stream.ts';
import type { ChannelSpec } from './stream-spec.ts';
import type { Verdict } from '../network.ts';

/** Told of what the venue says about one order, and when it came (monotonic ms). */
export type Follower = (state: OrderState, atMs: number) => void;

/** What was told more than once about one order. */
export interface Repeats {
  readonly acks: number;
  readonly fills: number;
}

interface Followed {
  readonly tell: Follower;
  acks: number;
  /** Repeated fills. */
  refills: number;
  readonly fillIds: Set<string>;
  /** Σ of the fills, each once; decimal text. */
  filled: string;
}

export type OpenedChannel =
  | { readonly ok: true; readonly channel: Channel }
  | { readonly ok: false; readonly verdict: Verdict };

/** The order channel: acknowledgements, fills, rejects and cancels as the venue pushes them. */
export class Channel implements AsyncDisposable {
  private readonly spec: ChannelSpec;
  private readonly orders = new Map<string, Followed>();
  private stream: Stream | null = null;

  private constructor(spec: ChannelSpec) {
    this.spec = spec;
  }

  static async open(
    spec: ChannelSpec,
    probe: PaperOrderSpec,
    clock: Clock,
    within: { readonly signal: AbortSignal; readonly ms: number },
  ): Promise<OpenedChannel> {
    const channel = new Channel(spec);
    const take = (message: unknown, atMs: number): void => channel.take(message, atMs);
    const opened = await Stream.open('the order channel', spec, probe, take, clock, within);
    if (!opened.ok) return opened;
    channel.stream = opened.stream;
    return { ok: true, channel };
  }

  /** False: nothing can be told any more, and the venue has to be asked. */
  get isUp(): boolean {
    return this.stream !== null && this.stream.brokenBy === null;
  }

  get brokenBy(): Verdict | null {
    return this.stream?.brokenBy ?? null;
  }

  /** To be called before the order leaves: its first message may be faster than the answer to its submission. */
  follow(clientOrderId: string, tell: Follower): void {
    this.orders.set(clientOrderId, { tell, acks: 0, refills: 0, fillIds: new Set(), filled: '0' });
  }

  repeats(clientOrderId: string): Repeats {
    const followed = this.orders.get(clientOrderId);
    return { acks: Math.max(0, (followed?.acks ?? 0) - 1), fills: followed?.refills ?? 0 };
  }

  /** Resolves with the next message, at the end of the connection, or when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    await this.stream?.next(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream?.[Symbol.asyncDispose]();
  }

  private take(message: unknown, atMs: number): void {
    const { map } = this.spec;
    const id = fieldAt(message, map.clientOrderId);
    const followed = typeof id === 'string' ? this.orders.get(id) : undefined;
    if (followed === undefined) return;
    const isAck = shows(message, map.ack);
    if (isAck) followed.acks += 1;
    this.count(followed, message);
    const state = orderState({
      order_id: fieldAt(message, map.orderId),
      status: fieldAt(message, map.status),
      filled_quantity: followed.filled,
      reject_reason: fieldAt(message, map.rejectReason),
      ack_timestamp: isAck ? atMs : null,
    });
    if (state !== null) followed.tell(state, atMs);
  }

  private count(followed: Followed, message: unknown): void {
    const { map } = this.spec;
    const fillId = fieldAt(message, map.fillId);
    if (typeof fillId !== 'string' && typeof fillId !== 'number') return;
    if (followed.fillIds.has(String(fillId))) {
      followed.refills += 1;
      return;
    }
    followed.fillIds.add(String(fillId));
    followed.filled = addDecimals(followed.filled, quantityText(fieldAt(message, map.fillQuantity)));
  }
}
