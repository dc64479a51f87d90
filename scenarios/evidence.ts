/** What the probes said lately, and what a condition makes of it. */
import type { Outcome, Reading } from '../probes/probe.ts';
import type { Check, Condition, IndicatorCheck, OutcomeCheck } from './condition.ts';
import { runsOf } from './condition.ts';
import type { Judgement, State } from './quantile.ts';
import { judgeQuantile } from './quantile.ts';
import { judgeFound, type Found, type ObjectiveCheck, type QueryCheck } from './standing.ts';

type ProbeCheck = OutcomeCheck | IndicatorCheck;

/** One run, or one answer, as evidence. Times are monotonic milliseconds since the start of the game-day (negative: before it). */
export interface Evidence {
  readonly probe: string;
  readonly outcome: Outcome;
  readonly readings: readonly Reading[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** What an objective, or a query, was found to be; absent of a probe's run. */
  readonly found?: Found;
}

export interface View {
  readonly nowMs: number;
  /** Evidence of harm counts from runs that ended after this, evidence of health from runs that began after it. */
  readonly sinceMs: number;
  /** A fault was lifted at `sinceMs`: a run that began before has seen it, and is no evidence of harm either. */
  readonly isLifted?: boolean;
  /** Oldest first. */
  runs(probe: string): readonly Evidence[];
  /** How old the newest run may be before the probe counts as silent, ms. */
  patienceMs(probe: string): number;
}

/** Looks for trouble: it may take what a run saw that had begun before the fault. */
function seeksHarm(check: Check): boolean {
  if (check.type === 'outcome') return check.outcome === 'bad';
  return check.type === 'indicator' && check.limit.word === 'above';
}

/** Objectives and queries: the newest answer, also where it is that there is none. */
function judgeNewest(check: ObjectiveCheck | QueryCheck, view: View): Judgement {
  const newest = view.runs(check.probe).findLast((run) => run.startedAtMs >= view.sinceMs);
  if (newest?.found === undefined) return { state: 'unknown', detail: `${check.probe}: not asked yet` };
  const silentMs = view.nowMs - newest.endedAtMs;
  if (silentMs > view.patienceMs(check.probe)) {
    return { state: 'unknown', detail: `${check.probe}: no answer for ${(silentMs / 1000).toFixed(1)} s` };
  }
  return judgeFound(check, newest.found);
}

function judgeCheck(check: Check, view: View): Judgement {
  if (check.type === 'objective' || check.type === 'query') return judgeNewest(check, view);
  const harm = seeksHarm(check);
  const valid = validRuns(check, view).filter((run) => (harm ? run.endedAtMs : run.startedAtMs) >= view.sinceMs);
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
  return judgeRuns(check, last);
}

function validRuns(check: Check, view: View): readonly Evidence[] {
  return view.runs(check.probe).filter((run) => run.outcome === 'good' || run.outcome === 'bad');
}

/**
 * How long before `view.nowMs` the last valid run began of those that a check does not look back on any more, ms: until then
 * it was seen otherwise. Infinite when there was none.
 */
export function sinceLookedMs(check: Check, view: View): number {
  const seen = validRuns(check, view).filter((run) => run.endedAtMs <= view.nowMs);
  const before = seen.at(-runsOf(check) - 1);
  return before === undefined ? Number.POSITIVE_INFINITY : view.nowMs - before.startedAtMs;
}

function judgeRuns(check: ProbeCheck, runs: readonly Evidence[]): Judgement {
  if (check.type === 'indicator') {
    const judgement = judgeQuantile(
      check,
      check.limit,
      runs.flatMap((run) => run.readings),
    );
    return { ...judgement, detail: `${check.probe}: ${judgement.detail}` };
  }
  const matching = runs.filter((run) => run.outcome === check.outcome).length;
  return {
    state: matching >= check.atLeast ? 'met' : 'unmet',
    detail: `${check.probe}: ${matching} of ${runs.length} ${check.outcome}, ${check.atLeast} asked`,
  };
}

/**
 * A steady state holds only by a full count of runs that began after `sinceMs`. It is broken earlier than that, as soon as
 * its last runs miss what is asked, and those among them that ended after `sinceMs` bear it out by themselves.
 */
function judgeSteadyCheck(check: Check, view: View): Judgement {
  const judgement = judgeCheck(check, view);
  if (judgement.state !== 'unknown' || check.type === 'objective' || check.type === 'query') return judgement;
  const last = validRuns(check, view).slice(-runsOf(check));
  const since = last.filter((run) => (view.isLifted === true ? run.startedAtMs : run.endedAtMs) >= view.sinceMs);
  const newest = since.at(-1);
  if (newest === undefined || view.nowMs - newest.endedAtMs > view.patienceMs(check.probe)) return judgement;
  const isBorneOut =
    check.type === 'outcome'
      ? since.some((run) => run.outcome !== check.outcome)
      : judgeRuns(check, since).state === 'unmet';
  const whole = judgeRuns(check, last);
  return last.length === runsOf(check) && whole.state === 'unmet' && isBorneOut ? whole : judgement;
}

/** `any` is met by one met check; `all` is unmet by one unmet check; what cannot be told is `unknown`. */
export function judge(condition: Condition, view: View): Judgement {
  return combined(condition, (check) => judgeCheck(check, view));
}

/** The same of a condition of the steady state: it holds on full evidence only, and breaks at once. */
export function judgeSteady(condition: Condition, view: View): Judgement {
  return combined(condition, (check) => judgeSteadyCheck(check, view));
}

function combined(condition: Condition, judgeOne: (check: Check) => Judgement): Judgement {
  const judgements = condition.checks.map(judgeOne);
  const has = (state: State): boolean => judgements.some((judgement) => judgement.state === state);
  const decisive: State = condition.needs === 'any' ? 'met' : 'unmet';
  const otherwise: State = condition.needs === 'any' ? 'unmet' : 'met';
  const state = has(decisive) ? decisive : has('unknown') ? 'unknown' : otherwise;
  const telling = judgements.filter((judgement) => judgement.state === state);
  return { state, detail: telling.map((judgement) => judgement.detail).join('; ') };
}
