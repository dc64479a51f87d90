import type { Verdict } from '../../scenarios/journal.ts';
import type { NotUndone } from './faults.ts';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface GamedayOutcome {
  readonly gamedayId: string;
  /** `ready`: a check found nothing against it. */
  readonly verdict: Verdict | 'ready';
  readonly passed: boolean;
  readonly detail: string;
  readonly checks: readonly CheckResult[];
  /** From injection, monotonic ms; null when it never happened. */
  readonly detectedAfterMs: number | null;
  readonly recoveredAfterMs: number | null;
  readonly recoveredAfterLiftMs: number | null;
  /** Faults that are still there, with the commands that undo them by hand. */
  readonly notUndone: readonly NotUndone[];
}

/** 0 passed · 1 deviated or aborted · 4 refused, nothing was injected · 5 a fault could not be undone. */
export function gamedayExitCode(outcome: GamedayOutcome): 0 | 1 | 4 | 5 {
  if (outcome.notUndone.length > 0) return 5;
  if (outcome.verdict === 'refused') return 4;
  return outcome.passed ? 0 : 1;
}
