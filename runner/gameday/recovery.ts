/** The steady state after the last lift: when it came back, and whether it stayed. */
import { span } from '../../reports/figures.ts';
import type { State } from '../../scenarios/quantile.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { injections } from '../../scenarios/step.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { Journal } from './journal.ts';
import type { Marks } from './marks.ts';
import { holds, type SteadyState } from './steady-state.ts';

export interface RecoveryOptions {
  readonly scenario: Scenario;
  readonly steadyState: SteadyState;
  readonly journal: Journal;
  readonly log: EvidenceLog;
  readonly marks: Marks;
  /** The last lift: evidence from before it says nothing. */
  readonly sinceMs: number;
  readonly sinceStartMs: () => number;
  readonly uncertaintyMs: (atMs: number) => number;
}

export interface Recovery {
  readonly atEnd: State;
  /** When it began to hold for good; null: it did not within its time. */
  readonly recoveredAtMs: number | null;
}

export async function recovery(options: RecoveryOptions, signal: AbortSignal): Promise<Recovery> {
  const { scenario, steadyState, journal, log, marks, sinceMs, sinceStartMs, uncertaintyMs } = options;
  const { settleMs, steadyForMs } = scenario;
  // Where nothing was broken, on purpose or otherwise, nothing has recovered.
  const isUnhurt = injections(scenario.steps).length === 0 && steadyState.brokenAtMs === null;
  const holdsNow = (): number | null => (steadyState.hypothesis(sinceMs).state === 'met' ? sinceStartMs() : null);
  const already = marks.has('recovered') && holdsNow() !== null;
  const came = await log.until(holdsNow, settleMs, signal);
  if (came.state === 'met' && !marks.has('recovered') && !isUnhurt) {
    await marks.set('recovered', 'hypothesis', uncertaintyMs(came.value), came.value);
  }
  const stayed = came.state === 'met' ? await keeps(options, came.value, signal) : came;
  const { state: atEnd, parts } = steadyState.hypothesis(sinceMs);
  for (const { name, state, detail } of parts) {
    await journal.append({ type: 'hypothesis', phase: 'after', name, ok: holds(state), detail });
  }
  if (came.state !== 'met' || stayed.state !== 'met') {
    // What came back and broke again is no recovery, and is not unknown either.
    return { atEnd: came.state === 'met' && stayed.state === 'late' ? 'unmet' : atEnd, recoveredAtMs: null };
  }
  if (steadyForMs > 0 && !isUnhurt) await marks.set('steady', `held for ${span(steadyForMs)}`, 0);
  // Of what a step has seen come back, and what stayed, the step's moment counts.
  const isUnbroken = already && stayed.value === came.value;
  return { atEnd, recoveredAtMs: isUnbroken ? marks.measuredAtMs('recovered') : stayed.value };
}

/** From when on it held without a break for long enough; a break begins the count anew. */
async function keeps(
  { scenario, steadyState, log, sinceMs, sinceStartMs }: RecoveryOptions,
  cameMs: number,
  signal: AbortSignal,
) {
  const { settleMs, steadyForMs } = scenario;
  let since: number | null = cameMs;
  return log.until(
    () => {
      const { state } = steadyState.hypothesis(sinceMs);
      if (state !== 'met') since = null;
      else since ??= sinceStartMs();
      return since !== null && sinceStartMs() - since >= steadyForMs ? since : null;
    },
    settleMs + steadyForMs,
    signal,
  );
}
