import type { OrderIntent, RunContext } from '../probe.ts';
import type { PaperOrderSpec } from './spec.ts';

export interface Order extends Pick<
  PaperOrderSpec['order'],
  'symbol' | 'side' | 'order_type' | 'quantity' | 'price' | 'reference_price'
> {
  readonly clientOrderId: string;
}

/** Probe, run and location, within the 128 characters that a venue takes. The run's id ends in its time and its dice. */
function clientOrderId(ctx: RunContext, suffix: string): string {
  const own = ctx.runId.startsWith(`${ctx.probe}/`) ? ctx.runId.slice(ctx.probe.length + 1) : ctx.runId;
  const parts = ['pd', ctx.location.slice(0, 24), ctx.probe.slice(0, 40), own.slice(-48)];
  return parts.join('.').replaceAll(/[^\w.-]/g, '.') + suffix;
}

export function orderOf(spec: PaperOrderSpec, ctx: RunContext): Order {
  return { ...spec.order, clientOrderId: clientOrderId(ctx, '') };
}

/** The opposite order, so that the position ends where it began. */
export function backOf(first: Order, executed: string, ctx: RunContext): Order {
  return {
    ...first,
    side: first.side === 'buy' ? 'sell' : 'buy',
    order_type: 'market',
    quantity: executed,
    price: undefined,
    reference_price: first.reference_price ?? first.price,
    clientOrderId: clientOrderId(ctx, '.flat'),
  };
}

export function intentOf({ clientOrderId }: Order, spec: PaperOrderSpec, ctx: RunContext): OrderIntent {
  return { clientOrderId, probe: ctx.probe, venue: spec.venue, runId: ctx.runId, atMs: ctx.clock.wallMs() };
}
