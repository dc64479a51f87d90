import type { ProbeEnvironment } from '../kind.ts';
import { NO_PHASES, type Probe } from '../probe.ts';
import type { HttpSpec } from './spec.ts';

export function openHttp(spec: HttpSpec, _environment: ProbeEnvironment): Probe {
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
