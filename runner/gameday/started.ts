import type { ConductOptions } from './conductor.ts';

/** The first line of a journal: what is to be done, where, and by whose leave. */
export function startedEntry(options: ConductOptions) {
  const { scenario, environment, location, timeScale, obligation, seed, approval = null } = options;
  const { id, title, objective, component, timeboxMs, recoveryGoalMs } = scenario;
  return {
    type: 'started' as const,
    scenario: id,
    title,
    objective,
    component,
    environment,
    location,
    timeScale,
    timeboxMs,
    recoveryGoalMs,
    obligation,
    seed,
    approval,
  };
}
