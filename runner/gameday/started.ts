import type { Charter } from '../../scenarios/journal.ts';
import type { ConductOptions } from './stage.ts';

/** The first line of a journal: what is to be done, where, and by whose leave. */
export function startedEntry(options: ConductOptions) {
  const {
    scenario,
    environment,
    location,
    timeScale,
    obligation,
    seed,
    approval = null,
    overspend = null,
    people = {},
    owners = [],
  } = options;
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
    ...(overspend === null ? {} : { overspend }),
    charter: charterOf(scenario),
    ...(Object.keys(people).length === 0 ? {} : { people }),
    ...(owners.length === 0 ? {} : { owners }),
  };
}

function charterOf(scenario: ConductOptions['scenario']): Charter {
  const { serves, prerequisites, roles, communications, goals, alerts, hypothesis, success, abort } = scenario;
  const { degradedMode, pass, settleMs, steadyForMs, budget } = scenario;
  const named = (conditions: readonly { readonly name: string }[]) => conditions.map(({ name }) => name);
  return {
    serves,
    prerequisites: prerequisites.map((each) => (typeof each === 'string' ? each : each.name)),
    roles,
    communications:
      communications === null
        ? null
        : {
            channel: communications.channel ?? null,
            audience: communications.audience,
            before: communications.before ?? null,
            during: communications.during ?? null,
            after: communications.after ?? null,
          },
    goals,
    alerts,
    hypothesis: named(hypothesis),
    success: named(success),
    abort: named(abort),
    degradedMode: degradedMode?.entered.when.name ?? null,
    pass,
    settleMs,
    steadyForMs,
    budget,
  };
}
