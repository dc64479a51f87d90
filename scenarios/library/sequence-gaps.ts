import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

/** The feed goes on, quick and fresh, and some of its numbers never come: whoever counts them notices, nobody else does. */
export default defineScenario({
  id: 'sequence-gaps',
  title: 'Sequence gaps in market data',
  objective:
    'Ticks that are missing are seen by their numbers, within a minute, and the sequence is whole again afterwards.',
  component: 'market-data',
  recoveryGoal: '5m',
  timebox: '15m',
  budget: '${BUDGET:-50%}',
  settle: '1m',
  goals: { impact: '1m' },
  roles: ROLES,
  communications: planOf('ticks are missing in the primary feed', '15 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [{ name: 'ticks come without a gap', probe: '${TICKS_PROBE:-ticks}', outcome: 'good', of: 3 }],
  steps: [
    {
      inject: {
        id: 'gaps',
        fault: { type: 'call' },
        target: { injector: 'http', name: '${GAPS_TARGET:-sequence-gaps}' },
      },
    },
    {
      wait: {
        for: { name: 'gaps are seen', probe: '${TICKS_PROBE:-ticks}', outcome: 'bad', of: 2 },
        within: '1m',
        mark: 'detected',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'gaps' } },
    { wait: { for: 'hypothesis', within: '1m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault', 'recovered-after-lift'],
});
