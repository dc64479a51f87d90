/** Scenarios as the commands and the demo look for them, and the game-days that are scheduled by them. Runs nothing, and loads nothing that does. */
import { didYouMean } from '../probes/nearest.ts';
import { pathText, problemLine, type Problem } from '../probes/problem.ts';
import { loadScenario } from '../scenarios/load.ts';
import type { Values } from '../scenarios/parameters.ts';
import type { ParsedScenario, Scenario } from '../scenarios/scenario.ts';
import type { Configuration } from './config/configuration.ts';
import type { ScheduledDocument } from './config/gameday-schedule.ts';
import { readScenarios } from './config/scenarios.ts';
import { cronRuns } from './engine/cron-runs.ts';
import { CommandError, EXIT } from './io.ts';
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
