/** Orders whose end nobody has proven: asked after, cancelled, and said so. Never sends one. */
import { deadline } from '../deadline.ts';
import type { OrderIntent, RunContext, Swept } from '../probe.ts';
import { strangers } from './proof.ts';
import { ending, settle } from './settle.ts';
import type { PaperOrderSpec } from './spec.ts';
import type { Venue } from './venue.ts';

/** A submission may sit in a buffer on its way for this long before the venue sees it, ms. */
const IN_FLIGHT_MS = 10_000;
/** What one order may take, ms; the run's signal ends it earlier. */
const SWEEP_MS = 3000;

export async function sweepOne(
  spec: PaperOrderSpec,
  venue: Venue,
  intent: OrderIntent,
  ctx: RunContext,
): Promise<Swept> {
  const { clientOrderId } = intent;
  const left = (how: string): Swept => ({ clientOrderId, state: 'unreachable', how });
  const [stranger] = strangers(spec);
  if (stranger !== undefined) return left(`${stranger} is not one of paper.hosts`);
  using limit = deadline(ctx.clock, SWEEP_MS, ctx.signal);
  const settled = await settle(venue, clientOrderId, ctx.clock, limit.signal);
  if (settled.kind === 'closed') {
    return {
      clientOrderId,
      state: 'closed',
      how: ending(settled.state, spec.order) + residue(spec, intent, settled.state.filled),
    };
  }
  if (settled.kind === 'open') return left(settled.why);
  // The intent was written down before the signal was waited for.
  const mayLeaveForMs = IN_FLIGHT_MS + (spec.signal?.within ?? 0);
  if (ctx.clock.wallMs() - intent.atMs < mayLeaveForMs) {
    return left('the venue does not know it, but it may be on its way');
  }
  return { clientOrderId, state: 'closed', how: 'never arrived at the venue' };
}

/** A run that was killed between its fill and its way back leaves a position, which a sweep may name and not trade. */
function residue(spec: PaperOrderSpec, { clientOrderId }: OrderIntent, filled: string): string {
  if (!spec.flatten || filled === '0' || clientOrderId.endsWith('.flat')) return '';
  return `; a position of ${filled} ${spec.order.symbol} may remain`;
}

/** Before its own order, a run asks after those that earlier ones had to leave in doubt. */
export async function resolveDoubts(
  spec: PaperOrderSpec,
  venue: Venue,
  doubtful: OrderIntent[],
  allowedMs: number,
  ctx: RunContext,
): Promise<void> {
  using limit = deadline(ctx.clock, allowedMs, ctx.signal);
  for (const intent of doubtful.splice(0)) {
    const swept = await sweepOne(spec, venue, intent, { ...ctx, signal: limit.signal });
    if (swept.state === 'closed') await ctx.orders.close(intent.clientOrderId, swept.how);
    else doubtful.push(intent);
  }
}
