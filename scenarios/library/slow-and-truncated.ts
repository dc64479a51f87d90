import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

/** Two faults one after the other: first every answer is late, then every connection ends in the middle of its answer. */
export default defineScenario({
  id: 'slow-and-truncated',
  title: 'Slow, then truncated responses at the client edge',
  objective: 'Answers that are late are told from answers that break off, and both end with their cause.',
  component: 'client-api',
  recoveryGoal: '15m',
  timebox: '30m',
  budget: '${BUDGET:-10%}',
  settle: '1m',
  roles: ROLES,
  communications: planOf('answers at the client edge are late, then break off', '30 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [
    { name: 'the API answers', probe: '${API_PROBE:-api-status}', outcome: 'good', of: 3 },
    {
      name: 'the API is quick',
      probe: '${API_PROBE:-api-status}',
      indicator: 'latency',
      quantile: '0.95',
      atMost: '250ms',
      over: 3,
    },
  ],
  steps: [
    {
      inject: {
        id: 'slow',
        fault: { type: 'latency', delay: '${DELAY:-600ms}' },
        target: { injector: 'toxiproxy', name: '${EDGE_PROXY:-edge}' },
      },
    },
    {
      wait: {
        for: {
          name: 'answers are slow, or too late',
          anyOf: [
            { probe: '${API_PROBE:-api-status}', indicator: 'latency', quantile: '1', above: '250ms' },
            { probe: '${API_PROBE:-api-status}', outcome: 'bad' },
          ],
        },
        within: '1m',
        mark: 'detected',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'slow' } },
    { wait: { for: 'hypothesis', within: '1m' } },
    {
      inject: {
        id: 'truncated',
        fault: { type: 'cutAfter', bytes: 64 },
        target: { injector: 'toxiproxy', name: '${EDGE_PROXY:-edge}' },
      },
    },
    {
      wait: {
        for: { name: 'answers break off', probe: '${API_PROBE:-api-status}', outcome: 'bad', of: 2 },
        within: '1m',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'truncated' } },
    { wait: { for: 'hypothesis', within: '1m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault', 'recovered-after-lift'],
});
