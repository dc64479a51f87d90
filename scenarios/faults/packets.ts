/** Faults of the packets that leave a network interface, whatever they carry and whoever they are for. */
import { z } from 'zod';
import { count, percent, time, timeOrNone } from './words.ts';

export type PacketFault =
  /** Each packet leaves `ms` ± `jitterMs` late; with a jitter, packets overtake each other. */
  | { readonly type: 'packetDelay'; readonly ms: number; readonly jitterMs: number }
  /** Each packet is lost with this chance, on its own. 100 % cuts the interface's sending off. */
  | { readonly type: 'packetLoss'; readonly percent: number }
  /** Sent twice. */
  | { readonly type: 'packetDuplicate'; readonly percent: number }
  /** One bit, anywhere in the packet, is turned over. */
  | { readonly type: 'packetCorrupt'; readonly percent: number }
  /** This share leaves at once, the others `ms` late: the former overtake the latter. */
  | { readonly type: 'packetReorder'; readonly percent: number; readonly ms: number }
  /** At most `kilobits` (1,000 bits) a second leave, all connections together; up to a megabyte waits, the rest is lost. */
  | { readonly type: 'packetRate'; readonly kilobits: number }
  /** No packet passes in either direction. */
  | { readonly type: 'partition' };

const packetDelay = z
  .strictObject({ type: z.literal('packetDelay'), delay: time(), jitter: timeOrNone().default(0) })
  .refine((fault) => fault.jitter <= fault.delay, { path: ['jitter'], error: 'a jitter no longer than the delay' })
  .transform(({ type, delay, jitter }) => ({ type, ms: delay, jitterMs: jitter }));

const shared = <T extends 'packetLoss' | 'packetDuplicate' | 'packetCorrupt'>(type: T) =>
  z.strictObject({ type: z.literal(type), share: percent() }).transform(({ share }) => ({ type, percent: share }));

const packetReorder = z
  .strictObject({ type: z.literal('packetReorder'), share: percent(), delay: time() })
  .transform(({ type, share, delay }) => ({ type, percent: share, ms: delay }));

const packetRate = z
  .strictObject({ type: z.literal('packetRate'), rateKbps: count(8, 'kilobits a second') })
  .transform(({ type, rateKbps }) => ({ type, kilobits: rateKbps }));

const partition = z.strictObject({ type: z.literal('partition') });

export const packetFaults = [
  packetDelay,
  shared('packetLoss'),
  shared('packetDuplicate'),
  shared('packetCorrupt'),
  packetReorder,
  packetRate,
  partition,
] as const;
