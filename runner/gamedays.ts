/** Game-days as the commands and the demo start them: injectors opened, the record kept. */
import { Calendar } from '../probes/market-data/calendar.ts';
import type { JournalEntry } from '../scenarios/journal.ts';
import type { Values } from '../scenarios/parameters.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { LedgerStore } from '../store/open.ts';
import { systemClock } from './clock.ts';
import type { Configuration } from './config/configuration.ts';
import { seededRandom } from '../scenarios/random.ts';
import { conduct } from './gameday/conductor.ts';
import {
  alarmOf,
  approvedSpend,
  guardChecks,
  proberGuard,
  type Approval,
  type Facts,
  type Safety,
} from './gameday/guards.ts';
import { openChronicle } from './gameday/open-chronicle.ts';
import { maskedOutcome, maskOf } from './gameday/discretion.ts';
import { makeGamedayFolder } from './gameday/gameday-id.ts';
import { guardianStarter } from './gameday/guard.ts';
import { injectorsByKind } from './gameday/injectors.ts';
import { permittedTargets } from '../scenarios/injectors/specs.ts';
import type { GamedayOutcome } from './gameday/outcome.ts';
import { openDesk } from './gameday/open-desk.ts';
import { recover, type Recovery } from './gameday/recover.ts';
import type { Runner } from './runner.ts';

export interface GamedayRequest {
  readonly configuration: Configuration;
  readonly runner: Runner;
  readonly store: LedgerStore;
  readonly scenario: Scenario;
  readonly mode: 'check' | 'run';
  readonly obligation: string | null;
  /** Who approves what needs it; null: nobody. */
  readonly approval?: Approval | null;
  /** Role → who has it today. */
  readonly people?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly path: string;
  /** What the scenario's `${NAME}`s were filled in from. */
  readonly values?: Values;
  readonly onEntry: (entry: JournalEntry) => void;
}

export interface Conducted {
  readonly outcome: GamedayOutcome;
  /** Null after a check, which leaves no record. */
  readonly journalPath: string | null;
  /** Why the ledger does not know of it; null when it does, and after a check. */
  readonly unrecorded: Error | null;
}

/** The runner's probes must be running. A pass meets the component's obligation. What was found is told also when the ledger refuses it. */
export async function conductGameday(request: GamedayRequest): Promise<Conducted> {
  const { configuration, runner, store, scenario, mode, obligation, signal, approval = null } = request;
  const { gamedays, seed, environment } = configuration;
  const { maxBudgetSpend, limits } = gamedays;
  const overspend = gamedays.overspend ?? null;
  const market = gamedays.market === null ? null : new Calendar(gamedays.market);
  const safety: Safety = { environment, maxBudgetSpend, limits, market, approval, overspend };
  const facts = (): Facts => ({
    clock: runner.clockStanding(),
    statuses: runner.statuses(),
    nowMs: systemClock.wallMs(),
  });
  // What is left of the budgets is asked before anything is spent; a ledger that cannot be read says so elsewhere.
  await runner.evaluate().catch(() => undefined);
  const startedMs = Math.round(systemClock.wallMs());
  const { gamedayId, journalPath } =
    mode === 'check'
      ? { gamedayId: 'check', journalPath: '' }
      : await makeGamedayFolder(gamedays.folder, scenario.id, startedMs);
  const { secrets } = configuration;
  const { path } = request;
  const spared = new Set<number>();
  const start = guardianStarter({ injectors: gamedays.injectors, secrets, path });
  let injectedMs: number | null = null;
  const mask = maskOf(scenario, request.values ?? {}, configuration.redact);
  const conducted = await conduct({
    mask,
    scenario,
    gamedayId,
    mode,
    journalPath,
    folder: gamedays.folder,
    injectors: injectorsByKind(gamedays.injectors, { gameday: gamedayId, secrets, path, spared }),
    permittedTargets: permittedTargets(gamedays.injectors),
    permittedEnvironments: gamedays.environments,
    witness: runner.witness,
    clock: systemClock,
    random: seededRandom(seed),
    seed,
    startGuardian: async (charge) => {
      const guardian = await start(charge);
      spared.add(guardian.pid);
      return guardian;
    },
    approval,
    overspend: approvedSpend(approval, overspend),
    people: request.people ?? {},
    owners: configuration.services[scenario.component]?.owners ?? [],
    guards: () => guardChecks(scenario, safety, facts()),
    keepsUp: () => proberGuard(runner.strain()),
    alarm: alarmOf(scenario, safety, facts, () => runner.strain()),
    desk: openDesk(configuration, runner, store, systemClock),
    chronicle: openChronicle({ configuration, runner, store, scenario, journalPath, injectedMs: () => injectedMs }),
    environment,
    location: configuration.location,
    timeScale: configuration.base.scale,
    obligation,
    signal,
    onEntry: (entry) => {
      if (entry.type === 'injected') injectedMs ??= entry.atMs;
      request.onEntry(entry);
    },
    path,
  });
  const outcome = maskedOutcome(conducted, mask);
  if (mode === 'check') return { outcome, journalPath: null, unrecorded: null };
  try {
    await record(outcome, { startedMs, injectedMs }, request);
    return { outcome, journalPath, unrecorded: null };
  } catch (error) {
    return { outcome, journalPath, unrecorded: error instanceof Error ? error : new Error(String(error)) };
  }
}

async function record(
  outcome: GamedayOutcome,
  { startedMs, injectedMs }: { readonly startedMs: number; readonly injectedMs: number | null },
  request: GamedayRequest,
): Promise<void> {
  const { runner, scenario } = request;
  const { gamedayId } = outcome;
  const atMs = Math.round(systemClock.wallMs());
  await runner.record({
    id: `gameday/${gamedayId}`,
    atMs,
    kind: 'gameday',
    service: scenario.component,
    subject: gamedayId,
    body: {
      scenario: scenario.id,
      verdict: outcome.verdict,
      passed: outcome.passed,
      startedMs,
      // Wall clock; null: nothing was ever injected. From here to the event itself it spent what it spent.
      injectedMs,
      detectedAfterMs: outcome.detectedAfterMs,
      mitigatedAfterMs: outcome.mitigatedAfterMs,
      liftedAfterMs: outcome.liftedAfterMs,
      recoveredAfterMs: outcome.recoveredAfterMs,
      recoveredAfterLiftMs: outcome.recoveredAfterLiftMs,
    },
  });
  if (outcome.passed) await runner.meet(scenario.component, gamedayId, scenario.serves);
}

/** Undoes whatever dead game-days left behind. */
export async function recoverGamedays(
  configuration: Configuration,
  signal: AbortSignal,
  path: string,
): Promise<Recovery & { readonly lines: readonly string[] }> {
  const injectors = injectorsByKind(configuration.gamedays.injectors, { secrets: configuration.secrets, path });
  const recovery = await recover({
    folder: configuration.gamedays.folder,
    injectorFor: (kind) => injectors.get(kind) ?? null,
    clock: systemClock,
    signal,
  });
  return {
    ...recovery,
    lines: [
      ...recovery.recovered.map(
        (each) => `${each.gameday}: ${each.fault} on ${each.target} was left behind and is undone`,
      ),
      ...recovery.remaining.map(
        (each) =>
          `${each.gameday}: ${each.fault} on ${each.target} could not be undone: ${each.why}; by hand: ${each.byHand}`,
      ),
      ...recovery.running.map((each) => `${each}: is being conducted right now; nothing of it was touched`),
    ],
  };
}
