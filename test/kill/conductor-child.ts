/**
 * A conductor to be killed: exercises one proxy again and again until its end. Told by its arguments where; says on
 * standard output which process its guardian is.
 */
import process from 'node:process';
import { NO_PHASES } from '../../probes/probe.ts';
import { systemClock } from '../../runner/clock.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { conduct } from '../../runner/gameday/conductor.ts';
import { guardianStarter } from '../../runner/gameday/guard.ts';
import { injectorsByKind } from '../../runner/gameday/injectors.ts';
import type { Witness } from '../../runner/witness.ts';
import { parseScenario } from '../../scenarios/scenario.ts';
import type { Result } from '../../store/result.ts';

const [url = '', gamedayId = '', journalPath = '', hold = '150ms', leaseMs = '3000'] = process.argv.slice(2);

const target = { injector: 'toxiproxy', name: 'feed' };
const bite = (id: string, fault: object) => [
  { inject: { id, fault, target } },
  { hold: { for: hold } },
  { lift: { fault: id } },
];
const parsed = parseScenario(
  {
    id: 'kill',
    title: 'To be killed',
    objective: 'Nothing is left behind.',
    component: 'shop',
    hypothesis: [{ name: 'the shop answers', probe: 'shop', outcome: 'good' }],
    steps: [
      ...bite('slow', { type: 'latency', delay: '1s', roundTrip: true }),
      ...bite('silent', { type: 'blackhole' }),
      ...bite('down', { type: 'refuse' }),
      { inject: { id: 'slow-again', fault: { type: 'latency', delay: '2s' }, target } },
      ...bite('sliced', { type: 'throttle', rateKBps: 10 }),
      { lift: { fault: 'slow-again' } },
    ],
  },
  'kill',
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));

const witness: Witness = {
  attend: () => ({ [Symbol.dispose]: () => undefined }),
  intervalMs: () => 20,
  refusal: (signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(null));
    }),
  async *watch(signal) {
    for (let run = 0; !signal.aborted; run += 1) {
      await systemClock.sleep(20, signal).catch(() => undefined);
      const startedMs = systemClock.wallMs();
      yield {
        runId: `shop/${run}`,
        probe: 'shop',
        kind: 'http',
        service: 'shop',
        location: 'local',
        endpoint: null,
        venue: null,
        scheduledMs: startedMs,
        startedMs,
        latenessMs: 0,
        durationMs: 0,
        cadence: 'gameday',
        weightMs: 20,
        outcome: 'good',
        reason: null,
        detail: null,
        phases: NO_PHASES,
        readings: [],
        values: {},
        loopDelayMs: 0,
        gameday: gamedayId,
      } satisfies Result;
    }
  },
};

const startGuardian = guardianStarter({
  injectors: [{ kind: 'toxiproxy', url, proxies: ['feed'] }],
  leaseMs: Number(leaseMs),
});
const outcome = await conduct({
  scenario: parsed.scenario,
  gamedayId,
  mode: 'run',
  injectors: injectorsByKind([{ kind: 'toxiproxy', url, proxies: ['feed'] }], { gameday: gamedayId }),
  permittedTargets: new Map([['toxiproxy', ['feed']]]),
  permittedEnvironments: null,
  witness,
  clock: systemClock,
  random: seededRandom(1),
  seed: 1,
  journalPath,
  startGuardian: async (charge) => {
    const guardian = await startGuardian(charge);
    process.stdout.write(`guardian ${guardian.pid}\n`);
    return guardian;
  },
  environment: 'sandbox',
  location: 'local',
  timeScale: 1,
  obligation: null,
  signal: new AbortController().signal,
});
process.stdout.write(`outcome ${outcome.verdict} ${outcome.detail}\n`);
