import { defineScenario } from '../scenario.ts';
import { planOf, ROLES } from '../shipped.ts';

/** An exchange whose clock loses time: its ticks arrive as quickly as ever, and look older and older. */
export default defineScenario({
  id: 'clock-drift',
  title: "The primary exchange's clock drifts",
  objective:
    'Ticks that look older and older are seen, the venue leaves that feed for its backup, and returns once the clock is right.',
  component: 'market-data',
  recoveryGoal: '3m',
  timebox: '15m',
  budget: '${BUDGET:-50%}',
  settle: '1m',
  roles: ROLES,
  communications: planOf("the primary exchange's clock loses time", '15 minutes'),
  hypothesis: [
    { name: 'ticks arrive', probe: '${TICKS_PROBE:-ticks}', outcome: 'good', of: 2 },
    {
      name: 'ticks are fresh',
      probe: '${TICKS_PROBE:-ticks}',
      indicator: 'tick-age',
      quantile: '0.99',
      atMost: '750ms',
      over: 2,
    },
  ],
  watch: [
    {
      id: 'feed-is-primary',
      kind: 'http',
      url: '${VENUE_URL}/health',
      every: '500ms',
      timeout: '2s',
      expect: [{ json: { path: '$.feed', equals: 'primary' } }],
    },
    {
      id: 'feed-is-backup',
      kind: 'http',
      url: '${VENUE_URL}/health',
      every: '500ms',
      timeout: '2s',
      expect: [{ json: { path: '$.feed', equals: 'backup' } }],
    },
  ],
  degradedMode: {
    entered: {
      when: { name: 'the venue is on its backup feed', probe: 'feed-is-backup', outcome: 'good', of: 2 },
      within: '1m',
    },
    left: {
      when: { name: 'the venue is back on its primary feed', probe: 'feed-is-primary', outcome: 'good', of: 2 },
      within: '1m',
    },
  },
  steps: [
    {
      inject: {
        id: 'drift',
        fault: { type: 'call' },
        target: { injector: 'http', name: '${DRIFT_TARGET:-clock-drift}' },
      },
    },
    {
      wait: {
        for: {
          name: 'the probes see old ticks',
          probe: '${TICKS_PROBE:-ticks}',
          indicator: 'tick-age',
          quantile: '1',
          above: '750ms',
        },
        within: '1m',
        mark: 'detected',
      },
    },
    { wait: { for: 'hypothesis', within: '1m', mark: 'mitigated' } },
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'drift' } },
    { wait: { for: 'hypothesis', within: '1m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault'],
});
