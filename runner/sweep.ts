/** Orders that an earlier run may have left open are found in the ledger and cancelled at the venue. */
import type { Clock } from '../probes/probe.ts';
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

/** Between two questions about orders whose venue did not answer. */
const RETRY_MS = 10_000;

/** Sweeps what stood open when it was called, until all of it is closed or the signal aborts. */
export async function sweepOrders(options: SweepOptions): Promise<void> {
  const before = options.clock.wallMs();
  let told = false;
  while (!options.signal.aborted) {
    try {
      const left = await sweepOnce(options, before);
      if (left === 0) return;
      if (!told) {
        options.warn(
          `${left} paper orders of earlier runs cannot be checked yet; asking again until the venue answers`,
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

/** @param beforeMs only orders intended before this wall-clock moment; later ones belong to runs in flight
 *  @returns how many could not be closed */
export async function sweepOnce(options: Omit<SweepOptions, 'signal' | 'warn'>, beforeMs: number): Promise<number> {
  const { store, engine, clock } = options;
  const open = (await store.openOrders()).filter((order) => order.atMs < beforeMs);
  let left = 0;
  for (const [probe, orders] of Map.groupBy(open, (order) => order.probe)) {
    if (!options.probes.some((known) => known.id === probe)) {
      left += orders.length;
      continue;
    }
    const swept = await engine.sweep(probe, orders);
    for (const order of orders) {
      const answer = swept.find((each) => each.clientOrderId === order.clientOrderId);
      if (answer === undefined || answer.state !== 'closed') {
        left += 1;
        continue;
      }
      const atMs = Math.round(clock.wallMs());
      await store.closeOrder(order.clientOrderId, answer.how, atMs);
      await options.record({
        id: `swept/${order.clientOrderId}`,
        atMs,
        kind: 'order-swept',
        service: options.probes.find((known) => known.id === probe)?.service ?? null,
        subject: order.clientOrderId,
        body: { probe, venue: order.venue, how: answer.how },
      });
    }
  }
  return left;
}
