import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

/** Killed as often as its supervisor has started it: what it must not forget has to survive each of its deaths. */
export default defineScenario({
  id: 'crash-loop',
  title: 'The venue crashes again and again',
  objective:
    'A venue that is killed as often as it is back is seen within a minute, comes back by itself, and has lost no order.',
  component: 'client-api',
  recoveryGoal: '10m',
  timebox: '30m',
  budget: '${BUDGET:-10%}',
  settle: '1m',
  roles: ROLES,
  communications: planOf('the venue is killed as often as it is back', '30 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [{ name: 'the API answers', probe: '${API_PROBE:-api-status}', outcome: 'good', of: 3 }],
  steps: [
    {
      inject: {
        id: 'crashes',
        fault: { type: 'crashLoop', every: '${EVERY:-3s}' },
        target: { injector: 'process', name: '${VENUE_PROCESS:-venue}' },
      },
    },
    {
      wait: {
        // A supervisor that is quick leaves one request to fail a crash: two of those that span two crashes.
        for: { name: 'requests fail', probe: '${API_PROBE:-api-status}', outcome: 'bad', of: 10, atLeast: 2 },
        within: '1m',
        mark: 'detected',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'crashes' } },
    { wait: { for: 'hypothesis', within: '1m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault', 'recovered-after-lift'],
});
