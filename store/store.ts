/** The seam of what we remember. The ledger implements all of it; an InfluxDB reader will implement the reading half. */
import type { OrderIntent } from '../probes/probe.ts';
import type { Tally } from '../slo/tally.ts';
import type { Result } from './result.ts';

/** Something that happened, other than a run. `kind` is one of the documented words; `body` is plain JSON. */
export interface LedgerEvent {
  readonly id: string;
  readonly atMs: number;
  readonly kind:
    | 'runner-started'
    | 'runner-stopped'
    | 'colour'
    | 'cadence'
    | 'obligation'
    | 'review-item'
    | 'alert'
    | 'gameday'
    /** What became of a game-day that comes by calendar. */
    | 'gameday-schedule'
    | 'order-swept'
    | 'clock'
    | 'overload'
    | 'notification'
    | 'silence'
    | 'incident'
    | 'service-rule'
    /** A deploy that somebody let through a gate that was not open. */
    | 'gate'
    /** What a configuration says of an objective's target and rules, once a change. */
    | 'target'
    /** What a source of telemetry says for an objective cannot be counted; subject: the objective. */
    | 'source'
    | 'note';
  readonly service: string | null;
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A budget as it stood at an evaluation: a point of the burn-down. */
export interface BudgetPoint {
  readonly objective: string;
  readonly service: string;
  readonly atMs: number;
  readonly colour: string;
  /** Percent, for display; null when Unknown. */
  readonly consumedPct: number | null;
  readonly attainmentPct: number | null;
  readonly burn1h: number | null;
  readonly validEvents: number;
  readonly badEvents: number;
}

export interface TallyQuery {
  readonly objective: string;
  /** Half-open wall-clock range of step starts, ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Sum steps into groups of this length, counted from `fromMs`; default: one step a row. */
  readonly groupMs?: number;
  /** Ascending: groups are cut at these moments as well, each part a row of its own that starts there. */
  readonly breaksMs?: readonly number[];
  /** Keep splits apart; default: summed, `split` is ''. */
  readonly bySplit?: boolean;
}

export interface TallyRow extends Tally {
  /** Start of the step, of the group, or of what a break left of it. */
  readonly atMs: number;
  readonly split: string;
}

export interface ResultQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly probe?: string;
  readonly service?: string;
  readonly gameday?: string;
}

export interface EventQuery {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly kind?: LedgerEvent['kind'];
  readonly service?: string;
}

/** An order as the ledger knows it. */
export interface OrderRecord extends OrderIntent {
  /** How it ended; null: nobody has proven that it did. */
  readonly how: string | null;
}

/** The reading half. */
export interface StoreReader {
  /** Ascending by `atMs`, then split. Steps without events have no row. */
  tallies(query: TallyQuery): Promise<readonly TallyRow[]>;
  /** Ascending by scheduled time. */
  results(query: ResultQuery): AsyncIterable<Result>;
  events(query: EventQuery): Promise<readonly LedgerEvent[]>;
  budgets(query: { objective: string; fromMs: number; toMs: number }): Promise<readonly BudgetPoint[]>;
}

/** Durable when the promise resolves; every append is idempotent by id. */
export interface Store extends StoreReader, AsyncDisposable {
  append(results: readonly Result[]): Promise<void>;
  recordEvents(events: readonly LedgerEvent[]): Promise<void>;
  recordBudgets(points: readonly BudgetPoint[]): Promise<void>;
  intendOrder(order: OrderIntent): Promise<void>;
  closeOrder(clientOrderId: string, how: string, atMs: number): Promise<void>;
  openOrders(): Promise<readonly OrderIntent[]>;
  /** Every order that was intended since, closed or not, oldest first. */
  ordersSince(fromMs: number): Promise<readonly OrderRecord[]>;
}
