import type { Condition } from '../../scenarios/condition.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { flatSteps } from '../../scenarios/step.ts';

/** Every condition that a scenario names, wherever it stands. */
export function conditionsOf(scenario: Scenario): readonly Condition[] {
  const { hypothesis, abort, success, prerequisites, degradedMode, steps } = scenario;
  const waits = flatSteps(steps).flatMap((step) =>
    step.type === 'wait' && step.for !== 'hypothesis' ? [step.for] : [],
  );
  const mode = degradedMode === null ? [] : [degradedMode.entered.when, degradedMode.left.when];
  const required = prerequisites.filter((each) => typeof each !== 'string');
  return [...hypothesis, ...abort, ...required, ...waits, ...mode, ...success];
}
