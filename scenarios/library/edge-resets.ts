import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

export default defineScenario({
  id: 'edge-resets',
  title: 'Connections are reset at the client edge',
  objective: 'Resets at the edge are seen as what they are, within a minute, and end with their cause.',
  component: 'client-api',
  recoveryGoal: '15m',
  timebox: '30m',
  budget: '${BUDGET:-10%}',
  settle: '1m',
  roles: ROLES,
  communications: planOf('connections are reset at the client edge', '30 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [{ name: 'the API answers', probe: '${API_PROBE:-api-status}', outcome: 'good', of: 3 }],
  steps: [
    {
      inject: {
        id: 'resets',
        fault: { type: 'reset' },
        target: { injector: 'toxiproxy', name: '${EDGE_PROXY:-edge}' },
      },
    },
    {
      wait: {
        for: { name: 'requests fail', probe: '${API_PROBE:-api-status}', outcome: 'bad', of: 2 },
        within: '1m',
        mark: 'detected',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'resets' } },
    { wait: { for: 'hypothesis', within: '1m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault', 'recovered-after-lift'],
});
