/** A configuration that has been checked: what the rest of the house works with. */
import type { CalendarSpec } from '../../probes/market-data/calendar.ts';
import type { Mode } from '../../probes/kind.ts';
import type { ProbeSpec } from '../../probes/kinds.ts';
import type { Objective } from '../../slo/objective.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { Retention } from '../../store/upkeep.ts';
import type { Rules } from './rules.ts';
import type { Document, InfluxDocument } from './schema.ts';
import type { Redact } from './secrets.ts';
import type { SourceDocument } from './sources.ts';

/** One probe, with everything that its kind does not care about worked out. */
export interface PlannedProbe {
  readonly id: string;
  readonly kind: ProbeSpec['kind'];
  readonly service: string;
  readonly endpoint: string | null;
  readonly venue: string | null;
  readonly mode: Mode | null;
  readonly spec: ProbeSpec;
  /** Green interval; null when a cron expression says when. */
  readonly everyMs: number | null;
  readonly cron: { readonly expression: string; readonly timezone: string | undefined } | null;
  readonly yellow: number | 'auto';
  readonly redMs: number | null;
  /** No raised interval is shorter than this: the timeout (no run may meet its successor) and the kind's own caps. */
  readonly floorMs: number;
  readonly timeoutMs: number;
}

/** What a source of telemetry is asked for one objective. */
export interface BoundQuery {
  readonly objective: string;
  readonly service: string;
  readonly split: Objective['split'];
  /** What is counted at a time, and over which window it counts; real milliseconds. */
  readonly stepMs: number;
  readonly windowMs: number;
  readonly ask: { readonly good: string; readonly valid: string } | { readonly median: string };
}

export interface PlannedSource {
  readonly spec: SourceDocument;
  readonly bound: readonly BoundQuery[];
}

export interface Configuration {
  /** File name, for messages. */
  readonly source: string;
  /** Folder against which relative paths were resolved. */
  readonly folder: string;
  readonly environment: string;
  /** False: it is the default. */
  readonly isEnvironmentNamed: boolean;
  readonly location: string;
  readonly seed: number;
  readonly base: TimeBase;
  readonly services: Document['services'];
  readonly probes: readonly PlannedProbe[];
  readonly sources: readonly PlannedSource[];
  readonly objectives: readonly Objective[];
  /** What is allowed, and yet probably not meant; a line each. */
  readonly warnings: readonly string[];
  /** Real milliseconds: already divided by the time scale. */
  readonly holdMs: number;
  readonly gate: Document['gate'];
  readonly rules: Rules;
  readonly notify: Document['notify'];
  readonly silences: Document['silences'];
  readonly incidents: Document['incidents'];
  readonly clock: Document['clock'];
  readonly loopToleranceMs: number | null;
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly ledgerPath: string;
  /** Where results wait that the ledger refuses; null: below the system's folder for temporary files. */
  readonly spillFolder: string | null;
  readonly influx: InfluxDocument | null;
  /** For how long the ledger keeps what, real ms. */
  readonly retention: Retention;
  /** Null: evaluations and reports read the ledger. `locations` null: all that have shipped. */
  readonly readsInflux: { readonly locations: readonly string[] | null } | null;
  readonly gamedays: {
    readonly environments: readonly string[];
    readonly folder: string;
    readonly injectors: Document['gamedays']['injectors'];
    readonly scenarios: readonly string[];
    /** Share of a budget, (0, 1]; null: it names none. */
    readonly maxBudgetSpend: number | null;
    /** Null: no exercise may spend more than there is, unless somebody approves it. */
    /** Where a copy of each report goes; null: nowhere. */
    readonly reports: string | null;
    readonly overspend: Document['gamedays']['overspend'] | null;
    readonly limits: Document['gamedays']['limits'];
    readonly market: CalendarSpec | null;
    /** Null: nobody may mark by webhook. */
    readonly webhook: Document['gamedays']['webhook'] | null;
    /** Null: nobody can be asked what the venue knows. */
    readonly trading: Document['gamedays']['trading'] | null;
    readonly schedule: Document['gamedays']['schedule'];
  };
  readonly evidence: Document['evidence'];
  readonly reportsFolder: string;
  readonly reports: Omit<Document['reports'], 'folder'>;
  /** Where pictures and traces of failed browser runs are kept. */
  readonly artefactsFolder: string;
  readonly redact: Redact;
  /** Secret value → its reference. A map, which no JSON shows. */
  readonly secrets: ReadonlyMap<string, string>;
}
