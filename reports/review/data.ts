/** What a review says, as plain data. */
import type { Exclusion } from '../../slo/exclusion.ts';
import type { TargetVersion } from '../../slo/objective.ts';
import type { Period } from '../../slo/period.ts';
import type { Status } from '../../slo/status.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { BudgetPoint, LedgerEvent } from '../../store/store.ts';
import type { Replay } from '../replay/replay.ts';
import type { ReportedIncident } from '../sla/incidents.ts';

/** Something owed: a game-day or a postmortem review. */
export interface Duty {
  readonly id: string;
  readonly duty: string;
  readonly service: string;
  readonly objective: string;
  readonly openedMs: number;
  readonly dueMs: number;
  readonly state: 'open' | 'scheduled' | 'met' | 'overdue';
  readonly scheduled: { readonly forMs: number; readonly by: string } | null;
  readonly metMs: number | null;
}

/** Something that a person is to look at. */
export interface Item {
  readonly id: string;
  readonly type: string;
  readonly objective: string;
  readonly day: string;
  readonly why: string;
  readonly openedMs: number;
  readonly closed: { readonly atMs: number; readonly by: string; readonly note: string } | null;
}

/** One hourly record of an objective's burn. */
export interface Hour {
  readonly atMs: number;
  readonly burn1h: number | null;
  readonly burnNow: number | null;
  /** Pairs that burned: "1h and 5m". */
  readonly burning: readonly string[];
}

/** An alert that opened in the period. */
export interface Opened {
  readonly objective: string | null;
  readonly rule: string;
  readonly severity: string;
  readonly as: string;
}

/** A change that somebody proposes or has announced, and what it would have made of the stored history. */
export interface Proposed {
  readonly objective: string;
  readonly title: string;
  readonly owners: readonly string[];
  /** `announced`: it stands in the configuration with a date to come. */
  readonly origin: 'proposed' | 'announced';
  readonly rfc: string | null;
  readonly version: TargetVersion | null;
  /** Null: it could not be replayed, and why. */
  readonly replay: Replay | null;
  readonly because: string | null;
}

export interface Reviewed {
  readonly status: Status;
  /** How much of its window was measured; null: nothing can feed it. */
  readonly period: Period | null;
  /** So little that its figure says nothing of the rest. */
  readonly isShort: boolean;
  /** Of the evaluations in the period, thinned; and the first and the last. */
  readonly points: readonly BudgetPoint[];
  readonly first: BudgetPoint | null;
  readonly last: BudgetPoint | null;
  /** Evaluations in which something was known, and those in which it was met. */
  readonly judged: { readonly known: number; readonly met: number };
  readonly hours: readonly Hour[];
}

export interface Review {
  readonly environment: string;
  readonly location: string;
  readonly tool: { readonly version: string };
  readonly base: TimeBase;
  readonly fromMs: number;
  readonly toMs: number;
  readonly asOfMs?: number;
  /** Those that stand for themselves, SLA first. */
  readonly reviewed: readonly Reviewed[];
  readonly without: readonly Status[];
  readonly exclusions: readonly Exclusion[];
  /** Hours of the period, and those of which burn rates are on record. */
  readonly cadence: { readonly hours: number; readonly recorded: number };
  readonly duties: readonly Duty[];
  readonly items: readonly Item[];
  readonly incidents: readonly ReportedIncident[];
  readonly alerts: readonly Opened[];
  /** Deploys that somebody let through, and game-days, in the period. */
  readonly waivers: readonly LedgerEvent[];
  readonly gamedays: readonly LedgerEvent[];
  /** Of the kind `target`, in the period, that changed something. */
  readonly targets: readonly LedgerEvent[];
  readonly proposed: readonly Proposed[];
}
