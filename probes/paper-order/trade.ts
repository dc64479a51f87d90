import { deadline } from '../deadline.ts';
import { bad, excluded, fault, GOOD, isTimeout, type Verdict } from '../network.ts';
import { NO_PHASES, type Phases, type RunContext } from '../probe.ts';
import { ending, settleAtLast, type Settled } from './settle.ts';
import type { PaperOrderSpec } from './spec.ts';
import { isOpen, orderState, type OrderState } from './state.ts';
import type { Asked, Venue } from './venue.ts';

export interface Order extends Pick<
  PaperOrderSpec['order'],
  'symbol' | 'side' | 'order_type' | 'quantity' | 'price' | 'reference_price'
> {
  readonly clientOrderId: string;
}

/** The life of one order, from its intent to its end. */
export interface Trade {
  readonly verdict: Verdict;
  readonly phases: Phases;
  /** Status of the submission's answer. */
  readonly status: number | null;
  /** From submit, monotonic; null: never. */
  readonly ackMs: number | null;
  readonly fillMs: number | null;
  /** Decimal text. */
  readonly executed: string;
  readonly polls: number;
  /** Its end is proven by the venue, or it never left. */
  readonly closed: boolean;
}

/** Answers after which it is not certain that the venue did nothing. */
const UNCERTAIN: ReadonlySet<number> = new Set([408, 409, 425]);

/**
 *     intent ── submit ── ack ── fill
 *     (ledger)  └─ ack ──┘      │        both deadlines count from submit
 *               └─ order-fill ──┘
 *
 * Whatever happens, what may be open at the end is cancelled and its end verified.
 */
export async function trade(spec: PaperOrderSpec, order: Order, venue: Venue, ctx: RunContext): Promise<Trade> {
  const { clock } = ctx;
  const { clientOrderId } = order;
  await ctx.orders.intend({
    clientOrderId,
    probe: ctx.probe,
    venue: spec.venue,
    runId: ctx.runId,
    atMs: clock.wallMs(),
  });
  const life = new Life(spec, order, venue, ctx);
  const asked = await life.submit();
  const refused = refusal(asked);
  if (refused !== null) {
    await ctx.orders.close(clientOrderId, `never placed: ${refused.detail}`);
    return life.tell(refused, asked, true);
  }
  const broken = breakage(asked, ctx);
  if (broken === null) await life.watch();
  const verdict = broken ?? life.verdict();
  const settled = await life.close();
  if (settled.kind === 'closed') await ctx.orders.close(clientOrderId, ending(settled.state, order));
  return life.tell(leftOpen(verdict, settled, life, ctx), asked, settled.kind === 'closed');
}

/** The venue, or the way to it, says for certain that there is no order. */
function refusal({ answer, json }: Asked): Verdict | null {
  if (answer.failure !== null) return answer.sent ? null : answer.failure;
  const status = answer.status ?? 0;
  if (status < 400 || status >= 500 || UNCERTAIN.has(status)) return null;
  const code = errorCode(json);
  const detail = `the order was refused with status ${status}${code === null ? '' : ` (${code})`}`;
  return excluded(
    code !== null && /risk|margin|balance|exposure|insufficient/i.test(code) ? 'risk-rejected' : 'http-4xx',
    detail,
  );
}

function errorCode(json: Asked['json']): string | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const code = json['error'] ?? json['code'] ?? json['reason'];
  return typeof code === 'string' ? code : null;
}

/** Why the submission got no usable answer, although the order may exist; null when it got one. */
function breakage({ answer, json }: Asked, ctx: RunContext): Verdict | null {
  if (answer.failure !== null) {
    const { failure } = answer;
    // Without an answer within the deadline there was no acknowledgement within it: that is what is asked here.
    return failure.reason === 'timeout' && !ctx.signal.aborted
      ? bad('never-acked', `the submission was not answered: ${failure.detail}`)
      : failure;
  }
  const status = answer.status ?? 0;
  if (status >= 500) return bad('http-5xx', `expected an order, got status ${status}`);
  if (status >= 300) return bad(status >= 400 ? 'http-4xx' : 'http-3xx', `expected an order, got status ${status}`);
  if (orderState(json) === null)
    return bad('protocol', 'expected an order with order_id and status, got something else');
  return null;
}

function leftOpen(verdict: Verdict, settled: Settled, life: Life, ctx: RunContext): Verdict {
  if (ctx.signal.aborted && !isTimeout(ctx.signal.reason))
    return fault('aborted', 'the run was stopped before it ended');
  if (settled.kind === 'closed') return verdict;
  // An order of which the venue has never told us anything may be on its way; the next run asks again.
  if (settled.kind === 'absent' && !life.known) return verdict;
  const why = settled.kind === 'absent' ? 'the venue does not know it any more' : settled.why;
  const before = verdict.reason === null ? '' : ` (before that: ${verdict.reason})`;
  return bad('left-open', `order ${life.order.clientOrderId} could not be closed: ${why}${before}`);
}

/** What is learned about one order, and when. */
class Life {
  readonly order: Order;
  private readonly spec: PaperOrderSpec;
  private readonly venue: Venue;
  private readonly ctx: RunContext;
  private startMs = 0;
  private state: OrderState | null = null;
  private ackMs: number | null = null;
  private fillMs: number | null = null;
  private polls = 0;

  constructor(spec: PaperOrderSpec, order: Order, venue: Venue, ctx: RunContext) {
    this.spec = spec;
    this.order = order;
    this.venue = venue;
    this.ctx = ctx;
  }

  /** The venue has told us of it. */
  get known(): boolean {
    return this.state !== null;
  }

  async submit(): Promise<Asked> {
    const { spec, order, ctx } = this;
    const body = {
      symbol: order.symbol,
      side: order.side,
      order_type: order.order_type,
      quantity: Number(order.quantity),
      ...(order.price === undefined ? {} : { price: Number(order.price) }),
      ...(order.reference_price === undefined ? {} : { reference_price: Number(order.reference_price) }),
      venue: spec.venue,
      client_order_id: order.clientOrderId,
    };
    using limit = deadline(ctx.clock, spec.ackDeadline, ctx.signal);
    this.startMs = ctx.clock.monotonicMs();
    const asked = await this.venue.ask('POST', spec.submit.url, body, limit.signal, spec.ackDeadline);
    if (asked.answer.failure === null && (asked.answer.status ?? 0) < 300) this.learn(orderState(asked.json));
    return asked;
  }

  /** Polls until the order is filled or closed, or a deadline has passed. */
  async watch(): Promise<void> {
    const { spec } = this;
    await this.pollUntil(spec.ackDeadline, () => this.ackMs !== null);
    if (this.ackMs === null || !this.fillExpected) return;
    await this.pollUntil(spec.fillDeadline, () => this.fillMs !== null);
  }

  verdict(): Verdict {
    const { spec, state } = this;
    if (state?.standing === 'rejected') {
      return bad('rejected', `the venue rejected the order: ${state.rejectReason ?? 'no reason given'}`);
    }
    if (this.ackMs === null) {
      return bad(
        'never-acked',
        `expected an acknowledgement within ${spec.ackDeadline} ms, got status ${state?.status}`,
      );
    }
    if (this.fillExpected && this.fillMs === null) {
      return bad(
        'not-filled',
        `expected ${this.order.quantity} to be executed within ${spec.fillDeadline} ms, got ${state?.filled ?? 0} (${state?.status})`,
      );
    }
    return GOOD;
  }

  async close(): Promise<Settled> {
    if (this.state !== null && !isOpen(this.state)) return { kind: 'closed', state: this.state };
    const { ctx } = this;
    const settled = await settleAtLast(this.venue, this.order.clientOrderId, ctx.clock, ctx.signal);
    // Without timing: what was executed meanwhile still is, but nobody watched when.
    if (settled.kind === 'closed') this.state = settled.state;
    return settled;
  }

  tell(verdict: Verdict, { answer }: Asked, closed: boolean): Trade {
    return {
      verdict,
      phases: answer.sent ? answer.phases : NO_PHASES,
      status: answer.status,
      ackMs: this.ackMs,
      fillMs: this.fillMs,
      executed: this.state?.filled ?? '0',
      polls: this.polls,
      closed,
    };
  }

  get fillExpected(): boolean {
    return fillExpected(this.spec);
  }

  private async pollUntil(byMs: number, done: () => boolean): Promise<void> {
    const { ctx, spec } = this;
    const { clock } = ctx;
    using limit = deadline(clock, this.startMs + byMs - clock.monotonicMs(), ctx.signal);
    while (!done() && !limit.signal.aborted && (this.state === null || isOpen(this.state))) {
      this.polls++;
      const found = await this.venue.find(this.order.clientOrderId, limit.signal);
      if (found.ok) this.learn(found.state);
      if (!done() && (this.state === null || isOpen(this.state))) {
        await clock.sleep(spec.poll, limit.signal).catch(() => {});
      }
    }
  }

  private learn(state: OrderState | null): void {
    if (state === null) return;
    const afterMs = this.ctx.clock.monotonicMs() - this.startMs;
    this.state = state;
    if (state.answered) this.ackMs ??= afterMs;
    if (state.standing === 'filled') this.fillMs ??= afterMs;
  }
}

export function fillExpected(spec: PaperOrderSpec): boolean {
  return spec.expectFill ?? spec.order.order_type === 'market';
}
