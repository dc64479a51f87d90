import { Histogram } from './histogram.ts';
import type { OrderEvent } from './orders.ts';

/** An order that nobody acknowledged for this long counts as never acknowledged. */
const GIVEN_UP_US = 10_000_000;

/**
 * The venue's own record of how fast each exchange answered. An order is counted when it is answered (a reject is an
 * answer) or given up, so that every order that is valid has already been told good or bad.
 */
export class Acks {
  readonly #byVenue: ReadonlyMap<string, Histogram>;
  /** Order id → when the venue took it, of those that still wait. */
  readonly #waiting = new Map<string, { readonly venue: string; readonly createdUs: number }>();

  constructor(venues: readonly string[]) {
    const bounds = [0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 1, 2.5];
    this.#byVenue = new Map(venues.map((venue) => [venue, new Histogram(bounds)]));
  }

  hear({ type, order }: OrderEvent): void {
    const { order_id: id, venue, created_timestamp: createdUs } = order;
    if (type === 'order') this.#waiting.set(id, { venue, createdUs });
    else if (type === 'ack') this.#answered(id, order.ack_timestamp ?? Infinity);
    else if (type === 'reject') this.#answered(id, order.closed_timestamp ?? Infinity);
    else this.#answered(id, Infinity);
  }

  /** Counts those that have waited too long. */
  giveUp(nowUs: number): void {
    for (const [id, { createdUs }] of this.#waiting) {
      if (nowUs - createdUs > GIVEN_UP_US) this.#answered(id, Infinity);
    }
  }

  lines(name: string): string {
    return [...this.#byVenue].map(([venue, histogram]) => histogram.lines(name, `venue="${venue}"`)).join('');
  }

  #answered(id: string, atUs: number): void {
    const order = this.#waiting.get(id);
    if (order === undefined) return;
    this.#waiting.delete(id);
    this.#byVenue.get(order.venue)?.observe((atUs - order.createdUs) / 1e6);
  }
}
