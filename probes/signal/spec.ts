import { z } from 'zod';
import { field, marker, timeUnit } from '../market-data/mapping.ts';
import { lineFields } from '../market-data/spec.ts';
import { duration, probeSchema } from '../spec.ts';

const ticks = z.strictObject({
  /** The exchange's event time: what a signal's age is counted from. */
  time: field(),
  unit: timeUnit(),
  symbol: field().optional(),
  id: field().optional(),
  sequence: field().optional(),
  data: marker(),
});

const signals = z.strictObject({
  /** When the platform says that it made the signal; in the unit of the tick's time below. */
  time: field().optional(),
  unit: timeUnit(),
  symbol: field().optional(),
  /** How a signal names the tick it came from: the first of `id`, `sequence` (with the symbol) and `time` (likewise). */
  tick: z
    .strictObject({ id: field().optional(), sequence: field().optional(), time: field().optional() })
    .refine(({ id, sequence, time }) => (id ?? sequence ?? time) !== undefined, {
      error: 'at least one of id, sequence and time',
    }),
  data: marker(),
});

/** As the platform itself names things. */
const TICKS: z.output<typeof ticks> = {
  time: 'timestamp',
  unit: 'us',
  symbol: 'symbol',
  id: 'event_id',
  sequence: 'seq',
  data: { field: 'type', equals: 'tick' },
};
const SIGNALS: z.output<typeof signals> = {
  time: 'timestamp',
  unit: 'us',
  symbol: 'symbol',
  tick: { id: 'tick_event_id', sequence: 'tick_seq', time: 'tick_timestamp' },
  data: { field: 'type', equals: 'signal' },
};

export const signalSpec = probeSchema('signal', {
  ...lineFields,
  /** Ticks and signals come over one connection, so that one clock stamps both. */
  subscribe: z.array(z.json()).default([{ action: 'subscribe', channels: ['trades', 'signals'] }]),
  ticks: ticks.default(TICKS),
  signals: signals.default(SIGNALS),
  /** Messages that say that the subscription was refused. */
  rejected: marker().default({ field: 'type', equals: 'error' }),
  /** A signal may overtake its tick by so much; after that it is unmatched. */
  matchWithin: duration().default(2000),
  /** How long ticks are remembered, at least; above every threshold. */
  remember: duration().default(10_000),
  /** Unmatched signals in a run before it is bad (`unmatched`); default: only if none could be matched. */
  maxUnmatched: z.int().min(0).optional(),
  /** A run is bad (`no-data`) when no signal has come for so long; default: signals may be rare. */
  silentAfter: duration().optional(),
}).refine(({ ticks: of, signals: { tick } }) => keyOf(of, tick) !== null, {
  path: ['signals', 'tick'],
  error: 'a way to name a tick that ticks have as well: id, sequence or time',
});

export type SignalSpec = z.output<typeof signalSpec>;

/** By what a signal finds its tick. */
export function keyOf(
  of: { readonly id?: string | undefined; readonly sequence?: string | undefined },
  tick: z.output<typeof signals>['tick'],
): 'id' | 'sequence' | 'time' | null {
  if (tick.id !== undefined && of.id !== undefined) return 'id';
  if (tick.sequence !== undefined && of.sequence !== undefined) return 'sequence';
  return tick.time === undefined ? null : 'time';
}
