/** Ours: the continuous market-data probe with the playbook's thresholds; each run reports what came since the last. */
import { openProbe } from '../../probes/open.ts';
import type { Indicator, Threshold } from '../../probes/probe.ts';
import { systemClock } from '../../runner/clock.ts';
import { parseProbes } from '../../runner/config/probes.ts';
import { attempt, type AttemptEnvironment } from '../../runner/engine/attempt.ts';
import { watchLoop } from '../../runner/engine/loop-watch.ts';
import { seededRandom } from '../../scenarios/random.ts';
import type { Round } from '../arithmetic.ts';
import { answerOrders, Stopwatch } from '../contender.ts';

const [url = ''] = process.argv.slice(2);
const random = seededRandom(1);
const { probes, problems } = parseProbes([
  {
    id: 'ticks',
    kind: 'market-data',
    service: 'market-data',
    url,
    mode: 'continuous',
    every: '60s',
    // A machine that has no time for us must not look like a feed that is stale.
    staleAfter: '60s',
  },
]);
const [planned] = probes;
if (planned === undefined) throw new Error(JSON.stringify(problems));

/** More often than any configuration would, so that what a report costs is in the figure. */
const REPORT_MS = 200;
const LIMITS: Readonly<Partial<Record<Indicator, readonly Threshold[]>>> = {
  'tick-age': [{ ms: 1500, strict: true }],
  'newest-age': [{ ms: 3000, strict: false }],
};
const never = new AbortController().signal;
const environment: AttemptEnvironment = {
  clock: systemClock,
  loop: watchLoop(),
  // Here the loop is filled on purpose; in life a run that it held up is a prober fault.
  toleranceMs: 60_000,
  stop: never,
  redact: (text) => text,
};

answerOrders(async (ms): Promise<Round> => {
  const watch = new Stopwatch();
  const probe = openProbe(planned.spec, { clock: systemClock, random, path: '' });
  const untilMs = systemClock.monotonicMs() + ms;
  try {
    for (let ticks = 0, runs = 1; ; runs += 1) {
      const { result } = await attempt(
        {
          planned,
          probe,
          runId: `ticks/${runs.toString(36)}`,
          dueMs: systemClock.monotonicMs(),
          weightMs: 60_000,
          cadence: 'green',
          gameday: null,
          location: 'bench',
          context: {
            random,
            thresholds: (indicator) => LIMITS[indicator] ?? [],
            stepMs: 60_000,
            orders: { intend: () => Promise.resolve(), close: () => Promise.resolve() },
            verbose: false,
          },
        },
        environment,
      );
      if (result.outcome !== 'good') throw new Error(`a run was ${result.outcome}: ${result.detail}`);
      const { values } = result;
      for (const what of ['gaps', 'malformed', 'anomalies'] as const) {
        if (values[what] !== 0) throw new Error(`the feed has no ${what}, ${values[what]} were counted`);
      }
      ticks += values['ticks'] ?? 0;
      if (systemClock.monotonicMs() >= untilMs) return watch.stop(ticks);
      await systemClock.sleep(REPORT_MS, never);
    }
  } finally {
    await probe.close?.();
  }
});
