import { defineScenario } from '../scenario.ts';
import { planOf, ROLES } from '../shipped.ts';

/**
 * The connection stays open and nothing comes: what a frozen feed handler looks like. Nobody is told by an error, so that
 * only a watch over the age of the data can notice.
 */
export default defineScenario({
  id: 'silent-feed',
  title: 'The primary market-data feed falls silent',
  objective: 'The venue notices a feed that is connected and says nothing, and leaves it for its backup by itself.',
  component: 'market-data',
  recoveryGoal: '2m',
  timebox: '15m',
  budget: '${BUDGET:-50%}',
  settle: '1m',
  roles: ROLES,
  communications: planOf('the primary market-data feed is connected and says nothing', '15 minutes'),
  hypothesis: [
    { name: 'ticks arrive', probe: '${TICKS_PROBE:-ticks}', outcome: 'good', of: 2 },
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
        id: 'silence',
        fault: { type: 'blackhole' },
        target: { injector: 'toxiproxy', name: '${FEED_PROXY:-feed}' },
      },
    },
    {
      wait: {
        for: {
          name: 'the probes see the silence',
          anyOf: [
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
    { hold: { for: '${HOLD:-30s}' } },
    { lift: { fault: 'silence' } },
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
