import type { ProbeEnvironment } from '../kind.ts';
import { NO_PHASES, type Probe } from '../probe.ts';
import type { PaperOrderSpec } from './spec.ts';

export function openPaperOrder(spec: PaperOrderSpec, _environment: ProbeEnvironment): Probe {
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
