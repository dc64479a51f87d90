/** What is looked at before anything is broken. */
import type { Clock } from '../../probes/probe.ts';
import type { Injector } from '../../scenarios/injector.ts';
import type { State } from '../../scenarios/quantile.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { injections, type InjectStep } from '../../scenarios/step.ts';
import type { WatchSpec } from '../../scenarios/watch.ts';
import { span } from '../../reports/figures.ts';
import { bounded } from './bounded.ts';
import { conditionsOf } from './conditions.ts';
import type { Desk } from './desk.ts';
import type { EvidenceLog } from './evidence-log.ts';
import { heldText } from './invariants.ts';
import type { Journal } from './journal.ts';
import { standingBefore } from './one-at-a-time.ts';
import type { CheckResult } from './outcome.ts';
import { sourceOf, standingChecks } from './standing-watch.ts';
import { askedProbes } from './steady-state.ts';
import type { SteadyState } from './steady-state.ts';

export interface CheckOptions {
  readonly scenario: Scenario;
  readonly environment: string;
  readonly permittedEnvironments: readonly string[] | null;
  readonly injectors: ReadonlyMap<string, Injector>;
  /** Kind of injector → the targets that a scenario may touch. */
  readonly permittedTargets: ReadonlyMap<string, readonly string[]>;
  readonly steadyState: SteadyState;
  readonly log: EvidenceLog;
  readonly journal: Journal;
  readonly intervalMs: (probe: string) => number | null;
  readonly desk?: Desk | null;
  /** Runs a watch once; null when it answers, otherwise why not. */
  readonly ask: (spec: WatchSpec) => Promise<string | null>;
  /** Other game-days in the way, a line each. */
  readonly others: () => Promise<readonly string[]>;
  /** What else speaks for or against it: the prober, the budgets, the hour. */
  readonly guards?: () => readonly CheckResult[];
  /** Whether the prober keeps up, by the runs of the baseline. */
  readonly keepsUp?: () => CheckResult;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const ASK_MS = 5_000;

/** Every check, also after one has failed: one run of `check` shows all that is in the way, as far as the watches answer. */
export async function* checks(options: CheckOptions): AsyncGenerator<CheckResult> {
  yield environmentCheck(options);
  yield await aloneCheck(options);
  yield* options.guards?.() ?? [];
  yield probeCheck(options);
  yield* standingCheck(options);
  yield* toldPrerequisites(options.scenario);
  for (const step of injections(options.scenario.steps)) {
    yield permissionCheck(step, options);
    yield await targetCheck(step, options);
  }
  let isAnswered = true;
  for (const spec of options.scenario.watch) {
    const answer = await watchCheck(spec, options);
    isAnswered &&= answer.ok;
    yield answer;
  }
  // The baseline takes its time, and could not change that this game-day is refused.
  if (isAnswered) yield await baselineCheck(options);
  if (isAnswered) yield* requiredConditions(options);
  yield* holdingCheck(options);
  if (options.keepsUp !== undefined) yield options.keepsUp();
}

/** Two at once could tell neither what they broke nor whose recovery they saw. */
async function aloneCheck({ others }: CheckOptions): Promise<CheckResult> {
  const found = await others();
  const detail = found.length === 0 ? 'no other game-day is in the way' : found.join('; ');
  return { name: 'alone', ok: found.length === 0, detail };
}

/** What is held already is told, and is no objection: the exercise answers for what it adds. */
async function* holdingCheck({ desk = null, clock, signal }: CheckOptions): AsyncGenerator<CheckResult> {
  if (desk === null) return;
  const answer = await bounded((inner) => desk.holding(inner), clock, ASK_MS, signal);
  const holding = answer.ok ? answer.value : answer;
  if (holding === null) return;
  const name = 'positions';
  if (!holding.ok) yield { name, ok: true, detail: `what is held is not known: ${holding.why}` };
  else {
    const { held } = holding;
    const text = heldText(held);
    const left = `${text} is held already, by no doing of this exercise: close it at the venue by an opposite order`;
    yield { name, ok: true, detail: text === '' ? 'nothing of what is traded is held' : left, held };
  }
}

/** It may find anything, but it must answer: what never answers is waited for in vain. */
async function watchCheck(spec: WatchSpec, { ask }: CheckOptions): Promise<CheckResult> {
  const why = await ask(spec);
  return { name: `watch ${spec.id}`, ok: why === null, detail: why ?? 'it answers' };
}

function environmentCheck({ environment, permittedEnvironments }: CheckOptions): CheckResult {
  const ok = permittedEnvironments === null || permittedEnvironments.includes(environment);
  const detail = ok
    ? `game-days may run in ${environment}`
    : `game-days may run in ${permittedEnvironments.join(', ')}, not in ${environment} (gamedays.environments)`;
  return { name: 'environment', ok, detail };
}

function probeCheck({ scenario, intervalMs }: CheckOptions): CheckResult {
  const missing = askedProbes(conditionsOf(scenario)).filter((probe) => intervalMs(probe) === null);
  const ok = missing.length === 0;
  return { name: 'probes', ok, detail: ok ? 'every probe is running' : `no such probe: ${missing.join(', ')}` };
}

/** Objectives and sources that a condition names and nobody has: it would be waited for in vain. */
function* standingCheck({ scenario, desk }: CheckOptions): Generator<CheckResult> {
  const asked = standingChecks(conditionsOf(scenario));
  if (asked.length === 0) return;
  const missing = asked.flatMap((check) => {
    if (check.type === 'objective') return desk?.hasObjective(check.objective) === true ? [] : [check.probe];
    return sourceOf(check.source, scenario, desk ?? null) === null ? [`source ${check.source}`] : [];
  });
  const ok = missing.length === 0;
  const detail = ok ? 'every objective and source is there' : `no such ${[...new Set(missing)].join(', no such ')}`;
  yield { name: 'objectives and sources', ok, detail };
}

/** What people see to: told, so that whoever runs it is reminded. */
function* toldPrerequisites({ prerequisites }: Scenario): Generator<CheckResult> {
  for (const each of prerequisites) {
    if (typeof each === 'string') yield { name: 'prerequisite', ok: true, detail: `${each} (for people to see to)` };
  }
}

async function* requiredConditions(options: CheckOptions): AsyncGenerator<CheckResult> {
  const { scenario, steadyState, log, signal } = options;
  for (const each of scenario.prerequisites) {
    if (typeof each === 'string') continue;
    const judged = () => steadyState.judge(each, 0);
    const met = await log.until(() => (judged().state === 'met' ? true : null), scenario.settleMs, signal);
    yield { name: `prerequisite ${each.name}`, ok: met.state === 'met', detail: judged().detail };
  }
}

function permissionCheck(step: InjectStep, { permittedTargets }: CheckOptions): CheckResult {
  const { injector, name } = step.target;
  const allowed = permittedTargets.get(injector);
  const ok = allowed?.includes(name) ?? false;
  const detail =
    allowed === undefined
      ? `no ${injector} is configured (gamedays.injectors)`
      : ok
        ? `a scenario may touch ${injector} ${name}`
        : `a scenario may touch ${allowed.join(', ')}, not ${name} (gamedays.injectors)`;
  return { name: `permission ${step.id}`, ok, detail };
}

/** The fault can be expressed, and its undo can be prepared: neither changes anything. */
async function targetCheck(step: InjectStep, options: CheckOptions): Promise<CheckResult> {
  const { injectors, clock, signal } = options;
  const name = `target ${step.id}`;
  const injector = injectors.get(step.target.injector);
  if (injector === undefined) return { name, ok: false, detail: `no ${step.target.injector} is configured` };
  const standing = standingBefore(step, options.scenario, injector);
  if (standing !== null) {
    const detail = `${standing} still stands on ${step.target.name}, and ${injector.kind} takes one fault at a time`;
    return { name, ok: false, detail };
  }
  const answer = await bounded(
    async (inner) => {
      const able = await injector.check(step.target, step.fault, inner);
      return able.ok ? injector.prepare(step.target, step.fault, inner) : able;
    },
    clock,
    ASK_MS,
    signal,
  );
  if (!answer.ok) return { name, ok: false, detail: answer.why };
  if (!answer.value.ok) return { name, ok: false, detail: answer.value.problem.message };
  return { name, ok: true, detail: `${step.fault.type} on ${step.target.name} can be injected and undone` };
}

/** A game-day begins in the steady state, or it could not tell what it broke. */
async function baselineCheck(options: CheckOptions): Promise<CheckResult> {
  const { scenario, steadyState, log, clock, signal } = options;
  const name = 'baseline';
  const startedMs = clock.monotonicMs();
  let told: State = 'met';
  const held = await log.until(
    () => {
      const { state, parts } = steadyState.hypothesis(0);
      if (state === 'met') return true;
      // Once that it is waited for, and once more when it is worse than not known.
      if (told === 'met' || (told === 'unknown' && state === 'unmet')) {
        told = state;
        tellWaiting(state, parts, scenario.settleMs - (clock.monotonicMs() - startedMs), options);
      }
      return null;
    },
    scenario.settleMs,
    signal,
  );
  if (held.state === 'met') return { name, ok: true, detail: 'the hypothesis holds' };
  if (held.state === 'stopped') return { name, ok: false, detail: 'stopped' };
  const wrong = missing(steadyState.hypothesis(0).parts);
  return { name, ok: false, detail: `the steady state did not hold within ${span(scenario.settleMs)}: ${wrong}` };
}

type Parts = ReturnType<SteadyState['hypothesis']>['parts'];

function missing(parts: Parts): string {
  return parts
    .filter((part) => part.state !== 'met')
    .map((part) => `${part.name} (${part.detail})`)
    .join('; ');
}

/** Whoever watches would see minutes of silence otherwise. */
function tellWaiting(state: State, parts: Parts, withinMs: number, { journal }: CheckOptions): void {
  const name = state === 'unknown' ? 'the steady state is not yet known' : 'the steady state does not hold yet';
  journal.append({ type: 'waiting', name, withinMs, detail: missing(parts) }).catch(() => undefined);
}
