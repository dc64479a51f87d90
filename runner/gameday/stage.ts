/** What a game-day is conducted with: what was asked for, and the stage that the conductor sets up for it. */
import type { ProbeEnvironment } from '../../probes/kind.ts';
import type { Clock, Probe } from '../../probes/probe.ts';
import type { Injector } from '../../scenarios/injector.ts';
import type { JournalEntry } from '../../scenarios/journal.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { WatchSpec } from '../../scenarios/watch.ts';
import type { Witness } from '../witness.ts';
import type { AlertWatch } from './alert-watch.ts';
import type { Answers } from './answers.ts';
import type { Overspend } from './budget-guard.ts';
import type { ChronicleSource } from './chronicle.ts';
import type { Desk } from './desk.ts';
import type { Mask } from './discretion.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { StartGuardian } from './guard.ts';
import type { Approval } from './guards.ts';
import type { Journal } from './journal.ts';
import type { CheckResult } from './outcome.ts';
import type { SteadyState } from './steady-state.ts';

export interface ConductOptions {
  readonly scenario: Scenario;
  readonly gamedayId: string;
  /** `check`: looks, injects nothing, writes nothing. */
  readonly mode: 'check' | 'run';
  readonly injectors: ReadonlyMap<string, Injector>;
  /** Kind of injector → the targets that a scenario may touch. */
  readonly permittedTargets: ReadonlyMap<string, readonly string[]>;
  /** Null: any. */
  readonly permittedEnvironments: readonly string[] | null;
  readonly witness: Witness;
  readonly clock: Clock;
  readonly random: () => number;
  readonly seed: number;
  /** `<gamedays dir>/<gamedayId>/journal.ndjson`; its folder exists. */
  readonly journalPath: string;
  /** Where the game-days' folders are; default: the folder above the journal's own. */
  readonly folder?: string;
  readonly startGuardian: StartGuardian;
  readonly environment: string;
  readonly location: string;
  /** Recorded; a scenario's durations are real time. */
  readonly timeScale: number;
  /** The obligation that a pass would meet. */
  readonly obligation: string | null;
  readonly approval?: Approval | null;
  /** Who has approved that it spends more of a budget than there is. */
  readonly overspend?: Overspend | null;
  /** Role → who has it today. */
  readonly people?: Readonly<Record<string, string>>;
  /** Of the component. */
  readonly owners?: readonly string[];
  /** Checks of the prober, the budgets and the hour; asked once, when the others are. */
  readonly guards?: () => readonly CheckResult[];
  /** Whether the prober keeps up; asked when the baseline has been looked for. */
  readonly keepsUp?: () => CheckResult;
  /** Why the exercise must end; asked each second once it has begun. Null: it need not. */
  readonly alarm?: () => Error | null;
  /** Whom to ask besides the probes: objectives, queries, alerts, orders; default: nobody. */
  readonly desk?: Desk | null;
  /** What the journal keeps for the report to be drawn from; default: nothing. */
  readonly chronicle?: ChronicleSource;
  /** Stops and undoes. Its reason, an error or a text such as "SIGINT", says why. */
  readonly signal: AbortSignal;
  /** Hears every entry once it is durable. */
  readonly onEntry?: (entry: JournalEntry) => void;
  /** Takes secrets out of what is written down. */
  readonly mask?: Mask;
  /** Value of PATH, for watches that need a program. */
  readonly path?: string;
  readonly openWatch?: (spec: WatchSpec, environment: ProbeEnvironment) => Probe;
}

/** What one game-day works with. */
export interface Stage {
  readonly journal: Journal;
  readonly log: EvidenceLog;
  readonly steadyState: SteadyState;
  readonly alerts: AlertWatch;
  readonly answers: Answers;
  readonly sinceStartMs: () => number;
  readonly intervalMs: (probe: string) => number | null;
  readonly stop: AbortController;
  readonly over: AbortController;
  readonly inBackground: (work: Promise<void>) => void;
  /** Runs a watch once; null when it answers, otherwise why not. */
  readonly ask: (spec: WatchSpec) => Promise<string | null>;
}
