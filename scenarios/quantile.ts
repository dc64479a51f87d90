/** A quantile of an indicator against a limit, over single durations and over events that were only counted. */
import { isTimed, isWithin, thresholdKey } from '../probes/probe.ts';
import type { CountReading, Indicator, Reading, Threshold } from '../probes/probe.ts';
import { formatPercent } from '../slo/budget.ts';
import { compare, decimal, ONE, rational } from '../slo/decimal.ts';
import type { Rational } from '../slo/decimal.ts';
import { nearestRank } from '../slo/percentile.ts';
import type { Sample } from '../slo/percentile.ts';

export interface Quantile {
  readonly indicator: Indicator;
  /** A decimal string in (0, 1]. */
  readonly quantile: string;
}

/** `below` is strict, `atMost` is not, `above` is the contrary of `atMost`. */
export interface Limit {
  readonly word: 'atMost' | 'below' | 'above';
  readonly ms: number;
}

export type State = 'met' | 'unmet' | 'unknown';

export interface Judgement {
  readonly state: State;
  /** What was found, with its counts, for people. */
  readonly detail: string;
}

const WORDS: Readonly<Record<Limit['word'], string>> = { atMost: 'at most', below: 'below', above: 'above' };

const P50 = decimal('0.5');
const P99 = decimal('0.99');

/**
 * Exact wherever single durations are at hand, or the events were counted at this very limit; otherwise by the readings'
 * p50, p99 and maximum, and then only what those prove is said: both "at most" and "above" can be unmet at once.
 */
export function judgeQuantile(quantile: Quantile, limit: Limit, readings: readonly Reading[]): Judgement {
  const threshold: Threshold = { ms: limit.ms, strict: limit.word === 'below' };
  const key = thresholdKey(threshold);
  const samples: Sample[] = [];
  const counts: CountReading[] = [];
  for (const reading of readings) {
    if (!isTimed(reading) || reading.indicator !== quantile.indicator) continue;
    if (reading.type === 'duration') samples.push({ ms: reading.ms, weight: 1n });
    else if (reading.valid > 0) counts.push(reading);
  }
  if (samples.length + counts.length === 0)
    return { state: 'unknown', detail: `no ${quantile.indicator} was measured` };

  if (counts.length === 0) return bySamples(quantile, limit, threshold, samples);
  if (counts.every((count) => key in count.within)) return byShare(quantile, limit, threshold, samples, counts);
  return byBounds(quantile, limit, threshold, samples, counts);
}

const verdict = (limit: Limit, isBelow: boolean): State => (isBelow === (limit.word !== 'above') ? 'met' : 'unmet');
const named = ({ indicator, quantile }: Quantile): string => `${indicator} ${quantileText(quantile)}`;
const asked = (limit: Limit): string => `${WORDS[limit.word]} ${msText(limit.ms)} asked`;

function bySamples(quantile: Quantile, limit: Limit, threshold: Threshold, samples: readonly Sample[]): Judgement {
  const ms = nearestRank(samples, decimal(quantile.quantile)) ?? Number.POSITIVE_INFINITY;
  return {
    state: verdict(limit, isWithin(ms, threshold)),
    detail: `${named(quantile)} ${msText(ms)} of ${samples.length} measured, ${asked(limit)}`,
  };
}

/** A quantile is within a limit exactly when the share within that limit is at least the quantile. */
function byShare(
  quantile: Quantile,
  limit: Limit,
  threshold: Threshold,
  samples: readonly Sample[],
  counts: readonly CountReading[],
): Judgement {
  const key = thresholdKey(threshold);
  let valid = samples.length;
  let within = samples.filter((sample) => sample.ms !== null && isWithin(sample.ms, threshold)).length;
  for (const count of counts) {
    valid += count.valid;
    within += count.within[key] ?? 0;
  }
  const share = rational(within, BigInt(valid));
  const word = threshold.strict ? 'below' : 'at most';
  return {
    state: verdict(limit, compare(share, decimal(quantile.quantile)) >= 0),
    detail: `${quantile.indicator}: ${formatPercent(share)} (${within} of ${valid}) ${word} ${msText(limit.ms)}, ${quantileText(quantile.quantile)} ${asked(limit)}`,
  };
}

function byBounds(
  quantile: Quantile,
  limit: Limit,
  threshold: Threshold,
  samples: readonly Sample[],
  counts: readonly CountReading[],
): Judgement {
  const q = decimal(quantile.quantile);
  const isUpper = limit.word !== 'above';
  const parts = counts.map((count) => boundOf(count, q, isUpper));
  if (samples.length > 0) parts.push(nearestRank(samples, q));
  const known = parts.filter((ms) => ms !== null);
  if (known.length < parts.length) return { state: 'unknown', detail: `${named(quantile)} was not measured` };
  // The quantile of a union lies between the smallest and the largest of its parts' quantiles. The maximum is an event
  // that happened, so that one above the limit is enough for the quantile 1.
  const isMaximum = compare(q, ONE) === 0;
  const ms = isUpper || isMaximum ? Math.max(...known) : Math.min(...known);
  const events = samples.length + counts.reduce((sum, count) => sum + count.valid, 0);
  const edge = isMaximum ? '' : isUpper ? 'at most ' : 'at least ';
  return {
    state: verdict(limit, isWithin(ms, threshold)),
    detail: `${named(quantile)} ${edge}${msText(ms)} of ${events} measured, ${asked(limit)}`,
  };
}

/** The nearest known quantile at or above (`isUpper`), or at or below, the one asked for. */
function boundOf(count: CountReading, q: Rational, isUpper: boolean): number | null {
  if (compare(q, ONE) === 0) return count.maxMs;
  if (isUpper) return compare(q, P50) <= 0 ? count.p50Ms : compare(q, P99) <= 0 ? count.p99Ms : count.maxMs;
  return compare(q, P50) < 0 ? 0 : compare(q, P99) < 0 ? count.p50Ms : count.p99Ms;
}

/** "0.95" → "p95", "0.999" → "p99.9", "1" → "maximum". */
export function quantileText(quantile: string): string {
  const { num, den } = decimal(quantile);
  if (num === den) return 'maximum';
  const thousandths = (num * 100_000n) / den;
  return `p${Number(thousandths) / 1000}`;
}

function msText(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'never';
  return `${Number(ms.toFixed(ms < 10 ? 1 : 0))} ms`;
}
