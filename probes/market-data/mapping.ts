/** Where things are in a venue's messages. */
import { z } from 'zod';

/** Member names from the root, separated by dots: "data.E"; a number is the place in a list: "bids.0.0". */
export function field() {
  return z.string().regex(/^[^.\s]+(?:\.[^.\s]+)*$/, { error: 'a field such as "timestamp" or "data.E"' });
}

export function timeUnit() {
  return z.enum(['s', 'ms', 'us', 'ns', 'iso']);
}

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' });

const condition = z.strictObject({
  field: field(),
  /** This value, or one of these. Any value, when it is left out: the field's presence is enough. */
  equals: z.union([scalar, z.array(scalar).min(1)]).optional(),
});

/** A condition, or several that must all hold. */
export function marker() {
  return z.union([condition, z.array(condition).min(1)]);
}

const one = z.strictObject({
  /** The exchange's event time; a message without it is no tick. */
  time: field(),
  unit: timeUnit(),
  symbol: field().optional(),
  /** A number that goes up by one from tick to tick, for each symbol; or the first and last number of a tick's range. */
  sequence: z.union([field(), z.strictObject({ first: field(), last: field() })]).optional(),
  /** Best prices: a bid at or above the ask is a locked or crossed book. */
  bid: field().optional(),
  ask: field().optional(),
  /** Where the ticks are in a frame that holds one or a list of them; default: the frame, or its elements. */
  items: field().optional(),
  /** Messages that show that the line is alive and are no data, even if they carry a time. */
  heartbeat: marker().optional(),
  /**
   * What proves that a market is quiet. `{sequence}`: the field in which a heartbeat says the number of its symbol's
   * newest tick: if that is the one that came last, nothing is missing. `heartbeat`: any heartbeat does; only for those
   * that come from the market itself and not from a server in between.
   */
  quiet: z.union([z.literal('heartbeat'), z.strictObject({ sequence: field() })]).optional(),
  /** Only these messages can be ticks; default: all that carry the time. */
  data: marker().optional(),
  /** Messages that say that the subscription was refused. */
  rejected: marker().optional(),
});

/** One mapping, or one for each sort of message: the first that knows a message reads it. */
export function mapping() {
  return z.union([one, z.array(one).min(1)]);
}

export type Condition = z.output<typeof condition>;
export type Marker = z.output<ReturnType<typeof marker>>;
export type Mapping = z.output<typeof one>;
export type Mappings = z.output<ReturnType<typeof mapping>>;
