/** What became of the paper orders of one venue. Sums are exact; what is weighed is weighed by time, as in the fill ratio. */
import type { QuantityReading } from '../../probes/probe.ts';
import { add, multiply, parseDecimal, rational, reduced, ZERO, type Rational } from '../../slo/decimal.ts';
import type { Result } from '../result.ts';
import { addTo } from './measure.ts';

/** Executed of submitted. */
export interface Done {
  readonly submitted: Rational;
  readonly executed: Rational;
}

export interface Orders {
  readonly venue: string;
  /** Orders that reached the venue, or may have. */
  orders: number;
  /** Quantities of different symbols do not add: each on its own. */
  readonly quantities: Map<string, Done>;
  /** Quantity × price; null when an order was not valued. */
  notional: Done | null;
  /** The same, each order weighed by the time that its run stands for; null as above. */
  weighted: Done | null;
  /** Limit → acknowledged within it, of those for which it was asked. */
  readonly acked: Map<string, { readonly within: number; readonly of: number }>;
  neverAcked: number;
  /** The venue's reason → orders. */
  readonly rejected: Map<string, number>;
  /** Refused before they were orders: reason code → runs. */
  readonly refused: Map<string, number>;
  duplicates: number;
  notFlat: number;
  /** The largest position that remained after a run, as the venue showed it, without its sign; null: none was shown. */
  largestPosition: number | null;
  leftOpen: number;
}

const NOTHING: Done = { submitted: ZERO, executed: ZERO };

export function newOrders(venue: string): Orders {
  return {
    venue,
    orders: 0,
    quantities: new Map(),
    notional: NOTHING,
    weighted: NOTHING,
    acked: new Map(),
    neverAcked: 0,
    rejected: new Map(),
    refused: new Map(),
    duplicates: 0,
    notFlat: 0,
    largestPosition: null,
    leftOpen: 0,
  };
}

/** By venue. Runs that were asked for by hand, and those of other kinds, are left out. */
export function addOrders(venues: Map<string, Orders>, result: Result): void {
  if (result.kind !== 'paper-order' || result.cadence === 'once' || result.outcome === 'skipped') return;
  const { outcome, reason, readings, values } = result;
  const own = ordersOf(venues, result.venue ?? '');
  if (outcome === 'excluded' && reason !== null) addTo(own.refused, reason, 1);
  const ack = readings.find((reading) => reading.type === 'duration' && reading.indicator === 'ack');
  if (ack?.type === 'duration') {
    own.orders += 1;
    if (ack.ms === null) own.neverAcked += 1;
  }
  for (const reading of readings) if (reading.type === 'quantity') sum(own, reading, result.weightMs);
  for (const [name, value] of Object.entries(values)) count(own, name, value);
  const repeats = (values['duplicateAcks'] ?? 0) + (values['duplicateFills'] ?? 0);
  if (reason === 'duplicate' || repeats > 0) own.duplicates += 1;
  if (reason === 'left-open') own.leftOpen += 1;
  if (reason !== 'not-flat') return;
  own.notFlat += 1;
  const position = values['position'] ?? null;
  if (position !== null) own.largestPosition = Math.max(own.largestPosition ?? 0, Math.abs(position));
}

export function mergeOrders(venues: Map<string, Orders>, part: Orders): void {
  const own = ordersOf(venues, part.venue);
  own.orders += part.orders;
  own.neverAcked += part.neverAcked;
  own.duplicates += part.duplicates;
  own.notFlat += part.notFlat;
  own.leftOpen += part.leftOpen;
  for (const [symbol, done] of part.quantities)
    own.quantities.set(symbol, plus(own.quantities.get(symbol) ?? NOTHING, done, ONE));
  own.notional = plusOrNull(own.notional, part.notional);
  own.weighted = plusOrNull(own.weighted, part.weighted);
  for (const [limit, { within, of }] of part.acked) ackedWithin(own, limit, within, of);
  for (const [why, orders] of part.rejected) addTo(own.rejected, why, orders);
  for (const [reason, runs] of part.refused) addTo(own.refused, reason, runs);
  if (part.largestPosition !== null) own.largestPosition = Math.max(own.largestPosition ?? 0, part.largestPosition);
}

const ONE = rational(1);

function ordersOf(venues: Map<string, Orders>, venue: string): Orders {
  let own = venues.get(venue);
  if (own === undefined) venues.set(venue, (own = newOrders(venue)));
  return own;
}

function count(own: Orders, name: string, value: number | null): void {
  if (name.startsWith('acked:')) ackedWithin(own, name.slice('acked:'.length), value ?? 0, 1);
  else if (name.startsWith('rejected:')) addTo(own.rejected, name.slice('rejected:'.length), 1);
}

function ackedWithin({ acked }: Orders, limit: string, within: number, of: number): void {
  const known = acked.get(limit) ?? { within: 0, of: 0 };
  acked.set(limit, { within: known.within + within, of: known.of + of });
}

function sum(own: Orders, reading: QuantityReading, weightMs: number): void {
  const submitted = parseDecimal(reading.submitted);
  const executed = parseDecimal(reading.executed);
  if (submitted === null || executed === null) return;
  const worth = { submitted, executed };
  const symbol = reading.symbol ?? '';
  own.quantities.set(symbol, plus(own.quantities.get(symbol) ?? NOTHING, worth, ONE));
  const price = reading.price === undefined ? null : parseDecimal(reading.price);
  const weight = price === null ? null : multiply(price, rational(weightMs));
  own.notional = price === null || own.notional === null ? null : plus(own.notional, worth, price);
  own.weighted = weight === null || own.weighted === null ? null : plus(own.weighted, worth, weight);
}

function plusOrNull(sum: Done | null, more: Done | null): Done | null {
  return sum === null || more === null ? null : plus(sum, more, ONE);
}

function plus(sum: Done, more: Done, by: Rational): Done {
  return {
    submitted: reduced(add(sum.submitted, multiply(more.submitted, by))),
    executed: reduced(add(sum.executed, multiply(more.executed, by))),
  };
}
