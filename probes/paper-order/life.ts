import { deadline } from '../deadline.ts';
import { bad, GOOD, type Verdict } from '../network.ts';
import type { RunContext } from '../probe.ts';
import type { Channel } from './channel.ts';
import type { Permit } from './guard.ts';
import { compareDecimals } from './limits.ts';
import type { Order } from './order.ts';
import { settleAtLast, type Settled } from './settle.ts';
import { fillExpected, type PaperOrderSpec } from './spec.ts';
import { isOpen, orderState, type OrderState } from './state.ts';
import type { Asked } from './asked.ts';
import type { Venue } from './venue.ts';

/** What is learned about one order, and when: by the answer to its submission, by the channel, by asking. */
export class Life {
  readonly order: Order;
  state: OrderState | null = null;
  /** From submit, ms; null: never. */
  ackMs: number | null = null;
  fillMs: number | null = null;
  /** From the cancel, ms; null: it needed none, or has not been closed by it. */
  cancelMs: number | null = null;
  polls = 0;
  /** Monotonic. */
  submittedMs = 0;
  private closedAtMs: number | null = null;
  private readonly spec: PaperOrderSpec;
  private readonly venue: Venue;
  private readonly channel: Channel | null;
  private readonly ctx: RunContext;

  constructor(spec: PaperOrderSpec, order: Order, venue: Venue, channel: Channel | null, ctx: RunContext) {
    this.spec = spec;
    this.order = order;
    this.venue = venue;
    this.channel = channel;
    this.ctx = ctx;
    channel?.follow(order.clientOrderId, (state, atMs) => this.learn(state, atMs));
  }

  /** Decimal text. */
  get executed(): string {
    return this.state?.filled ?? '0';
  }

  async submit(permit: Permit): Promise<Asked> {
    const { spec, ctx } = this;
    using limit = deadline(ctx.clock, spec.ackDeadline, ctx.signal);
    this.submittedMs = ctx.clock.monotonicMs();
    const asked = await this.venue.submit(permit, limit.signal, spec.ackDeadline);
    if (asked.answer.failure === null && (asked.answer.status ?? 0) < 300) this.learnNow(orderState(asked.json));
    return asked;
  }

  /** Until the order is filled or closed, or a deadline has passed. */
  async watch(): Promise<void> {
    const { spec } = this;
    await this.until(spec.ackDeadline, () => this.ackMs !== null);
    if (this.ackMs === null || !fillExpected(spec)) return;
    await this.until(spec.fillDeadline, () => this.fillMs !== null);
  }

  verdict(): Verdict {
    const { spec, state } = this;
    if (state?.standing === 'rejected') {
      return bad('rejected', `the venue rejected the order: ${state.rejectReason ?? 'no reason given'}`);
    }
    if (this.ackMs === null) {
      return bad(
        'never-acked',
        `expected an acknowledgement within ${spec.ackDeadline} ms, got status ${state?.status ?? 'unknown'}`,
      );
    }
    if (fillExpected(spec) && this.fillMs === null) {
      return bad(
        'not-filled',
        `expected ${this.order.quantity} to be executed within ${spec.fillDeadline} ms, got ${this.executed} (${state?.status})`,
      );
    }
    return GOOD;
  }

  async close(): Promise<Settled> {
    const { ctx, channel, state } = this;
    // What the channel tells is checked once against what the venue answers when it is asked.
    if (channel === null && state !== null && !isOpen(state)) {
      return { kind: 'closed', state, cancelledAtMs: null, closedAtMs: ctx.clock.monotonicMs() };
    }
    const settled = await settleAtLast(this.venue, this.order.clientOrderId, ctx.clock, ctx.signal);
    if (settled.kind !== 'closed') return settled;
    const { cancelledAtMs } = settled;
    if (cancelledAtMs !== null && settled.state.standing === 'cancelled') {
      this.cancelMs = Math.max(0, (this.closedAtMs ?? settled.closedAtMs) - cancelledAtMs);
    }
    // Without timing: what was executed meanwhile still is, but nobody watched when.
    this.state = newer(this.state, settled.state);
    return settled;
  }

  /** The channel lives: wait for what it tells. Otherwise the venue is asked. */
  private async until(byMs: number, done: () => boolean): Promise<void> {
    const { ctx, spec, channel } = this;
    const { clock } = ctx;
    const isOver = (): boolean => done() || (this.state !== null && !isOpen(this.state));
    using limit = deadline(clock, this.submittedMs + byMs - clock.monotonicMs(), ctx.signal);
    while (!isOver() && !limit.signal.aborted) {
      if (channel !== null && channel.isUp) {
        await channel.next(limit.signal);
        continue;
      }
      this.polls++;
      const found = await this.venue.find(this.order.clientOrderId, limit.signal);
      if (found.ok) this.learnNow(found.state);
      if (!isOver()) await clock.sleep(spec.poll, limit.signal).catch(() => {});
    }
  }

  private learnNow(state: OrderState | null): void {
    if (state !== null) this.learn(state, this.ctx.clock.monotonicMs());
  }

  private learn(state: OrderState, atMs: number): void {
    const afterMs = Math.max(0, atMs - this.submittedMs);
    if (state.answered) this.ackMs ??= afterMs;
    if (state.standing === 'filled') this.fillMs ??= afterMs;
    if (!isOpen(state)) this.closedAtMs ??= atMs;
    this.state = newer(this.state, state);
  }
}

const STAGES = ['pending', 'live', 'closed'] as const;

function stageOf(state: OrderState): number {
  return STAGES.indexOf(state.standing === 'pending' || state.standing === 'live' ? state.standing : 'closed');
}

/** The answer to a submission may come after what the channel told: an order never goes back, nor does what was executed. */
function newer(known: OrderState | null, told: OrderState): OrderState {
  if (known === null) return told;
  const latest = stageOf(told) >= stageOf(known) ? told : known;
  const filled = compareDecimals(told.filled, known.filled) > 0 ? told.filled : known.filled;
  return latest.filled === filled ? latest : { ...latest, filled };
}
