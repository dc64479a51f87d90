/** Which interval a probe runs at. Pure: state and colour in, state and interval out. */
import type { Colour } from '../../slo/objective.ts';
import { autoIntervalMs } from '../../slo/sampling.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { Cadence } from '../../store/result.ts';
import type { PlannedProbe } from '../config/configuration.ts';

/** The rate a service is sampled at, which follows its colour but falls back only after a hold. */
export interface ServicePace {
  readonly cadence: Exclude<Cadence, 'gameday' | 'once'>;
  /** Monotonic ms since which the colour has been Green without a break; null while it is not. */
  readonly greenSinceMs: number | null;
}

export const INITIAL_PACE: ServicePace = { cadence: 'green', greenSinceMs: null };

/**
 * Yellow and Red raise at once; nothing but a Green that has lasted `holdMs` lowers, so that a colour that flickers does not
 * make the sampling flicker. Unknown changes nothing: silence is no reason to look away.
 */
export function nextPace(pace: ServicePace, colour: Colour, nowMs: number, holdMs: number): ServicePace {
  if (colour === 'unknown') return { cadence: pace.cadence, greenSinceMs: null };
  if (colour !== 'green') return { cadence: pace.cadence === 'red' ? 'red' : colour, greenSinceMs: null };
  const greenSinceMs = pace.greenSinceMs ?? nowMs;
  const held = pace.cadence === 'green' || nowMs - greenSinceMs >= holdMs;
  return { cadence: held ? 'green' : pace.cadence, greenSinceMs };
}

/**
 * @param autoMs what `yellow: auto` comes to for this probe, ms
 * @returns milliseconds, an integer; null for a probe on a calendar
 */
export function intervalMs(probe: PlannedProbe, cadence: Cadence, autoMs: number): number | null {
  const { everyMs } = probe;
  if (everyMs === null) return null;
  const yellowMs = probe.yellow === 'auto' ? Math.min(everyMs, Math.max(probe.floorMs, autoMs)) : probe.yellow;
  const redMs = probe.redMs ?? yellowMs;
  switch (cadence) {
    case 'yellow':
      return whole(yellowMs);
    case 'red':
      return whole(redMs);
    case 'gameday':
      return whole(Math.min(everyMs, yellowMs, redMs));
    default:
      return whole(everyMs);
  }
}

/** Weights are whole milliseconds; an interval of none of them would be due for ever. */
function whole(ms: number): number {
  return Math.max(1, Math.round(ms));
}

/** What `yellow: auto` comes to for a probe, ms. @param burning targets of its service's Yellow and Red objectives */
export function yellowAutoMs(probe: PlannedProbe, baseMs: number, base: TimeBase, burning: readonly string[]): number {
  return autoIntervalMs({ baseMs, burning, shortestMs: probe.floorMs, base });
}
