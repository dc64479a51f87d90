/** The one map of kinds. A new kind is its folder, a line here, its test and a row of docs/probes.md. */
import type { z } from 'zod';
import { openBrowser } from './browser/probe.ts';
import { browserSpec } from './browser/spec.ts';
import { openClock } from './clock/probe.ts';
import { clockSpec } from './clock/spec.ts';
import { openHttp } from './http/probe.ts';
import { httpSpec, phaseLimitsOf } from './http/spec.ts';
import type { Measure, Mode, ProbeEnvironment, ProbeKind } from './kind.ts';
import { openMarketData } from './market-data/probe.ts';
import { marketDataSpec } from './market-data/spec.ts';
import { openPaperOrder } from './paper-order/probe.ts';
import { orderMeasures, paperOrderSpec } from './paper-order/spec.ts';
import type { Probe } from './probe.ts';
import { openSignal } from './signal/probe.ts';
import { signalSpec } from './signal/spec.ts';

/** Lets each entry keep its own types. */
function kind<S extends z.ZodObject>(entry: ProbeKind<S>): ProbeKind<S> {
  return entry;
}

export const KINDS = {
  http: kind({ schema: httpSpec, open: openHttp, measures: () => ['latency'], limits: phaseLimitsOf }),
  'market-data': kind({
    schema: marketDataSpec,
    open: openMarketData,
    measures: () => ['tick-age', 'newest-age'],
    limits: (spec) => [spec.staleAfter],
    modeOf: (spec) => spec.mode,
  }),
  'paper-order': kind({
    schema: paperOrderSpec,
    open: openPaperOrder,
    measures: orderMeasures,
    limits: (spec) => [spec.ackDeadline, spec.fillDeadline],
  }),
  signal: kind({
    schema: signalSpec,
    open: openSignal,
    measures: () => ['signal-age'],
    limits: ({ matchWithin, silentAfter }) => [matchWithin, ...(silentAfter === undefined ? [] : [silentAfter])],
    modeOf: () => 'continuous',
  }),
  clock: kind({ schema: clockSpec, open: openClock, measures: () => [] }),
  browser: kind({ schema: browserSpec, open: openBrowser, measures: () => ['latency'] }),
};

export type KindName = keyof typeof KINDS;
/** A probe's configuration after validation, and as its user writes it. */
export type ProbeSpec = { [K in KindName]: z.output<(typeof KINDS)[K]['schema']> }[KindName];
export type ProbeInput = { [K in KindName]: z.input<(typeof KINDS)[K]['schema']> }[KindName];

export function openProbe(spec: ProbeSpec, environment: ProbeEnvironment): Probe {
  const kind: ProbeKind = KINDS[spec.kind];
  return kind.open(spec, environment);
}

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
