/** What a sandbox process is told at its start, and what it answers. */
import { z } from 'zod';
import { exchangeKnobsSchema } from './exchange/knobs.ts';
import { venueKnobsSchema } from './venue/knobs.ts';

const port = z.int().min(0).max(65_535);
const address = z.object({ host: z.string(), port });
const upstream = z.strictObject({ feed: address, gateway: address });

const exchangeStartSchema = z.strictObject({
  role: z.literal('exchange'),
  name: z.string().default('primary'),
  seed: z.int().default(1),
  symbols: z.int().min(1).max(1_000).default(20),
  ticksPerSecond: z.number().positive().max(100_000).default(200),
  ports: z.strictObject({ feed: port.default(0), gateway: port.default(0), control: port.default(0) }).prefault({}),
  knobs: exchangeKnobsSchema.prefault({}),
});

const venueStartSchema = z.strictObject({
  role: z.literal('venue'),
  seed: z.int().default(1),
  token: z.string().min(1),
  primary: upstream,
  backup: upstream,
  ports: z.strictObject({ edge: port.default(0), control: port.default(0) }).prefault({}),
  knobs: venueKnobsSchema.prefault({}),
  staleAfterMs: z.number().positive().default(2_000),
  failbackMs: z.number().min(0).default(3_000),
  recordFile: z.string().min(1).optional(),
});

export const startSchema = z.discriminatedUnion('role', [exchangeStartSchema, venueStartSchema]);

export type ExchangeStart = z.input<typeof exchangeStartSchema>;
export type VenueStart = z.input<typeof venueStartSchema>;

const exchangeReady = z.object({ feed: address, gateway: address, control: address });
const venueReady = z.object({ edge: address, control: address });

export type ExchangeReady = z.infer<typeof exchangeReady>;
export type VenueReady = z.infer<typeof venueReady>;

/** The one message of a started process: where it listens, or why it does not. */
export const readySchema = z.union([
  z.object({ type: z.literal('ready'), role: z.literal('exchange'), addresses: exchangeReady }),
  z.object({ type: z.literal('ready'), role: z.literal('venue'), addresses: venueReady }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);

export type Ready = z.infer<typeof readySchema>;
