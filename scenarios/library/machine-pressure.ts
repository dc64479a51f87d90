import { defineScenario } from '../scenario.ts';
import { planOf, ROLES } from '../shipped.ts';

/**
 * One after the other: processors, memory, disk. The prober stands on the same machine, so that it is asked for a share
 * that leaves it room; where it has none, the exercise ends by itself instead of measuring its own need.
 */
export default defineScenario({
  id: 'machine-pressure',
  title: 'Pressure on processors, memory and disk',
  objective:
    'The API keeps its latency while a part of the machine is taken away, or comes back to it as soon as it has it again.',
  component: 'client-api',
  recoveryGoal: '10m',
  timebox: '30m',
  budget: '${BUDGET:-10%}',
  settle: '1m',
  roles: ROLES,
  communications: planOf('processors, memory and disk of a machine are short', '30 minutes'),
  hypothesis: [
    { name: 'the API answers', probe: '${API_PROBE:-api-status}', outcome: 'good', of: 5, atLeast: 4 },
    {
      name: 'the API is quick',
      probe: '${API_PROBE:-api-status}',
      indicator: 'latency',
      quantile: '0.5',
      atMost: '${QUICK:-250ms}',
      over: 5,
    },
  ],
  steps: [
    {
      inject: {
        id: 'processors',
        fault: { type: 'cpuLoad', workers: 1, load: '${CPU:-60%}' },
        target: { injector: 'stress', name: '${MACHINE:-machine}' },
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'processors' } },
    {
      inject: {
        id: 'memory',
        fault: { type: 'memoryPressure', share: '${MEMORY:-20%}' },
        target: { injector: 'stress', name: '${MACHINE:-machine}' },
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'memory' } },
    {
      inject: {
        id: 'disk',
        fault: { type: 'ioPressure', workers: 1, megabytes: 64 },
        target: { injector: 'stress', name: '${MACHINE:-machine}' },
      },
    },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'disk' } },
    { wait: { for: 'hypothesis', within: '1m', mark: 'recovered' } },
  ],
  pass: ['held', 'recovered-despite-fault', 'recovered-after-lift'],
});
