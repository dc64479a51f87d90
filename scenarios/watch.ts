/** Probes that belong to a scenario. They ask what the exercise wants to know, and feed no objective. */
import { z } from 'zod';
import { httpSpec } from '../probes/http/spec.ts';
import { marketDataSpec } from '../probes/market-data/spec.ts';

const kinds = z.discriminatedUnion('kind', [httpSpec, marketDataSpec], {
  error: 'a probe of kind "http" or "market-data"',
});

/** It stands for no service, so its author names none. */
type WithoutService<T> = T extends unknown ? Omit<T, 'service'> : never;
export type WatchInput = WithoutService<z.input<typeof kinds>>;

/** How often a watch asks when it does not say. */
const DEFAULT_EVERY = '1s';

export const watchSchema = z.preprocess(
  (input: WatchInput) =>
    typeof input === 'object' && input !== null ? { every: DEFAULT_EVERY, service: 'game-day', ...input } : input,
  kinds,
);

export type WatchSpec = z.output<typeof watchSchema>;
