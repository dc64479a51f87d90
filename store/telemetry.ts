/** What the platform's own telemetry says of one step, as tallies. Part of `judge`. */
import type { MedianReading, TelemetryReading } from '../probes/probe.ts';
import { compare, parseDecimal, type Rational } from '../slo/decimal.ts';
import type { Sli } from '../slo/objective.ts';
import type { Tally } from '../slo/tally.ts';
import { judgeSlice } from '../slo/timeslice.ts';
import { runsOf, type JudgedRun } from './result.ts';

interface TelemetryPart {
  readonly atMs: number;
  readonly split: string;
  readonly tally: Partial<Tally>;
  readonly problem?: { readonly code: 'counts'; readonly detail: string };
}

/** In each split that the result names; a step without an answer is a fault in each of them, and no event anywhere. */
export function telemetryParts(
  { medianMs }: Extract<Sli, { type: 'telemetry' }>,
  result: JudgedRun,
): readonly TelemetryPart[] {
  const { scheduledMs: atMs, outcome } = result;
  const readings = result.readings.filter(isTelemetry);
  if (outcome === 'fault' || outcome === 'skipped') {
    const splits = readings.length === 0 ? [''] : readings.map(({ split }) => split);
    return splits.map((split) => ({ atMs, split, tally: { faults: runsOf(result) } }));
  }
  return readings.map((reading) => {
    const { split } = reading;
    const tally = reading.type === 'median' ? sliceTally(reading, medianMs) : countTally(reading);
    if (tally !== null) return { atMs, split, tally: { ...tally, bounded: 1 } };
    const detail = `telemetry cannot be counted: ${JSON.stringify(reading)}`;
    return { atMs, split, tally: { faults: 1 }, problem: { code: 'counts', detail } };
  });
}

function isTelemetry(reading: JudgedRun['readings'][number]): reading is TelemetryReading | MedianReading {
  return reading.type === 'telemetry' || reading.type === 'median';
}

const MILLION = 1_000_000n;

/**
 * Counts of a rate need not be whole. Weights are millionths of an event, rounded against the service: what was valid up,
 * what was good down. Raw counts are whole: good ones rounded down, bad ones up, and a part of an event is one.
 */
function countTally(reading: TelemetryReading): Partial<Tally> | null {
  const valid = parseDecimal(reading.valid);
  const good = parseDecimal(reading.good);
  if (valid === null || good === null) return null;
  const asked = roundedUp(valid);
  const isAll = compare(good, valid) >= 0;
  const goodWeight = isAll ? asked : (good.num * MILLION) / good.den;
  const badWeight = asked - goodWeight;
  const whole = Number(goodWeight / MILLION);
  return {
    good: goodWeight === 0n ? 0 : Math.max(1, whole),
    bad: Number((badWeight + MILLION - 1n) / MILLION),
    goodWeight,
    badWeight,
    squaredWeight: asked,
  };
}

function roundedUp({ num, den }: Rational): bigint {
  return (num * MILLION + den - 1n) / den;
}

function sliceTally({ ms }: MedianReading, medianMs: number | undefined): Partial<Tally> | null {
  if (medianMs === undefined || !Number.isFinite(ms)) return null;
  const isGood = judgeSlice([{ ms, weight: 1n }], medianMs) === 'good';
  return {
    good: isGood ? 1 : 0,
    bad: isGood ? 0 : 1,
    goodWeight: isGood ? MILLION : 0n,
    badWeight: isGood ? 0n : MILLION,
    squaredWeight: MILLION,
  };
}
