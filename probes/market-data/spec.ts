import { z } from 'zod';
import { byteCount, duration, headers, pemCertificate, probeSchema, wsUrl } from '../spec.ts';
import { calendar } from './calendar.ts';
import { mapping } from './mapping.ts';

/** What every probe has that listens on a WebSocket. */
export const lineFields = {
  url: wsUrl(),
  headers: headers().default({}),
  /** Certificates to trust instead of the system's, PEM. */
  ca: pemCertificate().optional(),
  /** What a frame holds: JSON as text; JSON in binary frames; JSON compressed in binary frames (text is read as it is). */
  payload: z.enum(['text', 'binary', 'gzip', 'deflate']).default('text'),
  /** Offer the WebSocket's own compression in the handshake. */
  perMessageDeflate: z.boolean().default(false),
  /** Between two pings; a peer that was silent from one to the next, pongs included, is taken for lost. */
  pingEvery: duration().default(10_000),
  /** Messages beyond this size, unpacked, end the connection. */
  maxMessageBytes: byteCount().default(1_048_576),
};

/** Venues that know no subscription to everything. */
const BY_SYMBOL: ReadonlySet<string> = new Set(['coinbase', 'kraken']);

export const marketDataSpec = probeSchema('market-data', {
  ...lineFields,
  mode: z.enum(['continuous', 'session']).default('continuous'),
  /** Sent once the connection stands, in this order, each as JSON. Default: the preset's. */
  subscribe: z.array(z.json()).optional(),
  preset: z.enum(['tradepulse', 'binance', 'coinbase', 'kraken']).default('tradepulse'),
  /** Default: the preset's. */
  map: mapping().optional(),
  /** Only these symbols count, and the age of the newest data is that of each; default: all that come, taken together. */
  symbols: z.array(z.string().min(1)).min(1).max(1000, { error: 'at most 1,000 symbols' }).optional(),
  /** How long a session listens. */
  for: duration().default(5000),
  /** A run is bad (`stale`) when the newest data is older than this at its end. Default: the SLA row's 3 s. */
  staleAfter: duration().default(3000),
  /** Sequence numbers that may be missing in a run before it is bad (`gap`); default: they are only counted. */
  maxMissed: z.int().min(0).optional(),
  /** Crossed or locked books that a run may see before it is bad (`crossed`); default: they are only counted. */
  maxCrossed: z.int().min(0).optional(),
  /** When the market is open; outside, silence is neither good nor bad. Default: always. */
  calendar: calendar.optional(),
})
  .refine((spec) => spec.mode !== 'session' || spec.for < spec.timeout, {
    path: ['for'],
    error: 'less than the timeout',
  })
  .refine((spec) => !BY_SYMBOL.has(spec.preset) || spec.subscribe !== undefined || spec.symbols !== undefined, {
    path: ['symbols'],
    error: 'symbols to subscribe to (or messages in subscribe)',
  });

export type MarketDataSpec = z.output<typeof marketDataSpec>;
export type LineSpec = Pick<MarketDataSpec, keyof typeof lineFields>;
