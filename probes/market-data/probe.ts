import type { ProbeEnvironment } from '../kind.ts';
import { NO_PHASES, type Probe } from '../probe.ts';
import type { MarketDataSpec } from './spec.ts';

export function openMarketData(spec: MarketDataSpec, _environment: ProbeEnvironment): Probe {
  return {
    run: () =>
      Promise.resolve({
        outcome: 'fault',
        reason: 'internal',
        detail: `${spec.kind} probes cannot run yet`,
        phases: NO_PHASES,
        readings: [],
        values: {},
      }),
  };
}
