import type { Leg, Observation, Outcome } from '../probes/probe.ts';
import type { Reason } from '../probes/reasons.ts';

/** At which rate a run was scheduled. `once`: asked for by hand; weighs nothing, counts nowhere. */
export type Cadence = 'green' | 'yellow' | 'red' | 'gameday' | 'once';

/** One run of one probe, as it is remembered. */
export interface Result {
  /** Unique for ever: `<probe>/<scheduled ns, base 36>/<random suffix>`. Appending the same id twice stores it once. */
  readonly runId: string;
  readonly probe: string;
  readonly kind: string;
  readonly service: string;
  readonly location: string;
  readonly endpoint: string | null;
  readonly venue: string | null;
  /** Wall-clock ms at which the run was due, and at which it began. */
  readonly scheduledMs: number;
  readonly startedMs: number;
  /** Monotonic: began − due. */
  readonly latenessMs: number;
  /** Monotonic length of the whole run; null when it never started. */
  readonly durationMs: number | null;
  readonly cadence: Cadence;
  /** The interval in force when it was scheduled, integer ms; 0 for `once`. */
  readonly weightMs: number;
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly detail: string | null;
  readonly phases: Observation['phases'];
  readonly readings: Observation['readings'];
  readonly values: Observation['values'];
  readonly trail?: readonly Leg[];
  /** Largest event-loop delay while it ran, ms; null when not watched. */
  readonly loopDelayMs: number | null;
  /** Id of the game-day during which it ran. */
  readonly gameday: string | null;
  /** Wall-clock ms, whole, at which the ledger stored it. The ledger fills it in; absent: stored before this was kept. */
  readonly recordedMs?: number;
}

/** What of a result decides where and how it counts. */
export type JudgedRun = Pick<
  Result,
  | 'probe'
  | 'kind'
  | 'location'
  | 'endpoint'
  | 'venue'
  | 'scheduledMs'
  | 'cadence'
  | 'weightMs'
  | 'outcome'
  | 'readings'
  | 'values'
>;

/** One result speaks for all the runs that a sleeping process missed: coverage falls by each of them. */
export function runsOf({ outcome, values }: Pick<Result, 'outcome' | 'values'>): number {
  const missed = outcome === 'skipped' ? (values['missed'] ?? 1) : 1;
  return Number.isSafeInteger(missed) && missed > 1 ? missed : 1;
}

const TEXTS = ['runId', 'probe', 'kind', 'service', 'location', 'cadence', 'outcome'] as const;
const NUMBERS = ['scheduledMs', 'startedMs', 'latenessMs', 'weightMs'] as const;

/** Of what this program wrote down itself: is it a whole result? */
export function isResult(value: unknown): value is Result {
  if (typeof value !== 'object' || value === null) return false;
  const cells = new Map<string, unknown>(Object.entries(value));
  return (
    TEXTS.every((key) => typeof cells.get(key) === 'string') &&
    NUMBERS.every((key) => typeof cells.get(key) === 'number') &&
    Array.isArray(cells.get('readings')) &&
    ['phases', 'values'].every((key) => typeof cells.get(key) === 'object' && cells.get(key) !== null)
  );
}
