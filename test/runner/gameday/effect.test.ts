/** Whether a fault did anything: what is said where it is counted, where it is proven, and where nobody can tell. */
import { describe, expect, test } from 'vitest';
import { crossingEffect } from '../../../runner/gameday/effect.ts';
import { judgeExercise, type Findings } from '../../../runner/gameday/verdict.ts';
import type { Effect } from '../../../scenarios/injector.ts';
import type { Say } from './world.ts';
import { exercise, problem, World } from './world.ts';

const crossing = (bytes: number, connections: number, cut: number) => ({ bytes, connections, cut });
const LATENCY = { type: 'latency' } as const;
const REFUSE = { type: 'refuse' } as const;

describe('what crossed a fault', () => {
  test.each([
    ['bytes', LATENCY, crossing(1000, 3, 0), true, '1000 bytes crossed the fault'],
    ['connections that said nothing', LATENCY, crossing(0, 3, 0), true, '3 connections reached it'],
    [
      'what was cut',
      { type: 'reset' } as const,
      crossing(70, 5, 5),
      true,
      'the fault cut 5 connections, and 70 bytes crossed it',
    ],
    ['nothing', LATENCY, crossing(0, 0, 0), false, 'nothing crossed the fault'],
    [
      'what a closed port cut',
      REFUSE,
      crossing(0, 0, 1),
      true,
      'the fault cut 1 connection and refused new ones, and 0 bytes crossed it',
    ],
    [
      'what a closed port may have refused',
      REFUSE,
      crossing(0, 0, 0),
      null,
      'no connection was open, and what a closed port refuses is not counted',
    ],
    ['what nobody counts', LATENCY, null, null, 'nothing counts what crosses it'],
  ])('is told: %s', (_, fault, crossed, bit, says) => {
    expect(crossingEffect(fault, crossed, 'connection')).toEqual({ bit, says });
  });

  test('is told in packets where it is packets that were cut', () => {
    const { says } = crossingEffect({ type: 'packetLoss' }, crossing(500, 0, 7), 'packet');
    expect(says).toBe('the fault cut 7 packets, and 500 bytes crossed it');
  });
});

test('counters that begin anew meanwhile have measured nothing', async () => {
  const world = new World();
  world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
  world.crossing = { bytes: 5000, connections: 9, cut: 0 };
  world.traffic = -4000;
  expect((await world.conduct(exercise())).detail).toBe(
    'the steady state held; effect not measured (nothing counts what crosses it)',
  );
});

const proves = (effect: Effect): World => {
  const world = new World();
  world.probes = { shop: { everyMs: 1000, say: () => 'good' } };
  world.injector = { ...world.injector, proof: () => Promise.resolve({ ok: true, value: effect }) };
  return world;
};

describe('a proof of its injector', () => {
  test('goes before what crossed, and stands in verdict and journal', async () => {
    const effect = { bit: true, says: 'process 7 stands still' };
    const world = proves(effect);
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({ verdict: 'held', detail: 'the steady state held while process 7 stands still' });
    expect(world.entries.find(({ type }) => type === 'lifted')).toMatchObject({ effect });
  });

  test('that it did nothing is no effect, whatever the steady state', async () => {
    const outcome = await proves({ bit: false, says: 'stress-ng has used 0.0 s of processor time' }).conduct(
      exercise(),
    );
    expect(outcome).toMatchObject({ verdict: 'no-effect', passed: false });
    expect(outcome.detail).toMatch(/^stress-ng has used 0\.0 s of processor time, so nothing was learned/);
  });

  test('that cannot be had is said, and claims nothing', async () => {
    const world = proves({ bit: true, says: '' });
    world.injector = { ...world.injector, proof: () => Promise.resolve(problem('unreachable', 'proof: no answer')) };
    const outcome = await world.conduct(exercise());
    expect(outcome).toMatchObject({
      verdict: 'held',
      detail: 'the steady state held; effect not measured (proof: no answer)',
    });
  });

  test('that is missing leaves a question where something broke', async () => {
    const world = proves({ bit: false, says: 'rejects is still 4' });
    const bad: Say = (w) => (w.isFaulty ? 'bad' : 'good');
    world.probes = { shop: { everyMs: 1000, say: bad } };
    const outcome = await world.conduct(exercise());
    expect(outcome.verdict).toBe('recovered-after-lift');
    expect(outcome.detail).toContain('rejects is still 4, so that something else may have broken it');
  });
});

test('of several faults, one that did nothing is no pass although the others did', () => {
  const found: Findings = {
    injectedAtMs: 0,
    lastLiftedAtMs: 3000,
    hasBroken: false,
    detectedAtMs: null,
    atLift: 'met',
    heldAgainAtMs: null,
    mitigatedAtMs: null,
    recoveredAtMs: 4000,
    atEnd: 'met',
    effects: [
      { fault: 'processors', bit: true, says: 'stress-ng has used 9.0 s of processor time' },
      { fault: 'memory', bit: false, says: 'stress-ng holds 0 MB of 64 MB asked for' },
    ],
    unmet: [],
  };
  expect(judgeExercise(found, { pass: ['held'], recoveryGoalMs: null })).toMatchObject({
    verdict: 'held',
    passed: false,
    detail:
      'the steady state held while processors: stress-ng has used 9.0 s of processor time; memory: stress-ng holds 0 MB of 64 MB asked for; memory had no effect: stress-ng holds 0 MB of 64 MB asked for',
  });
});
