import type { Verdict } from '../../scenarios/journal.ts';
import { EXIT } from '../io.ts';
import type { NotUndone } from './faults.ts';
import type { Held } from './invariants.ts';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Of the check of positions: symbol → how much of it is held. */
  readonly held?: Held;
}

export interface GamedayOutcome {
  readonly gamedayId: string;
  /** `ready`: a check found nothing against it. */
  readonly verdict: Verdict | 'ready';
  readonly passed: boolean;
  readonly detail: string;
  readonly checks: readonly CheckResult[];
  /** From the first injection, monotonic ms; null when it never happened. */
  readonly detectedAfterMs: number | null;
  /** The steady state held again while the fault was there. */
  readonly mitigatedAfterMs: number | null;
  readonly liftedAfterMs: number | null;
  /** The steady state held again by runs from after the last lift. */
  readonly recoveredAfterMs: number | null;
  readonly recoveredAfterLiftMs: number | null;
  /** Faults that are still there, with the commands that undo them by hand. */
  readonly notUndone: readonly NotUndone[];
  /** It was aborted because the prober could not keep its journal, or its results: nothing is said of the target. */
  readonly proberFailed: boolean;
}

/**
 * 0 passed · 1 deviated or aborted · 3 aborted because the prober itself failed · 4 refused, nothing was injected · 5 a
 * fault could not be undone · 130 and 143 interrupted, everything is undone.
 * @param signal by which the process was asked to stop, if it was
 */
export function gamedayExitCode(outcome: GamedayOutcome, signal: unknown = null): number {
  if (outcome.notUndone.length > 0) return EXIT.notUndone;
  if (outcome.proberFailed) return EXIT.prober;
  if (outcome.verdict === 'aborted' && signal === 'SIGINT') return EXIT.interrupted;
  if (outcome.verdict === 'aborted' && signal === 'SIGTERM') return EXIT.terminated;
  if (outcome.verdict === 'refused') return EXIT.refused;
  return outcome.passed ? EXIT.ok : EXIT.failed;
}
