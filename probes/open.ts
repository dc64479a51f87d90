/** How a probe of each kind is opened; what it is told stands in `kinds.ts`. */
import { openBrowser } from './browser/probe.ts';
import { openClock } from './clock/probe.ts';
import { openHttp } from './http/probe.ts';
import type { ProbeEnvironment } from './kind.ts';
import type { KindName, ProbeSpec } from './kinds.ts';
import { openMarketData } from './market-data/probe.ts';
import { openPaperOrder } from './paper-order/probe.ts';
import type { Probe } from './probe.ts';
import { openSignal } from './signal/probe.ts';

type Open<K extends KindName> = (spec: Extract<ProbeSpec, { kind: K }>, environment: ProbeEnvironment) => Probe;

const OPEN: { readonly [K in KindName]: Open<K> } = {
  http: openHttp,
  'market-data': openMarketData,
  'paper-order': openPaperOrder,
  signal: openSignal,
  clock: openClock,
  browser: openBrowser,
};

/** Opens no socket: the first run does. */
export function openProbe<K extends KindName>(
  spec: Extract<ProbeSpec, { kind: K }>,
  environment: ProbeEnvironment,
): Probe {
  const open: Open<K> = OPEN[spec.kind];
  return open(spec, environment);
}
