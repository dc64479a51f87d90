import { expect, it } from 'vitest';
import type { ClockReading } from '../../../probes/clock/chrony.ts';
import { openClock } from '../../../probes/clock/probe.ts';
import { clockSpec } from '../../../probes/clock/spec.ts';
import { standingOf } from '../../../probes/clock/standing.ts';
import { testContext, testEnvironment } from '../context.ts';

function reading(part: Partial<ClockReading> = {}): ClockReading {
  return { offsetMs: 0.25, boundMs: 0.1, stratum: 3, leap: 'normal', source: 'ntp', ...part };
}

it.each([
  [0, 'good'],
  [24.999, 'good'],
  [25, 'warning'],
  [-25, 'warning'],
  [39.999, 'warning'],
  [40, 'severe'],
  [-50, 'severe'],
  [50.001, 'quarantine'],
  [-3_600_000, 'quarantine'],
] as const)('an offset of %d ms is %s', (offsetMs, state) => {
  expect(standingOf(reading({ offsetMs })).state).toBe(state);
});

it('an offset that its source does not know well enough proves nothing', () => {
  expect(standingOf(reading({ boundMs: 51 }))).toMatchObject({
    state: 'unverified',
    text: '0.250 ms fast, ± 51.000 ms, stratum 3 by ntp, leap normal; the bound is beyond 50 ms, so the offset proves nothing',
  });
});

it('a daemon without a source proves nothing', () => {
  const standing = standingOf(reading({ leap: 'not synchronised', stratum: 0, source: '', offsetMs: 0 }));
  expect(standing).toMatchObject({
    state: 'unverified',
    text: '0.000 ms fast, ± 0.100 ms, stratum 0, leap not synchronised; chrony follows no source',
  });
});

it('no reading is unverified, with the reason', () => {
  expect(standingOf({ unreadable: 'no chrony' })).toEqual({ state: 'unverified', reading: null, text: 'no chrony' });
});

/** A run of the probe against a program that prints such a line. */
function run(correctionS: number, part: object = {}) {
  const line = `A9,ntp,3,0,${correctionS},0,0,0,0,0,0.0002,0.0001,1,Normal`;
  const spec = clockSpec.parse({
    id: 'clock',
    kind: 'clock',
    service: 'prober',
    command: [process.execPath, '-e', `console.log(${JSON.stringify(line)})`],
    ...part,
  });
  return openClock(spec, testEnvironment).run(testContext());
}

it('a run of the probe carries offset, bound, stratum and leap state', async () => {
  expect(await run(-0.003)).toMatchObject({
    outcome: 'good',
    detail: null,
    values: { offsetMs: 3, boundMs: expect.closeTo(0.2, 9), stratum: 3, leap: 0 },
  });
});

it('a clock beyond its limit is the prober’s fault', async () => {
  expect(await run(0.06)).toMatchObject({
    outcome: 'fault',
    reason: 'clock',
    detail: '60.000 ms slow, ± 0.200 ms, stratum 3 by ntp, leap normal; beyond 50 ms: ages cannot be measured here',
    values: { offsetMs: -60 },
  });
});

it('a clock beyond a limit of the user’s own is one, too', async () => {
  expect(await run(0.003, { quarantine: '2ms' })).toMatchObject({ outcome: 'fault', reason: 'clock' });
});

it('a machine whose clock cannot be read says so', async () => {
  expect(await run(0, { command: ['no-such-chronyc'] })).toMatchObject({
    outcome: 'fault',
    reason: 'clock-unverified',
    values: {},
  });
});
