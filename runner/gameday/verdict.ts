import { GOAL_MARKS, type GoalMark, type Goals } from '../../scenarios/charter.ts';
import { seconds, span } from '../../reports/figures.ts';
import type { Verdict } from '../../scenarios/journal.ts';
import type { State } from '../../scenarios/quantile.ts';
import type { SeenEffect } from './faults.ts';

/** What a game-day that ran to its end found. Times are monotonic ms since its start. */
export interface Findings {
  readonly injectedAtMs: number;
  /** The last lift, which left nothing in place. */
  readonly lastLiftedAtMs: number;
  /** Nothing was injected: people alone practised. */
  readonly isDrill?: boolean;
  /** The hypothesis was seen not to hold, by evidence from after the injection and before the last lift. */
  readonly hasBroken: boolean;
  readonly detectedAtMs: number | null;
  /** The hypothesis at the lifts, the worst of them: at each by evidence from after the injection or lift before it. */
  readonly atLift: State;
  /** Faults of which no probe could tell before they were lifted, where it could of others. */
  readonly untold?: readonly string[];
  /** When, before a lift, it first began to hold again. */
  readonly heldAgainAtMs: number | null;
  readonly mitigatedAtMs: number | null;
  /** When it held by evidence from after the last lift; null: it did not within its time. */
  readonly recoveredAtMs: number | null;
  /** The hypothesis when its time after the last lift was over, or when it held again. */
  readonly atEnd: State;
  /** What each fault did while it was there. */
  readonly effects: readonly SeenEffect[];
  /** Waits that were not met within their time, by name. */
  readonly unmet: readonly string[];
  /** What did not come as expected whatever became of the steady state: people, alerts, the degraded mode, what trading keeps. */
  readonly missed?: readonly string[];
  /** The first of each mark, by machine or person. */
  readonly firstAtMs?: Readonly<Partial<Record<GoalMark, number | null>>>;
}

export interface Expectations {
  readonly pass: readonly Verdict[];
  readonly recoveryGoalMs: number | null;
  readonly goals?: Goals;
}

export interface Judged {
  readonly verdict: Verdict;
  readonly passed: boolean;
  readonly detail: string;
  /** All from the first injection, ms; null when it never happened. The last one is from the last lift. */
  readonly detectedAfterMs: number | null;
  readonly mitigatedAfterMs: number | null;
  readonly liftedAfterMs: number | null;
  readonly recoveredAfterMs: number | null;
  readonly recoveredAfterLiftMs: number | null;
}

/** Of an exercise that never came to anything. */
export const NOTHING_MEASURED = {
  detectedAfterMs: null,
  mitigatedAfterMs: null,
  liftedAfterMs: null,
  recoveredAfterMs: null,
  recoveredAfterLiftMs: null,
} as const;

/** Pure: the same findings give the same verdict, in the exercise and in a report made from its journal. */
export function judgeExercise(found: Findings, expected: Expectations): Judged {
  const verdict = verdictOf(found);
  const since = (atMs: number | null, fromMs: number): number | null => (atMs === null ? null : atMs - fromMs);
  const isMitigated = verdict === 'recovered-despite-fault';
  const recoveredAtMs = verdict === 'held' || verdict === 'no-effect' ? null : found.recoveredAtMs;
  const mitigatedAfterMs = since(isMitigated ? (found.mitigatedAtMs ?? found.heldAgainAtMs) : null, found.injectedAtMs);
  const recoveredAfterMs = since(recoveredAtMs, found.injectedAtMs);
  const objections = objectionsTo(verdict, { mitigatedAfterMs, recoveredAfterMs }, found, expected);
  return {
    verdict,
    passed: objections.length === 0,
    detail: [sentence(verdict, found), ...doubts(verdict, found), ...objections].join('; '),
    detectedAfterMs: since(found.detectedAtMs, found.injectedAtMs),
    mitigatedAfterMs,
    liftedAfterMs: found.lastLiftedAtMs - found.injectedAtMs,
    recoveredAfterMs,
    recoveredAfterLiftMs: since(recoveredAtMs, found.lastLiftedAtMs),
  };
}

/** By the hypothesis alone: that the fault was detected is a figure of its own. */
function verdictOf(found: Findings): Verdict {
  if (found.recoveredAtMs === null) return found.atEnd === 'unknown' ? 'no-effect' : 'not-recovered';
  if (!found.hasBroken) return hadNoEffect(found) || found.atLift !== 'met' ? 'no-effect' : 'held';
  return found.atLift === 'met' ? 'recovered-despite-fault' : 'recovered-after-lift';
}

/** It is proven of each fault that it did nothing. */
function hadNoEffect({ effects, isDrill = false }: Findings): boolean {
  return !isDrill && effects.length > 0 && effects.every(({ bit }) => bit === false);
}

/** What the faults did, a clause; several are told apart. */
function effectText(effects: readonly SeenEffect[], of: (effect: SeenEffect) => string): string {
  return effects.length === 1
    ? effects.map(of).join('')
    : effects.map((each) => `${each.fault}: ${of(each)}`).join('; ');
}

function objectionsTo(
  verdict: Verdict,
  { mitigatedAfterMs, recoveredAfterMs }: Pick<Judged, 'mitigatedAfterMs' | 'recoveredAfterMs'>,
  found: Findings,
  expected: Expectations,
): readonly string[] {
  const objections: string[] = [];
  if (!expected.pass.includes(verdict)) objections.push(`expected ${expected.pass.join(' or ')}`);
  // A steady state that held leaves a wait for its breaking unmet, and that is no fault of it.
  if (verdict === 'held') objections.push(...ineffective(found.effects));
  else objections.push(...found.unmet.map((name) => `not in time: ${name}`));
  objections.push(...(found.missed ?? []), ...goalObjections(verdict, found, expected.goals ?? {}));
  const { recoveryGoalMs } = expected;
  const [word, afterMs] =
    mitigatedAfterMs === null ? (['recovered', recoveredAfterMs] as const) : (['mitigated', mitigatedAfterMs] as const);
  if (recoveryGoalMs !== null && afterMs !== null && afterMs > recoveryGoalMs) {
    objections.push(`${word} after ${seconds(afterMs)}, the goal is ${span(recoveryGoalMs)}`);
  }
  return objections;
}

/** In a steady state that held there was nothing to be noticed, so that a mark may be missing; one that came late is late. */
function goalObjections(verdict: Verdict, found: Findings, goals: Goals): readonly string[] {
  return GOAL_MARKS.flatMap((mark) => {
    const goalMs = goals[mark];
    if (goalMs === undefined) return [];
    const atMs = found.firstAtMs?.[mark] ?? null;
    if (atMs === null) {
      const isMoot = verdict === 'held' && found.isDrill !== true;
      return isMoot ? [] : [`${mark} never, the goal is ${span(goalMs)}`];
    }
    const afterMs = atMs - found.injectedAtMs;
    return afterMs > goalMs ? [`${mark} after ${seconds(afterMs)}, the goal is ${span(goalMs)}`] : [];
  });
}

function sentence(verdict: Verdict, found: Findings): string {
  switch (verdict) {
    case 'held':
      if (found.isDrill === true) return 'the steady state held, and nothing was broken: people practised';
      return [
        heldText(found.effects),
        ...(found.detectedAtMs === null ? [] : ['the fault was detected all the same']),
      ].join('; ');
    case 'recovered-despite-fault':
      return 'the steady state broke and came back while the fault was there';
    case 'recovered-after-lift':
      return 'the steady state came back only once the fault was lifted';
    case 'no-effect':
      if (found.atEnd === 'unknown') {
        return 'no probe could tell whether the steady state came back after the fault was lifted';
      }
      return hadNoEffect(found)
        ? `${effectText(found.effects, ({ says }) => says)}, so nothing was learned`
        : `no probe could tell the steady state while ${untoldText(found)} was there, so nothing was learned`;
    default:
      return 'the steady state did not come back after the fault was lifted';
  }
}

function untoldText({ untold = [] }: Findings): string {
  return untold.length === 0 ? 'the fault' : untold.join(' or ');
}

/** One that did nothing taught nothing, whatever the others did. */
function ineffective(effects: readonly SeenEffect[]): readonly string[] {
  return effects.flatMap(({ fault, bit, says }) => (bit === false ? [`${fault} had no effect: ${says}`] : []));
}

function heldText(effects: readonly SeenEffect[]): string {
  if (effects.length === 0) return 'the steady state held';
  const isMeasured = effects.every(({ bit }) => bit !== null);
  if (isMeasured) return `the steady state held while ${effectText(effects, ({ says }) => says)}`;
  const text = effectText(effects, ({ bit, says }) => (bit === null ? `effect not measured (${says})` : says));
  return `the steady state held; ${text}`;
}

/** What broke although the fault did nothing was hardly broken by it. */
function doubts(verdict: Verdict, found: Findings): readonly string[] {
  if (verdict === 'no-effect' || !found.hasBroken || !hadNoEffect(found)) return [];
  return [`${effectText(found.effects, ({ says }) => says)}, so that something else may have broken it`];
}
