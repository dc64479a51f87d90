/**
 * How many events of a watch were within a limit that nobody counted at: from the sketch that its reading keeps, between
 * bounds that hold for certain. What was counted exactly is never estimated.
 */
import { isTimed, isWithin, thresholdKey, type CountReading, type Threshold } from '../probes/probe.ts';
import type { Result } from './result.ts';
import type { ThresholdSli } from './limit.ts';

/** Which of the possible counts is taken. */
export type Assumption = 'likely' | 'fewest' | 'most';

export interface Within extends Readonly<Record<Assumption, number>> {}

/** Null: it keeps no sketch, so that nothing can be said. */
export function estimatedWithin(reading: CountReading, limit: Threshold): Within | null {
  const { sketch, valid } = reading;
  if (sketch === undefined) return null;
  let [likely, fewest, most] = [0, 0, 0];
  for (const [ms, count] of sketch.bins) {
    // A value is off by at most its error of the true one, which is then between these two.
    if (isWithin(ms, limit)) likely += count;
    if (isWithin(ms / (1 - sketch.error), limit)) fewest += count;
    if (isWithin(ms / (1 + sketch.error), limit)) most += count;
  }
  const { below, above, beyondAll } = counted(reading, limit);
  // Of data that never came, the sketch has how long it was missing, which is no age: it is within no limit.
  if (reading.indicator === 'newest-age') fewest -= beyondAll;
  const [least, greatest] = [Math.max(below, fewest), Math.min(above, most, valid)];
  return { likely: Math.min(greatest, Math.max(least, likely)), fewest: least, most: greatest };
}

/** What the exact counts say: at least and at most so many were within, and so many beyond every limit that was counted at. */
function counted(
  { within, valid }: CountReading,
  limit: Threshold,
): { readonly below: number; readonly above: number; readonly beyondAll: number } {
  let [below, above, farthest] = [0, valid, 0];
  for (const [key, count] of Object.entries(within)) {
    const at = thresholdOf(key);
    if (at === null) continue;
    farthest = Math.max(farthest, count);
    if (isNarrower(at, limit)) below = Math.max(below, count);
    else above = Math.min(above, count);
  }
  return { below, above, beyondAll: valid - farthest };
}

function isNarrower(a: Threshold, b: Threshold): boolean {
  return a.ms === b.ms ? a.strict || !b.strict : a.ms < b.ms;
}

function thresholdOf(key: string): Threshold | null {
  const [, how, ms] = /^(le|lt):(.+)$/.exec(key) ?? [];
  return how === undefined || !Number.isFinite(Number(ms)) ? null : { ms: Number(ms), strict: how === 'lt' };
}

export interface Estimated {
  /** The result as if it had been counted at every limit of the indicator, as far as its sketches tell. */
  readonly result: Result;
  /** Events whose count within some limit is from a sketch. */
  readonly events: number;
}

/** The same result where nothing has to be estimated. */
export function withEstimates(result: Result, sli: ThresholdSli, assume: Assumption): Estimated {
  const limits = [sli, ...(sli.earlier ?? [])];
  let events = 0;
  const readings = result.readings.map((reading) => {
    if (!isTimed(reading) || reading.type !== 'counts' || reading.indicator !== sli.indicator) return reading;
    if (reading.valid === 0) return reading;
    const more: Record<string, number> = {};
    for (const limit of limits) {
      const key = thresholdKey(limit);
      if (reading.within[key] !== undefined) continue;
      const estimated = estimatedWithin(reading, limit);
      if (estimated !== null) more[key] = estimated[assume];
    }
    if (Object.keys(more).length === 0) return reading;
    events += reading.valid;
    return { ...reading, within: { ...reading.within, ...more } };
  });
  return { result: events === 0 ? result : { ...result, readings }, events };
}
