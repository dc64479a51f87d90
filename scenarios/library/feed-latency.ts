import { defineScenario } from '../scenario.ts';
import { planOf, ROLES } from '../shipped.ts';

/**
 * A venue that gives a feed up after two seconds is silent for two seconds. The age of the newest data is sampled each
 * second (of real time, at scale 1), so at least one sample finds it older than one second: 750 ms is seen to be exceeded,
 * whatever the phase of the sampling.
 */
export default defineScenario({
  id: 'feed-latency',
  title: 'Market-data feed latency spike',
  objective: 'The venue leaves a primary feed that turns slow for its backup, by itself, and returns to it afterwards.',
  component: 'market-data',
  recoveryGoal: '2m',
  timebox: '15m',
  budget: '${BUDGET:-50%}',
  settle: '1m',
  roles: ROLES,
  communications: planOf('the primary market-data feed comes five seconds late', '15 minutes'),
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
    {
      name: 'data is never long silent',
      probe: '${TICKS_PROBE:-ticks}',
      indicator: 'newest-age',
      quantile: '1',
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
  steps: [
    {
      inject: {
        id: 'slow-feed',
        fault: { type: 'latency', delay: '5s', jitter: '500ms' },
        target: { injector: 'toxiproxy', name: '${FEED_PROXY:-feed}' },
      },
    },
    {
      wait: {
        for: {
          name: 'the probes see old or missing ticks',
          anyOf: [
            { probe: '${TICKS_PROBE:-ticks}', indicator: 'tick-age', quantile: '1', above: '750ms' },
            { probe: '${TICKS_PROBE:-ticks}', indicator: 'newest-age', quantile: '1', above: '750ms' },
            { probe: '${TICKS_PROBE:-ticks}', outcome: 'bad' },
          ],
        },
        within: '1m',
        mark: 'detected',
      },
    },
    {
      wait: {
        for: { name: 'the venue is on its backup feed', probe: 'feed-is-backup', outcome: 'good', of: 2 },
        within: '2m',
      },
    },
    { wait: { for: 'hypothesis', within: '1m', mark: 'mitigated' } },
    { hold: { for: '5s' } },
    { lift: { fault: 'slow-feed' } },
    {
      wait: {
        for: { name: 'the venue is back on its primary feed', probe: 'feed-is-primary', outcome: 'good', of: 2 },
        within: '1m',
      },
    },
    { wait: { for: 'hypothesis', within: '1m', mark: 'recovered' } },
  ],
  pass: ['recovered-despite-fault'],
});
