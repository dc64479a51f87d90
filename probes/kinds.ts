/**
 * The one map of kinds. A new kind is its folder, a line here and in `open.ts`, its test and a row of docs/probes.md. What opens
 * a probe stands there, as reading a configuration shall not load what runs one.
 */
import type { z } from 'zod';
import { browserSpec } from './browser/spec.ts';
import { clockSpec } from './clock/spec.ts';
import { httpSpec, phaseLimitsOf } from './http/spec.ts';
import type { Measure, Mode, ProbeKind } from './kind.ts';
import { marketDataSpec } from './market-data/spec.ts';
import { orderMeasures, paperOrderSpec } from './paper-order/spec.ts';
import { signalSpec } from './signal/spec.ts';

/** Lets each entry keep its own types. */
function kind<S extends z.ZodObject>(entry: ProbeKind<S>): ProbeKind<S> {
  return entry;
}

export const KINDS = {
  http: kind({ schema: httpSpec, measures: () => ['latency'], limits: phaseLimitsOf }),
  'market-data': kind({
    schema: marketDataSpec,
    measures: () => ['tick-age', 'newest-age'],
    limits: (spec) => [spec.staleAfter],
    modeOf: (spec) => spec.mode,
  }),
  'paper-order': kind({
    schema: paperOrderSpec,
    measures: orderMeasures,
    limits: (spec) => [spec.ackDeadline, spec.fillDeadline],
  }),
  signal: kind({
    schema: signalSpec,
    measures: () => ['signal-age'],
    limits: ({ matchWithin, silentAfter }) => [matchWithin, ...(silentAfter === undefined ? [] : [silentAfter])],
    modeOf: () => 'continuous',
  }),
  clock: kind({ schema: clockSpec, measures: () => [] }),
  browser: kind({ schema: browserSpec, measures: () => ['latency'] }),
};

export type KindName = keyof typeof KINDS;
/** A probe's configuration after validation, and as its user writes it. */
export type ProbeSpec = { [K in KindName]: z.output<(typeof KINDS)[K]['schema']> }[KindName];
export type ProbeInput = { [K in KindName]: z.input<(typeof KINDS)[K]['schema']> }[KindName];

/** `continuous` or `session` where a kind knows both; otherwise null. */
export function modeOf(spec: ProbeSpec): Mode | null {
  const kind: ProbeKind = KINDS[spec.kind];
  return kind.modeOf?.(spec) ?? null;
}

/** What a probe's own configuration holds its durations against, ms. */
export function ownLimits(spec: ProbeSpec): readonly number[] {
  const kind: ProbeKind = KINDS[spec.kind];
  return kind.limits?.(spec) ?? [];
}

export function measuresOf(spec: ProbeSpec): readonly Measure[] {
  const kind: ProbeKind = KINDS[spec.kind];
  return kind.measures(spec);
}
