/**
 * A conductor to be killed: breaks one thing after the other until its end, as the file says that its argument names. Says
 * on standard output which process its guardian is.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { NO_PHASES } from '../../probes/probe.ts';
import { systemClock } from '../../runner/clock.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { conduct } from '../../runner/gameday/conductor.ts';
import { guardianStarter } from '../../runner/gameday/guard.ts';
import { injectorsByKind } from '../../runner/gameday/injectors.ts';
import { injectorSchema, permittedTargets } from '../../scenarios/injectors/specs.ts';
import type { Witness } from '../../runner/witness.ts';
import { parseScenario } from '../../scenarios/scenario.ts';
import type { Result } from '../../store/result.ts';
import { chargeSchema } from './ground.ts';

/** In a file: what stands in a command line would be found there by whoever looks for a process. */
const charge = chargeSchema.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const { gamedayId, journalPath, leaseMs } = charge;
const injectors = charge.injectors.map((spec) => injectorSchema.parse(spec));

const parsed = parseScenario(
  {
    id: 'kill',
    title: 'To be killed',
    objective: 'Nothing is left behind.',
    component: 'shop',
    hypothesis: [{ name: 'the shop answers', probe: 'shop', outcome: 'good' }],
    steps: charge.steps,
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

const spared = new Set<number>();
const startGuardian = guardianStarter({ injectors, leaseMs });
const outcome = await conduct({
  scenario: parsed.scenario,
  gamedayId,
  mode: 'run',
  injectors: injectorsByKind(injectors, { gameday: gamedayId, spared }),
  permittedTargets: permittedTargets(injectors),
  permittedEnvironments: null,
  witness,
  clock: systemClock,
  random: seededRandom(1),
  seed: 1,
  journalPath,
  startGuardian: async (charge) => {
    const guardian = await startGuardian(charge);
    spared.add(guardian.pid);
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
