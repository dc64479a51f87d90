/** What a game-day asks besides its probes. Everything may fail or hang out there: each question is bounded by whoever asks. */
import type { QueryCheck } from '../../scenarios/standing.ts';
import type { Status } from '../../slo/status.ts';
import type { AlertChange } from '../alerts/alert.ts';
import type { AskedSource } from './ask-source.ts';
import type { Holding, InvariantQuestion, Invariant } from './invariants.ts';

export interface Acknowledgement {
  readonly incident: string;
  readonly by: string;
  /** `pagerduty`, `cli`, … */
  readonly via: string;
  readonly atMs: number;
}

export interface Desk {
  /** How an objective stands, and how long ago (ms) that was found. Null: there is no such objective. */
  status(objective: string, signal: AbortSignal): Promise<{ readonly status: Status; readonly ageMs: number } | null>;
  /** Is there such an objective? */
  hasObjective(objective: string): boolean;
  /** Of the configuration, by name. */
  readonly sources: ReadonlyMap<string, AskedSource>;
  /** Null: the query has no result. Rejects with why it could not be asked. */
  query(source: AskedSource, check: QueryCheck, signal: AbortSignal): Promise<number | null>;
  /** Changes of alerts in the ledger since a wall-clock moment, ms, oldest first. */
  alerts(fromMs: number): Promise<readonly AlertChange[]>;
  /** Who took an incident of the service on since a wall-clock moment, ms, oldest first. */
  acknowledgements(service: string, fromMs: number): Promise<readonly Acknowledgement[]>;
  /** What is held of what the probes trade. Null: nobody asks for positions. */
  holding(signal: AbortSignal): Promise<Holding | null>;
  /** What trading must have kept. */
  invariants(question: InvariantQuestion, signal: AbortSignal): Promise<readonly Invariant[]>;
}
