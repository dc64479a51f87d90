/** Ours: probes as `run` runs them, each attempt with its deadline, its event-loop watch and its result. */
import { openProbe } from '../../probes/open.ts';
import { systemClock } from '../../runner/clock.ts';
import { parseProbes } from '../../runner/config/probes.ts';
import { attempt, type AttemptEnvironment } from '../../runner/engine/attempt.ts';
import { watchLoop } from '../../runner/engine/loop-watch.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { answerOrders, Stopwatch } from '../contender.ts';
import { CONCURRENCY, fromArgs } from './asked.ts';

const { url, keepAlive, ca } = fromArgs(process.argv.slice(2));
const random = seededRandom(1);

const { probes, problems } = parseProbes(
  Array.from({ length: CONCURRENCY }, (_, index) => ({
    id: `status-${index}`,
    kind: 'http',
    service: 'client-api',
    url,
    keepAlive,
    ...(ca === undefined ? {} : { ca }),
    every: '60s',
    expect: [{ status: 200 }],
  })),
);
if (problems.length > 0) throw new Error(JSON.stringify(problems));

const environment: AttemptEnvironment = {
  clock: systemClock,
  loop: watchLoop(),
  // Here the loop is filled on purpose; in life a run that it held up is a prober fault.
  toleranceMs: 60_000,
  stop: new AbortController().signal,
  redact: (text) => text,
};

const lanes = probes.map((planned) => ({
  planned,
  probe: openProbe(planned.spec, { clock: systemClock, random, path: '' }),
}));
let sequence = 0;
let connections = 0;

/** One probe, again and again until the time is up. @returns how many runs ended well; any other run is an error. */
async function lane({ planned, probe }: (typeof lanes)[number], untilMs: number): Promise<number> {
  let runs = 0;
  do {
    sequence += 1;
    const { result } = await attempt(
      {
        planned,
        probe,
        runId: `${planned.id}/${sequence.toString(36)}`,
        dueMs: systemClock.monotonicMs(),
        weightMs: 60_000,
        cadence: 'green',
        gameday: null,
        location: 'bench',
        context: {
          random,
          thresholds: () => [],
          stepMs: 60_000,
          orders: { intend: () => Promise.resolve(), close: () => Promise.resolve() },
          verbose: false,
        },
      },
      environment,
    );
    if (result.outcome !== 'good') throw new Error(`a run was ${result.outcome}: ${result.detail}`);
    const { connectMs, tlsMs, firstByteMs, transferMs } = result.phases;
    if (firstByteMs === null || transferMs === null) throw new Error('a phase was not measured');
    if (connectMs !== null) connections += 1;
    if (keepAlive ? connections > CONCURRENCY : connectMs === null) {
      throw new Error(keepAlive ? 'a connection was not kept' : 'a connection was not fresh');
    }
    if (!keepAlive && (tlsMs !== null) !== (ca !== undefined)) throw new Error('TLS was not measured');
    runs += 1;
  } while (systemClock.monotonicMs() < untilMs);
  return runs;
}

answerOrders(async (ms) => {
  const watch = new Stopwatch();
  const untilMs = systemClock.monotonicMs() + ms;
  const runs = await Promise.all(lanes.map((each) => lane(each, untilMs)));
  return watch.stop(runs.reduce((sum, count) => sum + count, 0));
});
