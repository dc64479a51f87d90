/** The verdict on the prober's own clock, for runs whose figures need it. */
import type { Observation } from '../../probes/probe.ts';
import type { ClockTrust } from '../clock-watch.ts';

/**
 * Beyond its limits, or after a jump in that stretch, ages are this machine's fault and not the service's. Where nothing
 * knows the clock, figures count and say so: `clockVerified` 0. Offset and bound travel with every run, in milliseconds.
 */
export function trusted(observation: Observation, { standing, jumpMs }: ClockTrust): Observation {
  const { reading, state } = standing;
  const values = {
    ...observation.values,
    clockVerified: state === 'unverified' ? 0 : 1,
    clockOffsetMs: reading?.offsetMs ?? null,
    clockBoundMs: reading?.boundMs ?? null,
  };
  const why =
    jumpMs !== null
      ? `this machine's clock jumped by ${jumpMs.toFixed(1)} ms`
      : state === 'quarantine'
        ? standing.text
        : null;
  if (why === null || !reliesOnClock(observation)) return { ...observation, values };
  const found = observation.reason === null ? observation.outcome : `${observation.outcome}, ${observation.reason}`;
  return { ...observation, values, outcome: 'fault', reason: 'clock', detail: `${why} (found: ${found})` };
}

/** A venue that did not answer is down by any clock. */
function reliesOnClock({ outcome, readings }: Observation): boolean {
  if (outcome === 'fault') return false;
  return outcome !== 'bad' || readings.some((reading) => reading.type === 'counts' && reading.valid > 0);
}
