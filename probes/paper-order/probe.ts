import { deadline } from '../deadline.ts';
import type { ProbeEnvironment } from '../kind.ts';
import { bad, fault, type Verdict } from '../network.ts';
import {
  NO_PHASES,
  type Observation,
  type OrderIntent,
  type Probe,
  type Reading,
  type RunContext,
  type Swept,
} from '../probe.ts';
import { RateCap, sizeProblem } from './limits.ts';
import { paperProblem, strangers } from './proof.ts';
import { ending, settle } from './settle.ts';
import type { PaperOrderSpec } from './spec.ts';
import { fillExpected, trade, type Order, type Trade } from './trade.ts';
import { Venue } from './venue.ts';

/**
 * One order a run: proof that the account is paper → limits → intent in the ledger → submit → ack → fill → nothing left.
 */
export function openPaperOrder(spec: PaperOrderSpec, _environment: ProbeEnvironment): Probe {
  const rate = new RateCap(spec.limits.maxPerMinute);
  /** Orders whose end earlier runs of this process could not prove. */
  const doubtful: OrderIntent[] = [];

  return {
    async run(ctx) {
      const transcript: string[] | null = ctx.verbose ? [] : null;
      await using venue = new Venue(spec, ctx.clock, transcript);
      const observation = await runOnce(spec, venue, rate, doubtful, ctx);
      return transcript === null ? observation : { ...observation, transcript };
    },
    async sweep(left, ctx) {
      await using venue = new Venue(spec, ctx.clock, null);
      const swept: Swept[] = [];
      for (const intent of left) swept.push(await sweepOne(spec, venue, intent, ctx));
      return swept;
    },
  };
}

async function runOnce(
  spec: PaperOrderSpec,
  venue: Venue,
  rate: RateCap,
  doubtful: OrderIntent[],
  ctx: RunContext,
): Promise<Observation> {
  const startMs = ctx.clock.monotonicMs();
  const refused = await mayTrade(spec, venue, rate, ctx);
  if (refused !== null) return nothingSent(refused);
  const proofMs = ctx.clock.monotonicMs() - startMs;
  await resolveDoubts(spec, venue, doubtful, ctx);

  const first = orderOf(spec, ctx, '');
  rate.note(ctx.clock.monotonicMs());
  const traded = await trade(spec, first, venue, ctx);
  if (!traded.closed) doubtful.push(intentOf(first, spec, ctx));
  const flattened = await flatten(spec, venue, rate, doubtful, first, traded, ctx);

  const { outcome, reason, detail } = flattened ?? traded.verdict;
  return {
    outcome,
    reason,
    detail,
    phases: traded.phases,
    readings: outcome === 'good' || outcome === 'bad' ? readingsOf(spec, traded) : [],
    values: { status: traded.status, polls: traded.polls, proofMs, doubtful: doubtful.length },
  };
}

/** The guards, in the order in which they cost: size and rate, then the proof. Null: one run's orders may leave. */
async function mayTrade(spec: PaperOrderSpec, venue: Venue, rate: RateCap, ctx: RunContext): Promise<Verdict | null> {
  const orders = spec.flatten ? 2 : 1;
  const limit = sizeProblem(spec.order, spec.limits) ?? rate.problem(orders, ctx.clock.monotonicMs());
  if (limit !== null) return fault('limit', `${limit}; nothing was sent`);
  // Half of what the order itself does not need; the other half is for cleaning up.
  const allowedMs = Math.max(0, ctx.timeoutMs - spec.fillDeadline) / 2;
  using proof = deadline(ctx.clock, allowedMs, ctx.signal);
  const problem = await paperProblem(spec, venue, proof.signal, allowedMs);
  return problem ?? (ctx.signal.aborted ? fault('aborted', 'the run was stopped before its order left') : null);
}

function nothingSent({ outcome, reason, detail }: Verdict): Observation {
  return { outcome, reason, detail, phases: NO_PHASES, readings: [], values: {} };
}

function readingsOf(spec: PaperOrderSpec, traded: Trade): readonly Reading[] {
  const ack: Reading = { type: 'duration', indicator: 'ack', ms: traded.ackMs };
  if (!fillExpected(spec)) return [ack];
  return [
    ack,
    { type: 'duration', indicator: 'order-fill', ms: traded.fillMs },
    { type: 'quantity', submitted: spec.order.quantity, executed: traded.executed },
  ];
}

/** Probe, run and location, within the 128 characters that a venue takes. The run's id ends in its time and its dice. */
function clientOrderId(ctx: RunContext, suffix: string): string {
  const own = ctx.runId.startsWith(`${ctx.probe}/`) ? ctx.runId.slice(ctx.probe.length + 1) : ctx.runId;
  const parts = ['pd', ctx.location.slice(0, 24), ctx.probe.slice(0, 40), own.slice(-48)];
  return parts.join('.').replaceAll(/[^\w.-]/g, '.') + suffix;
}

function orderOf(spec: PaperOrderSpec, ctx: RunContext, suffix: string): Order {
  return { ...spec.order, clientOrderId: clientOrderId(ctx, suffix) };
}

function intentOf(order: Order, spec: PaperOrderSpec, ctx: RunContext): OrderIntent {
  const { clientOrderId } = order;
  return { clientOrderId, probe: ctx.probe, venue: spec.venue, runId: ctx.runId, atMs: ctx.clock.wallMs() };
}

/** The opposite order, so that the position ends where it began. Null: none was wanted or needed, or it worked. */
async function flatten(
  spec: PaperOrderSpec,
  venue: Venue,
  rate: RateCap,
  doubtful: OrderIntent[],
  first: Order,
  traded: Trade,
  ctx: RunContext,
): Promise<Verdict | null> {
  if (!spec.flatten || traded.executed === '0') return null;
  const back: Order = {
    ...first,
    side: first.side === 'buy' ? 'sell' : 'buy',
    order_type: 'market',
    quantity: traded.executed,
    price: undefined,
    reference_price: first.reference_price ?? first.price,
    clientOrderId: clientOrderId(ctx, '.flat'),
  };
  const nowMs = ctx.clock.monotonicMs();
  const limit = sizeProblem(back, spec.limits) ?? rate.problem(1, nowMs);
  if (limit !== null) return notFlat(back, limit);
  rate.note(nowMs);
  const undone = await trade({ ...spec, expectFill: true }, back, venue, ctx);
  if (!undone.closed) doubtful.push(intentOf(back, spec, ctx));
  if (undone.verdict.outcome === 'good') return null;
  return undone.verdict.reason === 'aborted'
    ? undone.verdict
    : notFlat(back, undone.verdict.detail ?? 'no reason given');
}

function notFlat(order: Order, why: string): Verdict {
  return bad('left-open', `a position of ${order.quantity} ${order.symbol} was not flattened: ${why}`);
}

/** Before its own order, a run asks after those that earlier ones had to leave in doubt. */
async function resolveDoubts(
  spec: PaperOrderSpec,
  venue: Venue,
  doubtful: OrderIntent[],
  ctx: RunContext,
): Promise<void> {
  // A quarter of what the run's own order does not need.
  using limit = deadline(ctx.clock, Math.max(0, ctx.timeoutMs - spec.fillDeadline) / 4, ctx.signal);
  for (const intent of doubtful.splice(0)) {
    const swept = await sweepOne(spec, venue, intent, { ...ctx, signal: limit.signal });
    if (swept.state === 'closed') await ctx.orders.close(intent.clientOrderId, swept.how);
    else doubtful.push(intent);
  }
}

/** A submission may sit in a buffer on its way for this long before the venue sees it, ms. */
const IN_FLIGHT_MS = 10_000;
/** What one order may take, ms; the run's signal ends it earlier. */
const SWEEP_MS = 3000;

async function sweepOne(spec: PaperOrderSpec, venue: Venue, intent: OrderIntent, ctx: RunContext): Promise<Swept> {
  const { clientOrderId } = intent;
  const [stranger] = strangers(spec);
  if (stranger !== undefined) {
    return { clientOrderId, state: 'unreachable', how: `${stranger} is not one of paper.hosts` };
  }
  using limit = deadline(ctx.clock, SWEEP_MS, ctx.signal);
  const settled = await settle(venue, clientOrderId, ctx.clock, limit.signal);
  if (settled.kind === 'closed') return { clientOrderId, state: 'closed', how: ending(settled.state, spec.order) };
  if (settled.kind === 'open') return { clientOrderId, state: 'unreachable', how: settled.why };
  if (ctx.clock.wallMs() - intent.atMs < IN_FLIGHT_MS) {
    return { clientOrderId, state: 'unreachable', how: 'the venue does not know it, but it may be on its way' };
  }
  return { clientOrderId, state: 'closed', how: 'never arrived at the venue' };
}
