/** Shipped exercises against a world that behaves as theirs: what they are to notice is noticed in the time that their page says. */
import { expect, test } from 'vitest';
import { loadScenario } from '../../../scenarios/load.ts';
import { World } from './world.ts';

test('a venue that is back within half a second of each crash is seen to crash by its second one', async () => {
  const loaded = await loadScenario('crash-loop', {}, '/');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const world = new World();
  // Killed every three seconds, and no more than one request falls into each gap.
  const gap = 400;
  world.probes = {
    'api-status': { everyMs: 500, say: (w) => (w.isFaulty && w.faultAgeMs % 3000 < gap ? 'bad' : 'good') },
  };
  // The world has no budgets, so that nothing alerts: the exercise's alerts are the library test's to see.
  const scenario = { ...loaded.scenario, alerts: null };
  const outcome = await world.conduct(scenario, {
    injectors: new Map([['process', { ...world.injector, kind: 'process' }]]),
    permittedTargets: new Map([['process', ['venue']]]),
  });
  expect(outcome).toMatchObject({ passed: true, verdict: 'recovered-after-lift' });
  expect(outcome.detectedAfterMs).toBeGreaterThan(3_000);
  expect(outcome.detectedAfterMs).toBeLessThanOrEqual(9_000);
});
