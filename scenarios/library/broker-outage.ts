import { defineScenario } from '../scenario.ts';
import { A_BUDGET_BURNS, planOf, ROLES } from '../shipped.ts';

/** The steady state is the customer's: an order can be executed somewhere. That the primary broker is gone is detected beside it. */
export default defineScenario({
  id: 'broker-outage',
  title: 'The primary broker is unreachable',
  objective: 'Orders go on by the backup broker while the primary refuses connections, and return when it is back.',
  component: 'order-execution',
  recoveryGoal: '10m',
  timebox: '30m',
  budget: '${BUDGET:-50%}',
  settle: '3m',
  roles: ROLES,
  communications: planOf('the primary broker refuses connections', '30 minutes'),
  alerts: A_BUDGET_BURNS,
  hypothesis: [
    {
      name: 'orders are executed by one of the brokers',
      anyOf: [
        { probe: '${PRIMARY_PROBE:-paper-primary}', outcome: 'good', of: 2 },
        { probe: '${BACKUP_PROBE:-paper-backup}', outcome: 'good', of: 2 },
      ],
    },
  ],
  steps: [
    {
      inject: {
        id: 'outage',
        fault: { type: 'refuse' },
        target: { injector: 'toxiproxy', name: '${GATEWAY_PROXY:-gateway}' },
      },
    },
    {
      wait: {
        for: { name: 'orders to the primary fail', probe: '${PRIMARY_PROBE:-paper-primary}', outcome: 'bad' },
        within: '5m',
        mark: 'detected',
      },
    },
    {
      wait: {
        for: { name: 'the backup executes orders', probe: '${BACKUP_PROBE:-paper-backup}', outcome: 'good', of: 2 },
        within: '5m',
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'outage' } },
    {
      wait: {
        for: { name: 'the primary executes orders', probe: '${PRIMARY_PROBE:-paper-primary}', outcome: 'good', of: 2 },
        within: '5m',
      },
    },
    { wait: { for: 'hypothesis', within: '3m', mark: 'recovered' } },
  ],
  pass: ['held', 'recovered-despite-fault'],
});
