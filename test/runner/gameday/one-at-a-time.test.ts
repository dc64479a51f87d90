import { expect, test } from 'vitest';
import { standingBefore } from '../../../runner/gameday/one-at-a-time.ts';
import type { Injector } from '../../../scenarios/injector.ts';
import { parseScenario } from '../../../scenarios/scenario.ts';
import { injections } from '../../../scenarios/step.ts';

const none = () => Promise.reject(new Error('not to be asked'));
const injector = (isExclusive: boolean): Injector => ({
  kind: 'netem',
  isExclusive,
  check: none,
  prepare: none,
  inject: none,
  undo: none,
});

const inject = (id: string, name = 'line') => ({
  inject: { id, fault: { type: 'partition' }, target: { injector: 'netem', name } },
});
const lift = (fault: string) => ({ lift: { fault } });

function standing(steps: readonly object[], isExclusive = true): Record<string, string | null> {
  const hypothesis = [{ name: 'it answers', probe: 'shop', outcome: 'good' }];
  const parsed = parseScenario({ id: 'x', title: 'x', objective: 'x', component: 'shop', hypothesis, steps }, 'x');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { scenario } = parsed;
  return Object.fromEntries(
    injections(scenario.steps).map((step) => [step.id, standingBefore(step, scenario, injector(isExclusive))]),
  );
}

test('a fault on a target on which another still stands is told, by the name of that one', () => {
  expect(standing([inject('a'), inject('b'), lift('b'), lift('a')])).toEqual({ a: null, b: 'a' });
  expect(standing([inject('a'), lift('a'), inject('b'), lift('b')])).toEqual({ a: null, b: null });
  expect(standing([inject('a'), inject('b', 'other'), lift('b'), lift('a')])).toEqual({ a: null, b: null });
});

test('branches of one group may meet at any moment', () => {
  const branches = [
    [inject('a'), lift('a')],
    [inject('b'), lift('b'), inject('c', 'other'), lift('c')],
  ];
  expect(standing([{ parallel: branches }])).toEqual({ a: 'b', b: 'a', c: null });
});

test('an injector that takes several has nothing against it', () => {
  expect(standing([inject('a'), inject('b'), lift('b'), lift('a')], false)).toEqual({ a: null, b: null });
});
