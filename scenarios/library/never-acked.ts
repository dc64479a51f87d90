import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

/** The worst answer is none: nobody knows whether such an order will still be executed, so that it has to be cancelled. */
export default defineScenario({
  id: 'never-acked',
  title: 'Orders are never acknowledged',
  objective:
    'Orders without an acknowledgement are seen within their deadline, are cancelled, and none of them stays open.',
  component: 'order-execution',
  recoveryGoal: '15m',
  timebox: '30m',
  budget: '${BUDGET:-50%}',
  settle: '2m',
  roles: ROLES,
  communications: planOf('the primary exchange acknowledges no order', '30 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [{ name: 'orders are acknowledged', probe: '${PRIMARY_PROBE:-paper-primary}', outcome: 'good', of: 3 }],
  steps: [
    {
      inject: {
        id: 'silence',
        fault: { type: 'call' },
        target: { injector: 'http', name: '${NEVER_ACK_TARGET:-never-ack}' },
      },
    },
    {
      wait: {
        for: { name: 'orders are not acknowledged', probe: '${PRIMARY_PROBE:-paper-primary}', outcome: 'bad', of: 2 },
        within: '3m',
        mark: 'detected',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'silence' } },
    { wait: { for: 'hypothesis', within: '2m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault', 'recovered-after-lift'],
});
