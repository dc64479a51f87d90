import { z } from 'zod';
import { byteCount, duration, headers, pemCertificate, probeSchema, wsUrl } from '../spec.ts';

/** Member names from the message's root, separated by dots: "data.E". */
function field() {
  return z.string().regex(/^[^.\s]+(?:\.[^.\s]+)*$/, { error: 'a field such as "timestamp" or "data.E"' });
}

const marker = z.strictObject({
  field: field(),
  /** Any value, when it is left out: the field's presence is enough. */
  equals: z.union([z.string(), z.number(), z.boolean()]).optional(),
});

const mapping = z.strictObject({
  /** The exchange's event time; a message without it is no tick. */
  time: field(),
  unit: z.enum(['s', 'ms', 'us', 'ns', 'iso']),
  symbol: field().optional(),
  /** A number that goes up by one from tick to tick, for each symbol. */
  sequence: field().optional(),
  /** Messages that show that the line is alive and are no data, even if they carry a time. */
  heartbeat: marker.optional(),
  /** Only these messages can be ticks; default: all that carry the time. */
  data: marker.optional(),
  /** Messages that say that the subscription was refused. */
  rejected: marker.optional(),
});

export const marketDataSpec = probeSchema('market-data', {
  url: wsUrl(),
  headers: headers().default({}),
  /** Certificates to trust instead of the system's, PEM. */
  ca: pemCertificate().optional(),
  mode: z.enum(['continuous', 'session']).default('continuous'),
  /** Sent once the connection stands, in this order, each as JSON. Default: the preset's. */
  subscribe: z.array(z.json()).optional(),
  preset: z.enum(['tradepulse']).default('tradepulse'),
  /** Default: the preset's. */
  map: mapping.optional(),
  /** Only these symbols count; default: all that come. */
  symbols: z.array(z.string().min(1)).min(1).optional(),
  /** How long a session listens. */
  for: duration().default(5000),
  /** A run is bad (`stale`) when the newest data is older than this at its end. Default: the SLA row's 3 s. */
  staleAfter: duration().default(3000),
  /** Sequence numbers that may be missing in a run before it is bad (`gap`); default: they are only counted. */
  maxMissed: z.int().min(0).optional(),
  /** Messages beyond this size end the connection. */
  maxMessageBytes: byteCount().default(1_048_576),
}).refine((spec) => spec.mode !== 'session' || spec.for < spec.timeout, {
  path: ['for'],
  error: 'less than the timeout',
});

export type MarketDataSpec = z.output<typeof marketDataSpec>;
export type Mapping = z.output<typeof mapping>;
export type Marker = z.output<typeof marker>;
