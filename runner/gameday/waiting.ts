/** What an exercise waits for: a condition in its steps, a word of somebody, and what must be so in the end. */
import type { Judgement } from '../../scenarios/quantile.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { HumanStep, WaitStep } from '../../scenarios/step.ts';
import type { Answers, Said } from './answers.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { Journal } from './journal.ts';
import type { SteadyState } from './steady-state.ts';

export interface WaitingOptions {
  readonly scenario: Scenario;
  readonly steadyState: SteadyState;
  readonly journal: Journal;
  readonly log: EvidenceLog;
  readonly answers: Answers;
  /** Monotonic ms since the start of the game-day; every time in here is one of these. */
  readonly sinceStartMs: () => number;
}

/** How the journal calls what a step waits for. */
export function nameOf(what: WaitStep['for']): string {
  return what === 'hypothesis' ? what : what.name;
}

/**
 * Waits for a condition by evidence from after `sinceMs`.
 * @returns when it was met; `late` after its time, `stopped` when the signal aborted
 */
export async function waitFor(
  step: WaitStep,
  sinceMs: number,
  { steadyState, journal, log, sinceStartMs }: WaitingOptions,
  signal: AbortSignal,
): Promise<number | 'late' | 'stopped'> {
  const name = nameOf(step.for);
  const startedMs = sinceStartMs();
  const look = (): Met | null => {
    const { state, detail } = judged(step.for, sinceMs, steadyState);
    return state === 'met' ? { atMs: sinceStartMs(), detail } : null;
  };
  await journal.append({ type: 'waiting', name, withinMs: step.withinMs });
  const waited = await log.until(look, step.withinMs, signal);
  if (waited.state === 'stopped') return 'stopped';
  const met = waited.state === 'met';
  const { detail } = met ? waited.value : judged(step.for, sinceMs, steadyState);
  const atMs = met ? waited.value.atMs : sinceStartMs();
  await journal.append({ type: 'condition', name, met, afterMs: atMs - startedMs, detail });
  return met ? atMs : 'late';
}

type Met = { readonly atMs: number; readonly detail: string };

function judged(what: WaitStep['for'], sinceMs: number, steadyState: SteadyState): Judgement {
  if (what !== 'hypothesis') return steadyState.judge(what, sinceMs);
  const { state, parts } = steadyState.hypothesis(sinceMs);
  const telling = parts.filter((part) => part.state === state);
  return { state, detail: telling.map((part) => `${part.name} (${part.detail})`).join('; ') };
}

/**
 * Asks somebody to do something, and waits for the word that it is done.
 * @returns what was said; `late` after its time, `stopped` when the signal aborted
 */
export async function askFor(
  step: HumanStep,
  startedMs: number,
  { journal, answers, sinceStartMs }: WaitingOptions,
  signal: AbortSignal,
): Promise<Said | 'late' | 'stopped'> {
  const { id, what, who, withinMs } = step;
  await journal.append({ type: 'asked', step: id, what, who, withinMs });
  const said = await answers.wait(step, startedMs, signal);
  if (signal.aborted) return 'stopped';
  const afterMs = (said?.atMs ?? sinceStartMs()) - startedMs;
  const { by, note } = said ?? { by: null, note: null };
  await journal.append({ type: 'answered', step: id, ok: said !== null, by, note, afterMs });
  return said ?? 'late';
}

/** What must be so in the end. @returns what is not, a line each; empty as well when the signal aborted first */
export async function waitForSuccess(
  sinceMs: number,
  { scenario, steadyState, journal, log }: WaitingOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { success, settleMs } = scenario;
  if (success.length === 0) return [];
  const all = () => success.every((each) => steadyState.judge(each, sinceMs).state === 'met');
  const waited = await log.until(() => (all() ? true : null), settleMs, signal);
  if (waited.state === 'stopped') return [];
  const missed: string[] = [];
  for (const condition of success) {
    const { state, detail } = steadyState.judge(condition, sinceMs);
    const ok = state === 'unknown' ? null : state === 'met';
    await journal.append({ type: 'success', name: condition.name, ok, detail });
    if (ok !== true) missed.push(`not so in the end: ${condition.name} (${detail})`);
  }
  return missed;
}
