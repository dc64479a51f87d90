/**
 * The journal of one game-day: NDJSON, one entry a line, appended and flushed as things happen. It survives a kill, holds
 * no secret, and is enough to undo what was done and to render the report again.
 */
import type { Fault } from './fault.ts';
import type { Crossing, Target, Undo } from './injector.ts';

export type Phase = 'before' | 'during' | 'after';

export type Verdict =
  /** The steady state held although the fault bit. */
  | 'held'
  /** It degraded, and recovered while the fault was still there (a failover, a breaker). */
  | 'recovered-despite-fault'
  /** It recovered only once the fault was lifted. */
  | 'recovered-after-lift'
  | 'not-recovered'
  /** Nothing crossed the fault: nothing was learned. */
  | 'no-effect'
  | 'aborted'
  | 'refused';

export type MarkName =
  | 'injected'
  | 'impact'
  | 'detected'
  | 'acknowledged'
  | 'diagnosed'
  | 'mitigated'
  | 'lifted'
  | 'recovered';

export type JournalBody =
  | {
      readonly type: 'started';
      readonly scenario: string;
      readonly title: string;
      readonly objective: string;
      readonly component: string;
      readonly environment: string;
      readonly location: string;
      readonly timeScale: number;
      readonly timeboxMs: number;
      /** Recovery goal of the scenario, ms from injection, if it has one. */
      readonly recoveryGoalMs: number | null;
      readonly obligation: string | null;
      readonly seed: number;
      /** Who approved what would have been refused; absent in older journals. */
      readonly approval?: { readonly by: string; readonly reason: string } | null;
    }
  | { readonly type: 'check'; readonly name: string; readonly ok: boolean; readonly detail: string }
  | { readonly type: 'phase'; readonly phase: Phase }
  | {
      readonly type: 'hypothesis';
      readonly phase: Phase;
      readonly name: string;
      /** Null: no probe could tell. */
      readonly ok: boolean | null;
      readonly detail: string;
    }
  /** Flushed before the fault is applied. `fault` is this journal's id for it. */
  | {
      readonly type: 'undo-prepared';
      readonly fault: string;
      readonly target: Target;
      readonly what: Fault;
      readonly undo: Undo;
    }
  | { readonly type: 'injected'; readonly fault: string }
  | {
      readonly type: 'lifted';
      readonly fault: string;
      readonly by: 'conductor' | 'guardian' | 'recover';
      /** Read back from the target that nothing of it is left. */
      readonly verified: boolean;
      readonly detail: string;
      /** What crossed the target while the fault was there; null or absent: nobody counted. */
      readonly crossed?: Crossing | null;
    }
  | {
      readonly type: 'lift-failed';
      readonly fault: string;
      readonly by: 'conductor' | 'guardian' | 'recover';
      readonly detail: string;
      readonly byHand: string;
    }
  /** `detail`: what is seen of it so far. */
  | { readonly type: 'waiting'; readonly name: string; readonly withinMs: number; readonly detail?: string }
  | {
      readonly type: 'condition';
      readonly name: string;
      readonly met: boolean;
      readonly afterMs: number;
      readonly detail: string;
    }
  | {
      readonly type: 'mark';
      readonly what: MarkName;
      readonly source: string;
      /** How much earlier it may really have happened (the probe's interval). */
      readonly uncertaintyMs: number;
      /** From the first injection, the one origin of all marks; absent in older journals, and before anything was injected. */
      readonly afterMs?: number;
      /** Whoever said so; absent when it was measured. */
      readonly by?: string;
      readonly note?: string | null;
    }
  | { readonly type: 'note'; readonly text: string }
  | {
      readonly type: 'finished';
      readonly verdict: Verdict;
      readonly passed: boolean;
      readonly detail: string;
      /** From the first injection, monotonic; null when it never happened. */
      readonly detectedAfterMs: number | null;
      /** The steady state held again, for good, while the fault was there. Absent in older journals, as is the lift. */
      readonly mitigatedAfterMs?: number | null;
      /** The first lift. */
      readonly liftedAfterMs?: number | null;
      /** The steady state held again, by runs from after the last lift; null also when it never broke. */
      readonly recoveredAfterMs: number | null;
      /** From lifting. */
      readonly recoveredAfterLiftMs: number | null;
    };

export type JournalEntry = JournalBody & {
  readonly seq: number;
  readonly gameday: string;
  /** Wall clock, ms since the epoch; for people. */
  readonly atMs: number;
  /** Monotonic ms since the start of the game-day; every duration comes from here. */
  readonly sinceStartMs: number;
};
