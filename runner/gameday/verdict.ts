import type { Crossing } from '../../scenarios/injector.ts';
import type { Verdict } from '../../scenarios/journal.ts';
import type { State } from '../../scenarios/quantile.ts';

/** What a game-day that ran to its end found. Times are monotonic ms since its start. */
export interface Findings {
  readonly injectedAtMs: number;
  readonly liftedAtMs: number;
  /** A condition of the hypothesis was seen not to hold while a fault was there. */
  readonly hasBroken: boolean;
  readonly detectedAtMs: number | null;
  /** The hypothesis at the moment of the first lift, by evidence from after the injection. */
  readonly atLift: State;
  /** When, before the lift, it began to hold again for good. */
  readonly heldAgainAtMs: number | null;
  readonly mitigatedAtMs: number | null;
  /** When it held by evidence from after the last lift; null: it did not within its time. */
  readonly recoveredAtMs: number | null;
  /** What crossed the targets while the faults were there; null: nobody counted. */
  readonly crossed: Crossing | null;
  /** Waits that were not met within their time, by name. */
  readonly unmet: readonly string[];
}

export interface Expectations {
  readonly pass: readonly Verdict[];
  readonly recoveryGoalMs: number | null;
}

export interface Judged {
  readonly verdict: Verdict;
  readonly passed: boolean;
  readonly detail: string;
  readonly detectedAfterMs: number | null;
  readonly recoveredAfterMs: number | null;
  readonly recoveredAfterLiftMs: number | null;
}

/** Pure: the same findings give the same verdict, in the exercise and in a report made from its journal. */
export function judgeExercise(found: Findings, expected: Expectations): Judged {
  const verdict = verdictOf(found);
  const since = (atMs: number | null, fromMs: number): number | null => (atMs === null ? null : atMs - fromMs);
  const despite = verdict === 'recovered-despite-fault';
  const recoveredAtMs =
    verdict === 'held' || verdict === 'no-effect'
      ? null
      : despite
        ? (found.mitigatedAtMs ?? found.heldAgainAtMs)
        : found.recoveredAtMs;
  const recoveredAfterMs = since(recoveredAtMs, found.injectedAtMs);
  const objections = objectionsTo(verdict, recoveredAfterMs, found, expected);
  return {
    verdict,
    passed: objections.length === 0,
    detail: [sentence(verdict, found), ...objections].join('; '),
    detectedAfterMs: since(found.detectedAtMs, found.injectedAtMs),
    recoveredAfterMs,
    recoveredAfterLiftMs: since(found.recoveredAtMs, found.liftedAtMs),
  };
}

function verdictOf(found: Findings): Verdict {
  if (found.recoveredAtMs === null) return 'not-recovered';
  const degraded = found.hasBroken || found.detectedAtMs !== null;
  if (!degraded) return nothingCrossed(found) || found.atLift !== 'met' ? 'no-effect' : 'held';
  return found.atLift === 'met' ? 'recovered-despite-fault' : 'recovered-after-lift';
}

function nothingCrossed({ crossed }: Findings): boolean {
  return crossed !== null && crossed.bytes === 0 && crossed.connections === 0 && crossed.cut === 0;
}

function objectionsTo(
  verdict: Verdict,
  recoveredAfterMs: number | null,
  found: Findings,
  expected: Expectations,
): readonly string[] {
  const objections: string[] = [];
  if (!expected.pass.includes(verdict)) objections.push(`expected ${expected.pass.join(' or ')}`);
  // A steady state that held leaves a wait for its breaking unmet, and that is no fault of it.
  if (verdict !== 'held') objections.push(...found.unmet.map((name) => `not in time: ${name}`));
  const { recoveryGoalMs } = expected;
  if (recoveryGoalMs !== null && recoveredAfterMs !== null && recoveredAfterMs > recoveryGoalMs) {
    objections.push(`recovered after ${seconds(recoveredAfterMs)}, the goal is ${seconds(recoveryGoalMs)}`);
  }
  return objections;
}

function sentence(verdict: Verdict, found: Findings): string {
  switch (verdict) {
    case 'held':
      return found.crossed === null
        ? 'the steady state held; no counter can say what crossed the fault'
        : `the steady state held while ${found.crossed.bytes} bytes crossed the fault`;
    case 'recovered-despite-fault':
      return found.hasBroken
        ? 'the steady state broke and came back while the fault was there'
        : 'the fault was detected, and the steady state, as far as it was measured, held all the while';
    case 'recovered-after-lift':
      return 'the steady state came back only once the fault was lifted';
    case 'no-effect':
      return nothingCrossed(found)
        ? 'nothing crossed the fault, so nothing was learned'
        : 'no probe could tell the steady state while the fault was there, so nothing was learned';
    default:
      return 'the steady state did not come back after the fault was lifted';
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
