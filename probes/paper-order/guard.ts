/**
 * The one way out. `Venue.submit` takes nothing but a permit, only the guard makes permits, and each serves once. There is
 * no option, no flag and no environment in which an order leaves without size, rate, hosts and proof having been looked at.
 */
import { deadline } from '../deadline.ts';
import { fault, type Verdict } from '../network.ts';
import type { RunContext } from '../probe.ts';
import type { Questions } from './asked.ts';
import { sizeProblem, type RateCap } from './limits.ts';
import type { Order } from './order.ts';
import { paperProblem, strangerProblem } from './proof.ts';
import type { PaperOrderSpec } from './spec.ts';

/** Known to this file alone: nobody else can make a permit. */
const MINE = Symbol('made by the guard');

export class Permit {
  readonly clientOrderId: string;
  private order: Order | null;

  constructor(maker: typeof MINE, order: Order) {
    if (maker !== MINE) throw new TypeError('a permit that the guard has not given');
    this.order = order;
    this.clientOrderId = order.clientOrderId;
  }

  /** The order that may leave now. @throws RangeError the second time */
  use(): Order {
    const { order } = this;
    if (order === null) throw new RangeError(`the permit of ${this.clientOrderId} has been used`);
    this.order = null;
    return order;
  }
}

export type Ruling = { readonly ok: true; readonly permit: Permit } | { readonly ok: false; readonly verdict: Verdict };

export class Guard {
  private readonly spec: PaperOrderSpec;
  private readonly rate: RateCap;
  private readonly venue: Questions;
  private readonly ctx: RunContext;
  /** What one proof may take, ms. */
  private readonly allowedMs: number;
  /** How often the venue had been connected anew when the proof was had; null: there is none. */
  private provenAt: number | null = null;

  constructor(spec: PaperOrderSpec, rate: RateCap, venue: Questions, ctx: RunContext, allowedMs: number) {
    this.spec = spec;
    this.rate = rate;
    this.venue = venue;
    this.ctx = ctx;
    this.allowedMs = allowedMs;
  }

  /** What can be said without asking anybody, of so many orders of the configured size. */
  objection(orders: number): Verdict | null {
    const limit = sizeProblem(this.spec.order, this.spec.limits) ?? this.rateProblem(orders);
    return limit === null ? strangerProblem(this.spec) : fault('limit', `${limit}; nothing was sent`);
  }

  /** The proof was had over the connections that there are now. */
  get stands(): boolean {
    return this.provenAt === this.venue.reconnects && !this.venue.wouldReconnect(this.spec.submit.url);
  }

  /** The proof was lost with a connection: something beside the venue's own has been connected anew. */
  doubt(): void {
    this.provenAt = null;
  }

  /** @param signal when the run is over, that of its way back */
  async prove(signal = this.ctx.signal): Promise<Verdict | null> {
    const { spec, venue, ctx } = this;
    this.provenAt = null;
    using limit = deadline(ctx.clock, this.allowedMs, signal);
    const problem = await paperProblem(spec, venue, limit.signal, this.allowedMs);
    if (problem !== null) return problem;
    this.provenAt = venue.reconnects;
    return null;
  }

  /** To be asked in the last moment before the order leaves. */
  async permit(order: Order, signal = this.ctx.signal): Promise<Ruling> {
    const { spec, ctx } = this;
    const limit = sizeProblem(order, spec.limits) ?? this.rateProblem(1);
    if (limit !== null) return refused(fault('limit', `${limit}; nothing was sent`));
    const problem = strangerProblem(spec) ?? (this.stands ? null : await this.prove(signal));
    if (problem !== null) return refused(problem);
    if (signal.aborted) return refused(fault('aborted', 'the run was stopped before its order left'));
    this.rate.note(ctx.clock.monotonicMs());
    return { ok: true, permit: new Permit(MINE, order) };
  }

  private rateProblem(orders: number): string | null {
    return this.rate.problem(orders, this.ctx.clock.monotonicMs());
  }
}

function refused(verdict: Verdict): Ruling {
  return { ok: false, verdict };
}
