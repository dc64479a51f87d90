/** What is looked at before anything is broken. */
import type { Clock } from '../../probes/probe.ts';
import type { Injector } from '../../scenarios/injector.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { bounded } from './bounded.ts';
import { conditionsOf } from './conditions.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { InjectStep } from './faults.ts';
import type { CheckResult } from './outcome.ts';
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
  readonly intervalMs: (probe: string) => number | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const ASK_MS = 5_000;

/** Every check, also after one has failed: one run of `check` shows all that is in the way. */
export async function* checks(options: CheckOptions): AsyncGenerator<CheckResult> {
  yield environmentCheck(options);
  yield probeCheck(options);
  for (const step of options.scenario.steps) {
    if (step.type !== 'inject') continue;
    yield permissionCheck(step, options);
    yield await targetCheck(step, options);
  }
  yield await baselineCheck(options);
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
async function baselineCheck({ scenario, steadyState, log, signal }: CheckOptions): Promise<CheckResult> {
  const name = 'baseline';
  const held = await log.until(
    () => (steadyState.hypothesis(0).state === 'met' ? true : null),
    scenario.settleMs,
    signal,
  );
  if (held.state === 'met') return { name, ok: true, detail: 'the hypothesis holds' };
  if (held.state === 'stopped') return { name, ok: false, detail: 'stopped' };
  const { parts } = steadyState.hypothesis(0);
  const wrong = parts.filter((part) => part.state !== 'met').map((part) => `${part.name} (${part.detail})`);
  return { name, ok: false, detail: `not in the steady state after ${scenario.settleMs} ms: ${wrong.join('; ')}` };
}
