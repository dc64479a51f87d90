import type { Condition } from '../../scenarios/condition.ts';
import type { Scenario } from '../../scenarios/scenario.ts';

/** Every condition that a scenario names, wherever it stands. */
export function conditionsOf(scenario: Scenario): readonly Condition[] {
  const waits = scenario.steps.flatMap((step) => (step.type === 'wait' && step.for !== 'hypothesis' ? [step.for] : []));
  return [...scenario.hypothesis, ...scenario.abort, ...waits];
}
