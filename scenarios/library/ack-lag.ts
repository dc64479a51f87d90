import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

export default defineScenario({
  id: 'ack-lag',
  title: 'Order acknowledgement slowdown',
  objective:
    'A slow way to the exchange is seen in the time that orders take to be acknowledged, and ends with its cause.',
  component: 'order-execution',
  recoveryGoal: '10m',
  timebox: '30m',
  budget: '${BUDGET:-50%}',
  settle: '5m',
  roles: ROLES,
  communications: planOf('orders to the primary exchange are acknowledged late', '30 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [
    { name: 'orders complete', probe: '${ORDER_PROBE:-paper-primary}', outcome: 'good', of: 3 },
    {
      name: 'orders are acknowledged in time',
      probe: '${ORDER_PROBE:-paper-primary}',
      indicator: 'ack',
      quantile: '0.95',
      atMost: '250ms',
      over: 3,
    },
  ],
  steps: [
    {
      inject: {
        id: 'slow-gateway',
        fault: { type: 'latency', delay: '600ms', jitter: '50ms', roundTrip: true },
        target: { injector: 'toxiproxy', name: '${GATEWAY_PROXY:-gateway}' },
      },
    },
    {
      wait: {
        for: {
          name: 'ack p95 above 250 ms',
          probe: '${ORDER_PROBE:-paper-primary}',
          indicator: 'ack',
          quantile: '0.95',
          above: '250ms',
          over: 3,
        },
        within: '5m',
        mark: 'detected',
      },
    },
    { hold: { for: '${HOLD:-5s}' } },
    { lift: { fault: 'slow-gateway' } },
    { wait: { for: 'hypothesis', within: '5m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault', 'recovered-after-lift'],
});
