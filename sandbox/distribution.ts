import { z } from 'zod';
import type { Random } from './random.ts';

/** Longest duration a distribution yields or a knob asks for; beyond it a timer is a leak, not a latency. */
export const MAX_MS = 600_000;

const ms = z.number().min(0).max(MAX_MS);

/** A duration in milliseconds to draw from. `lognormal`: exp(ln(medianMs) + sigma · N(0, 1)), capped at ten minutes. */
export const distributionSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('fixed'), ms }),
  z
    .strictObject({ type: z.literal('uniform'), minMs: ms, maxMs: ms })
    .refine((d) => d.minMs <= d.maxMs, { message: 'minMs must not exceed maxMs' }),
  z.strictObject({ type: z.literal('lognormal'), medianMs: ms, sigma: z.number().min(0).max(5) }),
]);

export type Distribution = z.infer<typeof distributionSchema>;

/** Milliseconds. Takes exactly two numbers from the stream whatever the type, so that a knob never shifts later draws. */
export function drawMs(distribution: Distribution, random: Random): number {
  const u = random();
  const v = random();
  if (distribution.type === 'fixed') return distribution.ms;
  if (distribution.type === 'uniform') return distribution.minMs + u * (distribution.maxMs - distribution.minMs);
  // Box–Muller; 1 − u keeps the logarithm finite.
  const normal = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
  return Math.min(MAX_MS, distribution.medianMs * Math.exp(distribution.sigma * normal));
}
