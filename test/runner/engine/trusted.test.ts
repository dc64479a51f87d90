import { describe, expect, it } from 'vitest';
import { standingOf } from '../../../probes/clock/standing.ts';
import { NO_PHASES, type CountReading, type Observation } from '../../../probes/probe.ts';
import { trusted } from '../../../runner/engine/trusted.ts';

const ticks: CountReading = {
  type: 'counts',
  indicator: 'tick-age',
  atMs: 0,
  valid: 10,
  within: {},
  weigh: 'each',
  p50Ms: 1,
  p99Ms: 1,
  maxMs: 1,
};
const seen: Observation = {
  outcome: 'good',
  reason: null,
  detail: null,
  phases: NO_PHASES,
  readings: [ticks],
  values: { ticks: 10 },
};
const off = (offsetMs: number) => standingOf({ offsetMs, boundMs: 0.5, stratum: 2, leap: 'normal', source: 'ntp' });

describe('a run whose figures need the wall clock', () => {
  it('carries offset and bound', () => {
    const { values, outcome } = trusted(seen, { standing: off(-3), jumpMs: null });
    expect(values).toEqual({ ticks: 10, clockVerified: 1, clockOffsetMs: -3, clockBoundMs: 0.5 });
    expect(outcome).toBe('good');
  });

  it('counts where nothing knows the clock, and is marked unverified', () => {
    const { values, outcome } = trusted(seen, { standing: standingOf({ unreadable: 'no chrony' }), jumpMs: null });
    expect(values).toEqual({ ticks: 10, clockVerified: 0, clockOffsetMs: null, clockBoundMs: null });
    expect(outcome).toBe('good');
  });

  it('still counts at the very limit, and is the prober’s fault beyond it', () => {
    expect(trusted(seen, { standing: off(50), jumpMs: null }).outcome).toBe('good');
    expect(trusted(seen, { standing: off(50.001), jumpMs: null })).toMatchObject({
      outcome: 'fault',
      reason: 'clock',
      detail:
        '50.001 ms fast, ± 0.500 ms, stratum 2 by ntp, leap normal; beyond 50 ms: ages cannot be measured here (found: good)',
      readings: [ticks],
    });
  });

  it('is the prober’s fault when the clock jumped meanwhile, in either direction', () => {
    for (const jumpMs of [-21, 4000]) {
      expect(trusted({ ...seen, outcome: 'bad', reason: 'stale' }, { standing: off(0), jumpMs })).toMatchObject({
        outcome: 'fault',
        reason: 'clock',
        detail: `this machine's clock jumped by ${jumpMs.toFixed(1)} ms (found: bad, stale)`,
      });
    }
  });

  it('is bad by any clock when the venue did not answer', () => {
    const down: Observation = { ...seen, outcome: 'bad', reason: 'connect-refused', readings: [] };
    expect(trusted(down, { standing: off(500), jumpMs: -30 })).toMatchObject({
      outcome: 'bad',
      reason: 'connect-refused',
    });
  });
});
