/** Orders that an earlier run may have left open are found in the ledger and cancelled at the venue. */
import type { Clock, OrderIntent } from '../probes/probe.ts';
import type { LedgerEvent, Store } from '../store/store.ts';
import type { PlannedProbe } from './config/configuration.ts';
import type { Engine } from './engine/engine.ts';

export interface SweepOptions {
  readonly store: Store;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly probes: readonly PlannedProbe[];
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly warn: (line: string) => void;
}

/** What became of one order that stood open in the ledger, and how or why. */
export interface SweptOrder {
  readonly order: OrderIntent;
  readonly how: string;
}

export interface Sweep {
  readonly closed: readonly SweptOrder[];
  /** Not proven closed: to be asked after again. */
  readonly left: readonly SweptOrder[];
}

/** Between two questions about orders whose venue did not answer. */
const RETRY_MS = 10_000;

/** Sweeps what stood open when it was called, until all of it is closed or the signal aborts. */
export async function sweepOrders(options: SweepOptions): Promise<void> {
  const before = options.clock.wallMs();
  let told = false;
  while (!options.signal.aborted) {
    try {
      const { left } = await sweepOnce(options, before);
      const [first] = left;
      if (first === undefined) return;
      if (!told) {
        const why = `${first.order.clientOrderId}: ${first.how}`;
        options.warn(
          `${left.length} paper orders of earlier runs cannot be checked yet (${why}); asking again until the venue answers`,
        );
      }
    } catch (error) {
      // The ledger, most likely; it decides elsewhere whether the process can go on.
      const why = error instanceof Error ? error.message : String(error);
      if (!told) options.warn(`paper orders of earlier runs cannot be checked yet: ${why}; asking again`);
    }
    told = true;
    await options.clock.sleep(RETRY_MS, options.signal).catch(() => undefined);
  }
}

/** @param beforeMs only orders intended before this wall-clock moment; later ones belong to runs in flight */
export async function sweepOnce(options: Omit<SweepOptions, 'signal' | 'warn'>, beforeMs: number): Promise<Sweep> {
  const { store, engine, clock } = options;
  const open = (await store.openOrders()).filter((order) => order.atMs < beforeMs);
  const closed: SweptOrder[] = [];
  const left: SweptOrder[] = [];
  for (const [probe, orders] of Map.groupBy(open, (order) => order.probe)) {
    const planned = options.probes.find((known) => known.id === probe);
    const swept = planned === undefined ? [] : await engine.sweep(probe, orders);
    for (const order of orders) {
      const answer = swept.find((each) => each.clientOrderId === order.clientOrderId);
      if (answer === undefined || answer.state !== 'closed') {
        const gone = `its probe ${probe} is not in the configuration`;
        left.push({ order, how: planned === undefined ? gone : (answer?.how ?? 'its probe does not trade any more') });
        continue;
      }
      const atMs = Math.round(clock.wallMs());
      await store.closeOrder(order.clientOrderId, answer.how, atMs);
      await options.record({
        id: `swept/${order.clientOrderId}`,
        atMs,
        kind: 'order-swept',
        service: planned?.service ?? null,
        subject: order.clientOrderId,
        body: { probe, venue: order.venue, how: answer.how },
      });
      closed.push({ order, how: answer.how });
    }
  }
  return { closed, left };
}
