/** The evidence as plain data: everything that the page says, nothing that has to be asked again. */
import type { Exclusion } from '../../slo/exclusion.ts';
import type { Period } from '../../slo/period.ts';
import type { Status } from '../../slo/status.ts';
import type { BudgetPoint } from '../../store/store.ts';
import type { Miss } from '../causes.ts';
import type { DocumentInfo } from '../evidence/document.ts';
import type { Exercise } from '../exercise.ts';
import type { Measurements } from '../measurements.ts';
import type { VenueOrders } from '../orders.ts';
import type { ReportedIncident } from './incidents.ts';
import type { Overloaded } from './overloads.ts';

export interface Change {
  readonly atMs: number;
  readonly service: string | null;
  readonly subject: string;
  /** Plain text. */
  readonly what: string;
  /** A row was judged for the first time, and is Green: told in one sentence, not in a row each. */
  readonly isFirstGreen: boolean;
}

/** A probe as it is configured: what is asked, and how often. */
export interface ReportedProbe {
  readonly id: string;
  readonly kind: string;
  readonly endpoint: string | null;
  readonly venue: string | null;
  /** In words. */
  readonly every: string;
  /** Nothing is due while its calendar is closed; left out: it goes on all the time. */
  readonly byCalendar?: true;
}

export interface SlaReport {
  readonly environment: string;
  /** False: nobody named it, and it is what a configuration that says nothing is taken for. */
  readonly isEnvironmentNamed: boolean;
  readonly location: string;
  readonly tool: { readonly version: string };
  /** How many times faster than life the policy's time ran. */
  readonly scale: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** What was recorded later is not in it; left out: nobody asked. */
  readonly asOfMs?: number;
  /** Left out: it was not issued, only written. */
  readonly document?: DocumentInfo;
  readonly statuses: readonly Status[];
  /** How much of the window of each was measured; of those that nothing can feed there is none. */
  readonly periods: readonly Period[];
  readonly probes: readonly ReportedProbe[];
  /** Those that touch the window of an objective, withdrawn ones as well. */
  readonly exclusions: readonly Exclusion[];
  /** Of the objectives that one applies to, what they come to without. */
  readonly without: readonly Status[];
  /** The objectives that were missed, and by what. */
  readonly misses: readonly Miss[];
  readonly measurements: Measurements;
  /** Empty where no probe trades. */
  readonly orders: readonly VenueOrders[];
  /** Burn-down points of the range, at most a few hundred each. */
  readonly budgets: readonly { readonly objective: string; readonly points: readonly BudgetPoint[] }[];
  readonly colourChanges: readonly Change[];
  readonly samplingChanges: readonly Change[];
  /** Changes of targets and of the rules beside them, as they were first seen. */
  readonly targetChanges: readonly Change[];
  readonly exercises: readonly Exercise[];
  /** Oldest first. */
  readonly overloads: readonly Overloaded[];
  /** Oldest first. */
  readonly incidents: readonly ReportedIncident[];
}
