/** What the shipped exercises have in common: who takes part, and what is told to whom. Roles, not people. */
import type { ScenarioDefinition } from './scenario.ts';

export const ROLES = {
  lead: 'decides whether it begins and when it ends; has the actions that are about the exercise',
  conductor: 'starts it, watches the terminal, and has a hand on abort',
  'on-call': 'answers as on any other day',
  scribe: 'marks what people do and say (gameday mark), gaps in the run book above all',
} as const;

/** @param what is broken, as it is told before. @param longest as the timebox has it */
export function planOf(what: string, longest: string): NonNullable<ScenarioDefinition['communications']> {
  return {
    channel: '#game-days',
    audience: ['owners of the component', 'on-call', 'customer success'],
    before: `An exercise begins: ${what}, for at most ${longest}. Real trouble goes before it: say stop, and it is undone.`,
    during: 'a line at each mark, and an update every quarter of an hour',
    after: 'The exercise is over, and nothing of it is left. What did you see of it, and what was hard to see?',
  };
}

/** That a budget of the component burns, by whichever rule sees it first. */
export const A_BUDGET_BURNS: NonNullable<ScenarioDefinition['alerts']> = [
  { rule: 'burning', within: '${ALERT_WITHIN:-3m}' },
];
