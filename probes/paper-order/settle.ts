import { deadline } from '../deadline.ts';
import type { Clock } from '../probe.ts';
import type { PaperOrderSpec } from './spec.ts';
import { isOpen, type OrderState } from './state.ts';
import type { Venue } from './venue.ts';

export type Settled =
  /** The venue itself says that nothing of it is open any more. */
  | {
      readonly kind: 'closed';
      readonly state: OrderState;
      /** Monotonic ms of our first cancel, null when none was needed, and of the answer that says that it is closed. */
      readonly cancelledAtMs: number | null;
      readonly closedAtMs: number;
    }
  /** The venue answers and does not know it. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'open'; readonly why: string };

/** Between two questions about a cancel: at first, and at most. */
const AGAIN_MS = 25;
const LONGEST_MS = 500;
/** What a run that is stopped from outside may still take to close its order, ms: within the attempt's own grace. */
const LAST_CHANCE_MS = 400;

/** Asks, cancels what is open, and asks until the venue says that it is closed. */
export async function settle(venue: Venue, clientOrderId: string, clock: Clock, signal: AbortSignal): Promise<Settled> {
  let why = 'the venue was not asked any more';
  let cancelledAtMs: number | null = null;
  for (let asked = 0; !signal.aborted; asked++) {
    const found = await venue.find(clientOrderId, signal);
    if (found.ok) {
      if (found.state === null) return { kind: 'absent' };
      if (!isOpen(found.state)) {
        return { kind: 'closed', state: found.state, cancelledAtMs, closedAtMs: clock.monotonicMs() };
      }
      why = `its status is ${found.state.status}`;
      if (found.state.status !== 'pending_cancel' || cancelledAtMs === null) {
        const isFirst = cancelledAtMs === null;
        cancelledAtMs ??= clock.monotonicMs();
        await venue.cancel(clientOrderId, found.state.orderId, signal);
        // The first cancel mostly works at once: look without a pause.
        if (isFirst) continue;
      }
    } else if (!signal.aborted) why = found.why;
    await clock.sleep(Math.min(AGAIN_MS * 2 ** asked, LONGEST_MS), signal).catch(() => {});
  }
  return { kind: 'open', why };
}

/** Settles within the run's signal; once that has aborted, within a last short chance. */
export async function settleAtLast(
  venue: Venue,
  clientOrderId: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Settled> {
  const settled = await settle(venue, clientOrderId, clock, signal);
  if (settled.kind !== 'open' || !signal.aborted) return settled;
  using last = deadline(clock, LAST_CHANCE_MS, new AbortController().signal);
  return await settle(venue, clientOrderId, clock, last.signal);
}

/** How the order ended, for the ledger. */
export function ending(state: OrderState, order: Pick<PaperOrderSpec['order'], 'quantity'>): string {
  if (state.standing === 'rejected') return `rejected: ${state.rejectReason ?? 'no reason given'}`;
  return state.filled === '0' ? state.standing : `${state.standing}, ${state.filled} of ${order.quantity} executed`;
}
