/** A small world for verdicts: probes that say what they are told to, and a fault that only this world feels. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_PHASES } from '../../../probes/probe.ts';
import type { Outcome, Probe, Reading } from '../../../probes/probe.ts';
import { conduct } from '../../../runner/gameday/conductor.ts';
import type { ConductOptions } from '../../../runner/gameday/stage.ts';
import { makeGamedayFolder } from '../../../runner/gameday/gameday-id.ts';
import { readJournal } from '../../../runner/gameday/journal.ts';
import type { GamedayOutcome } from '../../../runner/gameday/outcome.ts';
import { seededRandom } from '../../../scenarios/random.ts';
import type { Witness } from '../../../runner/witness.ts';
import type { Answer, Crossing, Injector, InjectorProblem, Undo } from '../../../scenarios/injector.ts';
import type { JournalEntry } from '../../../scenarios/journal.ts';
import { parseScenario } from '../../../scenarios/scenario.ts';
import type { Scenario } from '../../../scenarios/scenario.ts';
import type { Result } from '../../../store/result.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** What a probe says at this moment; null: it hangs and says nothing. */
export type Say = (world: World) => Outcome | number | null;

const ok = <T>(value: T): Answer<T> => ({ ok: true, value });
export const problem = (code: InjectorProblem['code'], message: string): Answer<never> => ({
  ok: false,
  problem: { code, message },
});

export class World {
  readonly clock = new VirtualClock();
  readonly attended: string[] = [];
  readonly calls: string[] = [];
  readonly active = new Set<string>();
  readonly guardianLost = new AbortController();
  readonly abort = new AbortController();
  /** Aborts when the ledger refuses results, with what it says; nobody hears of a result from then on. */
  readonly ledger = new AbortController();
  injectedAtMs = Number.POSITIVE_INFINITY;
  /** Of each target, the last time. */
  readonly injectedAt = new Map<string, number>();
  liftedAtMs = Number.POSITIVE_INFINITY;
  crossing: Crossing | null = { bytes: 0, connections: 0, cut: 0 };
  /** Bytes that cross between injecting and lifting. */
  traffic = 1000;
  guardianRenews = true;
  guardianFinished = false;
  probes: Record<string, { readonly everyMs: number; readonly say: Say }> = {};
  entries: JournalEntry[] = [];
  injector: Injector = this.#injector();

  /** Milliseconds since the fault was injected; negative before. */
  get faultAgeMs(): number {
    return this.clock.monotonicMs() - this.injectedAtMs;
  }

  get isFaulty(): boolean {
    return this.active.size > 0;
  }

  #injector(): Injector {
    return {
      kind: 'toxiproxy',
      check: () => Promise.resolve(ok(undefined)),
      prepare: (target) => {
        const undo: Undo = { injector: 'toxiproxy', body: { name: target.name }, byHand: `undo ${target.name}` };
        return Promise.resolve(ok(undo));
      },
      inject: (target) => {
        this.calls.push(`inject ${target.name}`);
        this.active.add(target.name);
        this.injectedAt.set(target.name, this.clock.monotonicMs());
        this.injectedAtMs = Math.min(this.injectedAtMs, this.clock.monotonicMs());
        return Promise.resolve(ok(undefined));
      },
      undo: (undo) => {
        const name = String(undo.body['name']);
        this.calls.push(`undo ${name}`);
        this.active.delete(name);
        this.liftedAtMs = this.clock.monotonicMs();
        return Promise.resolve(ok(undefined));
      },
      effect: () => {
        const { crossing } = this;
        if (crossing === null || !this.isFaulty) return Promise.resolve(ok(crossing));
        return Promise.resolve(ok({ ...crossing, bytes: crossing.bytes + this.traffic }));
      },
    };
  }

  #result(probe: string, startedMs: number, said: Outcome | number): Result {
    const readings: Reading[] = typeof said === 'number' ? [{ type: 'duration', indicator: 'ack', ms: said }] : [];
    return {
      runId: `${probe}/${startedMs}`,
      probe,
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
      weightMs: 1000,
      outcome: typeof said === 'number' ? 'good' : said,
      reason: null,
      detail: null,
      phases: NO_PHASES,
      readings,
      values: {},
      loopDelayMs: 0,
      gameday: null,
    };
  }

  readonly witness: Witness = {
    watch: (signal) => this.#watch(signal),
    refusal: (signal) => this.#refusal(signal),
    attend: (service, gameday) => {
      this.attended.push(`${service} ${gameday}`);
      return {
        [Symbol.dispose]: () => {
          this.attended.pop();
        },
      };
    },
    intervalMs: (probe) => this.probes[probe]?.everyMs ?? null,
  };

  #refusal(signal: AbortSignal): Promise<Error | null> {
    return new Promise((resolve) => {
      const refused = this.ledger.signal;
      refused.addEventListener('abort', () => resolve(refused.reason instanceof Error ? refused.reason : null));
      signal.addEventListener('abort', () => resolve(null));
    });
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<Result> {
    const next = new Map(Object.entries(this.probes).map(([id, { everyMs }]) => [id, everyMs]));
    for (;;) {
      const dueMs = Math.min(...next.values());
      await this.clock.sleep(dueMs - this.clock.monotonicMs(), signal).catch(() => undefined);
      if (signal.aborted) return;
      for (const [id, { everyMs, say }] of Object.entries(this.probes)) {
        if (next.get(id) !== dueMs) continue;
        next.set(id, dueMs + everyMs);
        const said = say(this);
        if (said !== null && !this.ledger.signal.aborted) yield this.#result(id, this.clock.wallMs(), said);
      }
    }
  }

  async conduct(scenario: Scenario, changes: Partial<ConductOptions> = {}): Promise<GamedayOutcome> {
    const parent = await mkdtemp(join(tmpdir(), 'pulsedrill-gameday-'));
    try {
      const { gamedayId, journalPath } = await makeGamedayFolder(parent, scenario.id, this.clock.wallMs());
      const outcome = await this.clock.drive(
        conduct({
          scenario,
          gamedayId,
          mode: 'run',
          injectors: new Map([['toxiproxy', this.injector]]),
          permittedTargets: new Map([['toxiproxy', ['feed', 'gateway']]]),
          permittedEnvironments: ['sandbox'],
          witness: this.witness,
          clock: this.clock,
          random: seededRandom(1),
          seed: 1,
          journalPath,
          startGuardian: () =>
            Promise.resolve({
              pid: 1,
              renew: () => Promise.resolve(this.guardianRenews),
              lost: this.guardianLost.signal,
              finish: () => {
                this.guardianFinished = true;
                return Promise.resolve();
              },
            }),
          environment: 'sandbox',
          location: 'local',
          timeScale: 1,
          obligation: null,
          signal: this.abort.signal,
          ...changes,
        }),
      );
      this.entries =
        changes.mode === 'check' ? [] : [...(await readJournal(changes.journalPath ?? journalPath)).entries];
      return outcome;
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  }
}

/** The exercise of this world: a fault on `feed`, a probe `shop`. */
export function exercise(changes: Record<string, unknown> = {}): Scenario {
  const parsed = parseScenario(
    {
      id: 'slow-feed',
      title: 'Slow feed',
      objective: 'The shop stays open.',
      component: 'shop',
      timebox: '10m',
      settle: '30s',
      hypothesis: [{ name: 'the shop answers', probe: 'shop', outcome: 'good', of: 2 }],
      steps: [
        {
          inject: {
            id: 'slow',
            fault: { type: 'latency', delay: '1s' },
            target: { injector: 'toxiproxy', name: 'feed' },
          },
        },
        {
          wait: { for: { name: 'the shop is closed', probe: 'shop', outcome: 'bad' }, within: '20s', mark: 'detected' },
        },
        { hold: { for: '10s' } },
        { lift: { fault: 'slow' } },
      ],
      ...changes,
    },
    'slow-feed.yaml',
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.scenario;
}

/** A watch that answers by what it is told. */
export function stubProbe(say: () => Outcome): Probe {
  return {
    run: () => {
      const said = say();
      const outcome = said === 'skipped' ? 'fault' : said;
      const reason = outcome === 'bad' ? 'assertion' : null;
      return Promise.resolve({ outcome, reason, detail: null, phases: NO_PHASES, readings: [], values: {} });
    },
  };
}

export const types = (entries: readonly JournalEntry[]): readonly string[] => entries.map((entry) => entry.type);
