/** What became of the paper orders, by venue: as `store/measures/orders.ts` adds it up, in an order that any reading gives. */
import { addOrders, mergeOrders, type Done, type Orders } from '../store/measures/orders.ts';
import type { Result } from '../store/result.ts';
import { order } from './measured/order.ts';

export type { Done } from '../store/measures/orders.ts';

export type VenueOrders = Readonly<Omit<Orders, 'quantities' | 'acked' | 'rejected' | 'refused'>> & {
  readonly quantities: ReadonlyMap<string, Done>;
  readonly acked: ReadonlyMap<string, { readonly within: number; readonly of: number }>;
  readonly rejected: ReadonlyMap<string, number>;
  readonly refused: ReadonlyMap<string, number>;
};

export interface OrderGatherer {
  add(result: Result): void;
  /** Those of a stretch that were added up before. */
  take(orders: Orders): void;
  finish(): readonly VenueOrders[];
}

export function orderGatherer(): OrderGatherer {
  const venues = new Map<string, Orders>();
  return {
    add: (result) => addOrders(venues, result),
    take: (orders) => mergeOrders(venues, orders),
    finish: () =>
      [...venues.values()]
        .map((own) => ({
          ...own,
          quantities: byKey(own.quantities),
          acked: byKey(own.acked),
          rejected: byKey(own.rejected),
          refused: byKey(own.refused),
        }))
        .toSorted((a, b) => order(a.venue, b.venue)),
  };
}

function byKey<V>(map: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
  return new Map([...map].toSorted(([a], [b]) => order(a, b)));
}
