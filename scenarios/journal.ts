/**
 * The journal of one game-day: NDJSON, one entry a line, appended and flushed as things happen. It survives a kill, holds
 * no secret, and is enough to undo what was done and to render the report again.
 */
import type { Colour } from '../slo/objective.ts';
import type { ExpectedAlert, Goals } from './charter.ts';
import type { Fault } from './fault.ts';
import type { Crossing, Effect, Target, Undo } from './injector.ts';

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
  /** Of a drill of people alone, which injects nothing: its clock begins here. */
  | 'began'
  | 'injected'
  | 'impact'
  /** The first alert on the component. */
  | 'alerted'
  | 'detected'
  | 'acknowledged'
  | 'diagnosed'
  | 'mitigated'
  | 'lifted'
  | 'recovered'
  /** Recovered, and held ever since. */
  | 'steady';

/** An alert as a game-day keeps it: no more than a report tells. */
export interface SeenAlert {
  readonly id: string;
  readonly rule: string;
  readonly severity: string;
  readonly service: string | null;
  readonly objective: string | null;
  readonly says: string;
}

/** What became of an alert that was expected. `before`: it stood already when the fault was injected, and proves nothing. */
export interface JudgedAlert extends ExpectedAlert {
  readonly state: 'in-time' | 'late' | 'missing' | 'before';
  /** From the first injection; null where it never opened. */
  readonly afterMs: number | null;
}

/** What a scenario says of itself, as it stood when it was run. */
export interface Charter {
  readonly serves: readonly string[] | null;
  readonly prerequisites: readonly string[];
  readonly roles: Readonly<Record<string, string>>;
  readonly communications: {
    readonly channel: string | null;
    readonly audience: readonly string[];
    readonly before: string | null;
    readonly during: string | null;
    readonly after: string | null;
  } | null;
  readonly goals: Goals;
  readonly alerts: readonly ExpectedAlert[] | null;
  /** What its conditions are called. */
  readonly hypothesis: readonly string[];
  readonly success: readonly string[];
  readonly abort: readonly string[];
  readonly degradedMode: string | null;
  readonly pass: readonly Verdict[];
  readonly settleMs: number;
  readonly steadyForMs: number;
  readonly budget: number | null;
}

/** What a probe measured of one indicator, as reports draw it. Moments are wall clock, ms. */
export interface MeasuredSeries {
  readonly probe: string;
  readonly indicator: string;
  /** Single runs; null ms: it never happened. */
  readonly runs: readonly (readonly [atMs: number, ms: number | null, isBad: boolean])[];
  /** Events that were counted. */
  readonly counts: readonly (readonly [
    atMs: number,
    p50Ms: number | null,
    p99Ms: number | null,
    maxMs: number | null,
  ])[];
}

/** What an exercise took of one budget. */
export interface BudgetSpent {
  readonly objective: string;
  readonly split: string | null;
  /** Raw events of the stretch. */
  readonly bad: number;
  readonly valid: number;
  /** Share of the objective's whole error budget that these bad events took; null without valid events. */
  readonly share: number | null;
}

/** An objective as a report tells it. */
export interface ObjectiveRecord {
  readonly objective: string;
  readonly service: string;
  readonly probes: readonly string[];
  /** What its probes are held against; null: nothing that can be drawn. */
  readonly limit: { readonly indicator: string; readonly ms: number; readonly strict: boolean } | null;
  /** In words, with its counts. */
  readonly attained: string;
  readonly consumed: number | null;
  readonly colour: Colour;
}

/** As much of another run as it takes to compare with it. */
export interface EarlierRun {
  readonly gameday: string;
  readonly startedMs: number;
  /** Null: it came to no end. */
  readonly verdict: string | null;
  readonly passed: boolean;
  /** The first of each, as they are told; `afterMs` as in the journal. */
  readonly marks: readonly {
    readonly what: MarkName;
    readonly afterMs: number | null;
    readonly uncertaintyMs: number;
  }[];
  /** Null: none were judged. */
  readonly alerts: { readonly inTime: number; readonly expected: number; readonly unexpected: number } | null;
  /** Invariants that were not kept; null: none were looked at. */
  readonly broken: number | null;
}

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
      readonly approval?: {
        readonly by: string;
        readonly reason: string;
        readonly overspend?: string | undefined;
      } | null;
      /** Who took it on that it spends more of a budget than there is, and up to which share, a decimal; absent: nobody. */
      readonly overspend?: { readonly by: string; readonly reason: string; readonly share: string };
      /** Absent in older journals. */
      readonly charter?: Charter;
      /** Role → who has it today, `lead` among them; absent where nobody was named. */
      readonly people?: Readonly<Record<string, string>>;
      /** Who owns the component; absent where the configuration names nobody, and in older journals. */
      readonly owners?: readonly string[];
    }
  | {
      readonly type: 'check';
      readonly name: string;
      readonly ok: boolean;
      readonly detail: string;
      /** Symbol → how much of it was held before anything was broken; with the check of positions. */
      readonly held?: Readonly<Record<string, number>>;
    }
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
      /** What it did while it was there; absent in older journals, and where it was undone without a look at it. */
      readonly effect?: Effect;
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
      /** That `afterMs` counts from the beginning of a drill, which injects nothing; absent: from the first injection. */
      readonly since?: 'began';
      /** Whoever said so; absent when it was measured. */
      readonly by?: string;
      readonly note?: string | null;
    }
  /** Somebody is asked to do something, and says that it is done. */
  | {
      readonly type: 'asked';
      readonly step: string;
      readonly what: string;
      readonly who: string;
      readonly withinMs: number;
    }
  | {
      readonly type: 'answered';
      readonly step: string;
      /** False: nobody said so in time. */
      readonly ok: boolean;
      readonly by: string | null;
      readonly note: string | null;
      readonly afterMs: number;
    }
  /** Entered in time after the injection, left in time after the last lift; or not. `afterMs` counts from these. */
  | {
      readonly type: 'degraded-mode';
      readonly change: 'entered' | 'left';
      readonly name: string;
      readonly ok: boolean;
      readonly afterMs: number;
      readonly withinMs: number;
      readonly detail: string;
    }
  /** `standing`: it was there when the game-day began. `afterMs`: from the first injection, if that was before. */
  | {
      readonly type: 'alert';
      readonly change: 'standing' | 'opened' | 'worsened' | 'ended' | 'resolved';
      readonly alert: SeenAlert;
      readonly changedMs: number;
      readonly afterMs: number | null;
    }
  /** Alerts that stood elsewhere when the game-day began, by service (null: the prober's own): told once, in a line. */
  | {
      readonly type: 'alerts-elsewhere';
      readonly stood: readonly { readonly service: string | null; readonly alerts: number }[];
    }
  /** What became of the alerts: told once, in the end. */
  | { readonly type: 'alerts'; readonly expected: readonly JudgedAlert[]; readonly unexpected: readonly SeenAlert[] }
  /** What must be so in the end. Null: not known. */
  | { readonly type: 'success'; readonly name: string; readonly ok: boolean | null; readonly detail: string }
  /** Null: not checked, because of what the detail says. */
  | { readonly type: 'invariant'; readonly name: string; readonly ok: boolean | null; readonly detail: string }
  | { readonly type: 'note'; readonly text: string }
  /** What the probes of the component measured since the entry before of this type, thinned. */
  | { readonly type: 'measured'; readonly series: readonly MeasuredSeries[] }
  /**
   * How the budgets stand, and what the exercise has taken of them from its first injection on, in whole tally steps; null:
   * nothing was injected yet. Written while it runs, and once more, as `final`, when it is over.
   */
  | {
      readonly type: 'budget';
      readonly final: boolean;
      readonly spent: { readonly fromMs: number; readonly toMs: number; readonly by: readonly BudgetSpent[] } | null;
      readonly objectives: readonly ObjectiveRecord[];
    }
  /** The run before of the same scenario, as it was when this one ended; null: there is none. */
  | { readonly type: 'before'; readonly run: EarlierRun | null }
  | {
      readonly type: 'finished';
      readonly verdict: Verdict;
      readonly passed: boolean;
      readonly detail: string;
      /** From the first injection, monotonic; null when it never happened. */
      readonly detectedAfterMs: number | null;
      /** The steady state held again, for good, while the fault was there. Absent in older journals, as is the lift. */
      readonly mitigatedAfterMs?: number | null;
      /** The last lift that left no fault in place; the first one in older journals of several faults. */
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
