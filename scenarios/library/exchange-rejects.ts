import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

/** Two faults one after the other: first the exchange takes fewer orders than are sent, then it turns away every one. */
export default defineScenario({
  id: 'exchange-rejects',
  title: 'The exchange limits the rate, then rejects everything',
  objective:
    'Orders that are turned away are seen as rejects, nothing of them stays open, and orders are executed again afterwards.',
  component: 'order-execution',
  recoveryGoal: '15m',
  timebox: '30m',
  budget: '${BUDGET:-50%}',
  settle: '2m',
  roles: ROLES,
  communications: planOf('the primary exchange limits the rate, then rejects every order', '30 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [{ name: 'orders are executed', probe: '${PRIMARY_PROBE:-paper-primary}', outcome: 'good', of: 3 }],
  steps: [
    {
      inject: {
        id: 'limit',
        fault: { type: 'call' },
        target: { injector: 'http', name: '${LIMIT_TARGET:-rate-limit}' },
      },
    },
    {
      wait: {
        for: {
          name: 'some orders are rejected',
          probe: '${PRIMARY_PROBE:-paper-primary}',
          outcome: 'bad',
          of: 3,
          atLeast: 1,
        },
        within: '3m',
        mark: 'detected',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'limit' } },
    { wait: { for: 'hypothesis', within: '2m' } },
    {
      inject: {
        id: 'rejects',
        fault: { type: 'call' },
        target: { injector: 'http', name: '${REJECTS_TARGET:-rejects}' },
      },
    },
    {
      wait: {
        for: { name: 'all orders are rejected', probe: '${PRIMARY_PROBE:-paper-primary}', outcome: 'bad', of: 3 },
        within: '3m',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'rejects' } },
    { wait: { for: 'hypothesis', within: '2m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault', 'recovered-after-lift'],
});
