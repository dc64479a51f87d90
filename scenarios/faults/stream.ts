/**
 * Faults of what a connection carries: bytes on their way between a client and a server.
 *
 * `upstream` is client → server, `downstream` is server → client.
 */
import { z } from 'zod';
import { count, time, timeOrNone } from './words.ts';

/** Which bytes a fault touches. */
export type Direction = 'upstream' | 'downstream' | 'both';

export type StreamFault =
  /**
   * Delays every byte by `ms` ± `jitterMs`, in order. `roundTrip: true` splits both figures over the two directions;
   * otherwise all of it falls on what the server sends. A request and its answer meet the delay once either way.
   */
  | { readonly type: 'latency'; readonly ms: number; readonly jitterMs: number; readonly roundTrip: boolean }
  /** Bytes vanish in both directions, connections stay open. Those connections are closed when it is lifted. */
  | { readonly type: 'blackhole' }
  /** New connections are refused, open ones are closed. */
  | { readonly type: 'refuse' }
  /** The first bytes to arrive are swallowed, and `afterMs` later both peers see a connection reset. */
  | { readonly type: 'reset'; readonly afterMs: number }
  /** At most `rateKBps` kilobytes (1,000 bytes) a second, each connection on its own. 0 holds everything until lifted. */
  | { readonly type: 'throttle'; readonly rateKBps: number; readonly direction: Direction }
  /** Data passes; a peer's close arrives `ms` late. */
  | { readonly type: 'slowClose'; readonly ms: number; readonly direction: Direction }
  /** A connection is closed once exactly `bytes` bytes have crossed since the fault began. */
  | { readonly type: 'cutAfter'; readonly bytes: number; readonly direction: Direction }
  /** Data arrives in pieces of about `bytes` ± `variationBytes`, `gapUs` microseconds apart. */
  | {
      readonly type: 'slice';
      readonly bytes: number;
      readonly variationBytes: number;
      readonly gapUs: number;
      readonly direction: Direction;
    };

const direction = (otherwise: Direction) =>
  z.enum(['upstream', 'downstream', 'both'], { error: '"upstream", "downstream" or "both"' }).default(otherwise);

const latency = z
  .strictObject({
    type: z.literal('latency'),
    delay: time(),
    jitter: timeOrNone().default(0),
    roundTrip: z.boolean({ error: 'true or false' }).default(false),
  })
  .refine((fault) => fault.jitter <= fault.delay, { path: ['jitter'], error: 'a jitter no longer than the delay' })
  .transform(({ type, delay, jitter, roundTrip }) => ({ type, ms: delay, jitterMs: jitter, roundTrip }));

const blackhole = z.strictObject({ type: z.literal('blackhole') });

const refuse = z.strictObject({ type: z.literal('refuse') });

const reset = z
  .strictObject({ type: z.literal('reset'), after: timeOrNone().default(0) })
  .transform(({ type, after }) => ({ type, afterMs: after }));

const throttle = z.strictObject({
  type: z.literal('throttle'),
  rateKBps: count(0, 'kilobytes a second'),
  direction: direction('downstream'),
});

const slowClose = z
  .strictObject({ type: z.literal('slowClose'), delay: time(), direction: direction('both') })
  .transform(({ type, delay, direction }) => ({ type, ms: delay, direction }));

const cutAfter = z.strictObject({
  type: z.literal('cutAfter'),
  bytes: count(0, 'bytes'),
  direction: direction('downstream'),
});

const slice = z
  .strictObject({
    type: z.literal('slice'),
    bytes: count(1, 'bytes'),
    variationBytes: count(0, 'bytes').default(0),
    gapUs: count(0, 'microseconds').default(0),
    direction: direction('downstream'),
  })
  .refine((fault) => fault.variationBytes < fault.bytes, {
    path: ['variationBytes'],
    error: 'a variation smaller than the size of a piece',
  });

export const streamFaults = [latency, blackhole, refuse, reset, throttle, slowClose, cutAfter, slice] as const;
