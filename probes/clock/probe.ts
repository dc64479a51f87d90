import type { ProbeEnvironment } from '../kind.ts';
import { fault, GOOD, type Verdict } from '../network.ts';
import { NO_PHASES, type Probe } from '../probe.ts';
import { LEAP_STATES, readTracking } from './chrony.ts';
import { limitsOf, type ClockSpec } from './spec.ts';
import { standingOf, type ClockStanding } from './standing.ts';

/** Asks this machine's clock source how wrong the clock is. What it finds is about the prober, never about a service. */
export function openClock(spec: ClockSpec, environment: ProbeEnvironment): Probe {
  const limits = limitsOf(spec);
  return {
    async run(ctx) {
      const read = await readTracking({ command: spec.command, path: environment.path, signal: ctx.signal });
      const standing = standingOf(read, limits);
      return { ...verdictOf(standing), phases: NO_PHASES, readings: [], values: valuesOf(standing) };
    },
  };
}

function verdictOf({ state, text }: ClockStanding): Verdict {
  if (state === 'unverified') return fault('clock-unverified', text);
  if (state === 'quarantine') return fault('clock', text);
  return state === 'good' ? GOOD : { ...GOOD, detail: text };
}

function valuesOf({ reading }: ClockStanding): Readonly<Record<string, number>> {
  if (reading === null) return {};
  const { offsetMs, boundMs, stratum, leap } = reading;
  return { offsetMs, boundMs, stratum, leap: LEAP_STATES.indexOf(leap) };
}
