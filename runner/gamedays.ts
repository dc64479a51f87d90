/** Game-days as the commands and the demo start them: scenarios found, injectors opened, the record kept. */
import { Calendar } from '../probes/market-data/calendar.ts';
import { didYouMean } from '../probes/nearest.ts';
import { pathText, problemLine, type Problem } from '../probes/problem.ts';
import type { JournalEntry } from '../scenarios/journal.ts';
import { loadScenario } from '../scenarios/load.ts';
import type { Values } from '../scenarios/parameters.ts';
import type { ParsedScenario, Scenario } from '../scenarios/scenario.ts';
import type { LedgerStore } from '../store/open.ts';
import { systemClock } from './clock.ts';
import type { Configuration } from './config/configuration.ts';
import type { ScheduledDocument } from './config/gameday-schedule.ts';
import { readScenarios } from './config/scenarios.ts';
import { cronRuns } from './engine/cron-runs.ts';
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
import { CommandError, EXIT } from './io.ts';
import type { Runner } from './runner.ts';
import type { Plan } from './scheduled/occurrence.ts';

/** The scenarios that the configuration names, each checked. */
export async function loadScenarios(
  configuration: Configuration,
  values: Values,
): Promise<{ readonly scenarios: readonly Scenario[]; readonly lines: readonly string[] }> {
  return await readScenarios(configuration.gamedays.scenarios, values, configuration.folder);
}

/**
 * By id from the configuration's own scenarios, else from the library, else as a file from where the command was given.
 * @throws CommandError with every problem of the scenario
 */
export async function findScenario(
  name: string,
  configuration: Configuration,
  { env, set, folder }: Given,
): Promise<Scenario> {
  return needed(await lookUp(name, configuration, { ...env, ...set }, folder), set);
}

async function lookUp(
  name: string,
  configuration: Configuration,
  values: Values,
  folder: string,
): Promise<ParsedScenario> {
  for (const own of configuration.gamedays.scenarios) {
    const loaded = await loadScenario(own, values, configuration.folder);
    if (loaded.ok && loaded.scenario.id === name) return loaded;
  }
  return await loadScenario(name, values, folder);
}

/** The scheduled game-days of the configuration, each with its scenario; files are relative to the configuration's folder. */
export async function loadPlans(
  configuration: Configuration,
  env: Values,
): Promise<{ readonly plans: readonly Plan[]; readonly lines: readonly string[] }> {
  const plans: Plan[] = [];
  const lines: string[] = [];
  for (const [index, entry] of configuration.gamedays.schedule.entries()) {
    const loaded = await lookUp(entry.scenario, configuration, { ...env, ...entry.set }, configuration.folder);
    const path = pathText(['gamedays', 'schedule', index]);
    const wrong = scheduleProblems(path, entry, loaded).map((problem) => problemLine(configuration.source, problem));
    const own = loaded.ok || loaded.names === undefined ? [] : loaded.problems;
    lines.push(...wrong, ...own.map((each) => `${configuration.source}: ${path}: ${problemLine(loaded.source, each)}`));
    if (loaded.ok && wrong.length === 0) plans.push(planOf(entry, loaded.scenario));
  }
  return { plans, lines: lines.map((line) => configuration.redact(line)) };
}

/** @throws CommandError when there is no such entry, or its scenario cannot be run */
export async function findScheduled(
  id: string,
  configuration: Configuration,
  { env, set }: Pick<Given, 'env' | 'set'>,
): Promise<{ readonly entry: ScheduledDocument; readonly scenario: Scenario }> {
  const { schedule } = configuration.gamedays;
  const entry = schedule.find((each) => each.id === id);
  if (entry === undefined) {
    const ids = schedule.map((each) => each.id);
    const expected = ids.length === 0 ? 'an entry of gamedays.schedule, which is empty' : `one of ${ids.join(', ')}`;
    throw new CommandError(
      `--scheduled: expected ${expected}${didYouMean(id, ids)}, got ${JSON.stringify(id)}`,
      EXIT.usage,
    );
  }
  const given = { env, set: { ...entry.set, ...set }, folder: configuration.folder };
  return { entry, scenario: await findScenario(entry.scenario, configuration, given) };
}

function scheduleProblems(
  path: string,
  { scenario, set }: ScheduledDocument,
  loaded: ParsedScenario,
): readonly Problem[] {
  const { names } = loaded;
  if (names === undefined) {
    const [problem] = loaded.ok ? [] : loaded.problems;
    return [{ path: `${path}.scenario`, expected: problem?.expected ?? 'a scenario', found: JSON.stringify(scenario) }];
  }
  return Object.keys(set)
    .filter((name) => !names.includes(name))
    .map((name) => ({ path: `${path}.set.${name}`, expected: namesExpected(names, name), found: 'a value for it' }));
}

function planOf(entry: ScheduledDocument, { title, component, timeboxMs, id: scenario }: Scenario): Plan {
  const { id, cron, timezone, lead = null, roles, announce, dryRun, remind, afterFailedDryRun } = entry;
  return {
    id,
    scenario,
    title,
    component,
    timeboxMs,
    timezone,
    runs: cronRuns(cron, timezone),
    lead,
    roles,
    announceMs: announce,
    dryRunMs: dryRun,
    remindMs: remind,
    runsAnyway: afterFailedDryRun === 'run',
  };
}

/** What the command line says about a scenario. */
export interface Given {
  readonly env: Values;
  /** Goes before the environment; every name must be one of the scenario's. */
  readonly set: Values;
  /** The shell's: what the path of a file is relative to. */
  readonly folder: string;
}

/** @throws CommandError with every problem of the scenario */
export async function needScenario(name: string, values: Values, folder: string): Promise<Scenario> {
  return needed(await loadScenario(name, values, folder), {});
}

function needed(loaded: ParsedScenario, set: Values): Scenario {
  const misnamed = unknownNames(loaded, set);
  if (loaded.ok && misnamed.length === 0) return loaded.scenario;
  const problems = loaded.ok ? [] : loaded.problems.map((problem) => problemLine(loaded.source, problem));
  throw new CommandError([...misnamed, ...problems].join('\n'), EXIT.usage);
}

/** A misspelt name would leave the default in force, unseen. */
function unknownNames({ names, source }: ParsedScenario, set: Values): readonly string[] {
  if (names === undefined) return [];
  return Object.keys(set)
    .filter((name) => !names.includes(name))
    .map((name) => `${source}: --set: expected ${namesExpected(names, name)}, got ${JSON.stringify(name)}`);
}

function namesExpected(names: readonly string[], found: string): string {
  return names.length === 0 ? 'nothing, as it has no values' : `one of ${names.join(', ')}${didYouMean(found, names)}`;
}

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
