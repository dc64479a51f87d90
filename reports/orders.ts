/** What became of the paper orders, by venue. Sums are exact; what is weighed is weighed by time, as in the fill ratio. */
import type { QuantityReading } from '../probes/probe.ts';
import { add, multiply, parseDecimal, rational, reduced, ZERO, type Rational } from '../slo/decimal.ts';
import type { Result } from '../store/result.ts';

/** Executed of submitted. */
export interface Done {
  readonly submitted: Rational;
  readonly executed: Rational;
}

export interface VenueOrders {
  readonly venue: string;
  /** Orders that reached the venue, or may have. */
  readonly orders: number;
  /** Quantities of different symbols do not add: each on its own. */
  readonly quantities: ReadonlyMap<string, Done>;
  /** Quantity × price; null when an order was not valued. */
  readonly notional: Done | null;
  /** The same, each order weighed by the time that its run stands for; null as above. */
  readonly weighted: Done | null;
  /** Limit → acknowledged within it, of those for which it was asked. */
  readonly acked: ReadonlyMap<string, { readonly within: number; readonly of: number }>;
  readonly neverAcked: number;
  /** The venue's reason → orders. */
  readonly rejected: ReadonlyMap<string, number>;
  /** Refused before they were orders: reason code → runs. */
  readonly refused: ReadonlyMap<string, number>;
  readonly duplicates: number;
  readonly notFlat: number;
  /** The largest position that remained after a run, as the venue showed it, without its sign; null: none was shown. */
  readonly largestPosition: number | null;
  readonly leftOpen: number;
}

const NOTHING: Done = { submitted: ZERO, executed: ZERO };

/** Takes results as they are read; those that were asked for by hand, and those of other kinds, are left out. */
export function orderGatherer(): { add(result: Result): void; finish(): readonly VenueOrders[] } {
  const venues = new Map<string, Gathered>();
  return {
    add(result) {
      if (result.kind !== 'paper-order' || result.cadence === 'once' || result.outcome === 'skipped') return;
      const venue = result.venue ?? '';
      const known = venues.get(venue) ?? new Gathered(venue);
      venues.set(venue, known);
      known.add(result);
    },
    finish: () => [...venues.values()].toSorted((a, b) => (a.venue < b.venue ? -1 : 1)),
  };
}

class Gathered implements VenueOrders {
  readonly venue: string;
  readonly quantities = new Map<string, Done>();
  readonly acked = new Map<string, { within: number; of: number }>();
  readonly rejected = new Map<string, number>();
  readonly refused = new Map<string, number>();
  orders = 0;
  notional: Done | null = NOTHING;
  weighted: Done | null = NOTHING;
  neverAcked = 0;
  duplicates = 0;
  notFlat = 0;
  largestPosition: number | null = null;
  leftOpen = 0;

  constructor(venue: string) {
    this.venue = venue;
  }

  add(result: Result): void {
    const { outcome, reason, readings, values } = result;
    if (outcome === 'excluded' && reason !== null) this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
    const ack = readings.find((reading) => reading.type === 'duration' && reading.indicator === 'ack');
    if (ack?.type === 'duration') {
      this.orders += 1;
      if (ack.ms === null) this.neverAcked += 1;
    }
    for (const reading of readings) if (reading.type === 'quantity') this.sum(reading, result.weightMs);
    for (const [name, value] of Object.entries(values)) this.count(name, value);
    const repeats = (values['duplicateAcks'] ?? 0) + (values['duplicateFills'] ?? 0);
    if (reason === 'duplicate' || repeats > 0) this.duplicates += 1;
    if (reason === 'left-open') this.leftOpen += 1;
    if (reason !== 'not-flat') return;
    this.notFlat += 1;
    const position = values['position'] ?? null;
    if (position !== null) this.largestPosition = Math.max(this.largestPosition ?? 0, Math.abs(position));
  }

  private count(name: string, value: number | null): void {
    if (name.startsWith('acked:')) {
      const limit = name.slice('acked:'.length);
      const known = this.acked.get(limit) ?? { within: 0, of: 0 };
      this.acked.set(limit, { within: known.within + (value ?? 0), of: known.of + 1 });
    } else if (name.startsWith('rejected:')) {
      const why = name.slice('rejected:'.length);
      this.rejected.set(why, (this.rejected.get(why) ?? 0) + 1);
    }
  }

  private sum(reading: QuantityReading, weightMs: number): void {
    const submitted = parseDecimal(reading.submitted);
    const executed = parseDecimal(reading.executed);
    if (submitted === null || executed === null) return;
    const symbol = reading.symbol ?? '';
    const one = rational(1);
    this.quantities.set(symbol, plus(this.quantities.get(symbol) ?? NOTHING, { submitted, executed }, one));
    const price = reading.price === undefined ? null : parseDecimal(reading.price);
    const worth = { submitted, executed };
    this.notional = price === null || this.notional === null ? null : plus(this.notional, worth, price);
    const weight = price === null ? null : multiply(price, rational(weightMs));
    this.weighted = weight === null || this.weighted === null ? null : plus(this.weighted, worth, weight);
  }
}

function plus(sum: Done, more: Done, by: Rational): Done {
  return {
    submitted: reduced(add(sum.submitted, multiply(more.submitted, by))),
    executed: reduced(add(sum.executed, multiply(more.executed, by))),
  };
}
