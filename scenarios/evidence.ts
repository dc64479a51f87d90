/** What the probes said lately, and what a condition makes of it. */
import type { Outcome, Reading } from '../probes/probe.ts';
import type { Check, Condition } from './condition.ts';
import { runsOf } from './condition.ts';
import type { Judgement, State } from './quantile.ts';
import { judgeQuantile } from './quantile.ts';

/** One run as evidence. Times are monotonic milliseconds since the start of the game-day (negative: before it). */
export interface Evidence {
  readonly probe: string;
  readonly outcome: Outcome;
  readonly readings: readonly Reading[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export interface View {
  readonly nowMs: number;
  /** Evidence of harm counts from runs that ended after this, evidence of health from runs that began after it. */
  readonly sinceMs: number;
  /** Oldest first. */
  runs(probe: string): readonly Evidence[];
  /** How old the newest run may be before the probe counts as silent, ms. */
  patienceMs(probe: string): number;
}

/** Looks for trouble: it may take what a run saw that had begun before the fault. */
function seeksHarm(check: Check): boolean {
  return check.type === 'outcome' ? check.outcome === 'bad' : check.limit.word === 'above';
}

function judgeCheck(check: Check, view: View): Judgement {
  const harm = seeksHarm(check);
  const valid = view
    .runs(check.probe)
    .filter((run) => run.outcome === 'good' || run.outcome === 'bad')
    .filter((run) => (harm ? run.endedAtMs : run.startedAtMs) >= view.sinceMs);
  const needed = runsOf(check);
  const last = valid.slice(-needed);
  const newest = last.at(-1);
  if (newest !== undefined) {
    const silentMs = view.nowMs - newest.endedAtMs;
    if (silentMs > view.patienceMs(check.probe)) {
      return { state: 'unknown', detail: `no answer from ${check.probe} for ${(silentMs / 1000).toFixed(1)} s` };
    }
  }
  if (last.length < needed) {
    return {
      state: 'unknown',
      detail: `${last.length} of ${needed} ${needed === 1 ? 'run' : 'runs'} of ${check.probe} so far`,
    };
  }
  if (check.type === 'indicator') {
    const judgement = judgeQuantile(
      check,
      check.limit,
      last.flatMap((run) => run.readings),
    );
    return { ...judgement, detail: `${check.probe}: ${judgement.detail}` };
  }
  const matching = last.filter((run) => run.outcome === check.outcome).length;
  return {
    state: matching >= check.atLeast ? 'met' : 'unmet',
    detail: `${check.probe}: ${matching} of ${needed} ${check.outcome}, ${check.atLeast} asked`,
  };
}

/** `any` is met by one met check; `all` is unmet by one unmet check; what cannot be told is `unknown`. */
export function judge(condition: Condition, view: View): Judgement {
  const judgements = condition.checks.map((check) => judgeCheck(check, view));
  const has = (state: State): boolean => judgements.some((judgement) => judgement.state === state);
  const decisive: State = condition.needs === 'any' ? 'met' : 'unmet';
  const otherwise: State = condition.needs === 'any' ? 'unmet' : 'met';
  const state = has(decisive) ? decisive : has('unknown') ? 'unknown' : otherwise;
  const telling = judgements.filter((judgement) => judgement.state === state);
  return { state, detail: telling.map((judgement) => judgement.detail).join('; ') };
}
