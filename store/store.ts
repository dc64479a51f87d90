/** The seam of what we remember. The ledger implements all of it, `influx/reader.ts` the reading half. */
import type { OrderIntent } from '../probes/probe.ts';
import type { Tally } from '../slo/tally.ts';
import type { Rule } from './judge.ts';
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
    /** The figures of all objectives, once an hour. */
    | 'burn-rates'
    /** A stretch that is to be left out of figures, shown beside those with it; and that one was withdrawn. */
    | 'exclusion'
    /** A review was written on schedule. */
    | 'report'
    /** A document that was issued, with its figures; subject: its range. */
    | 'evidence'
    | 'note';
  readonly service: string | null;
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Where it happened; only a reader of several locations says so. */
  readonly location?: string;
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

export interface BudgetQuery {
  readonly objective: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Enough of them for a line of about so many points, with its extremes; more may come. Default: all. */
  readonly most?: number;
}

export interface TallyQuery {
  readonly objective: string;
  /** Half-open wall-clock range of step starts, ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Sum steps into groups of this length, counted from `fromMs`; default: one step a row. */
  readonly groupMs?: number;
  /** Keep splits apart; default: summed, `split` is ''. */
  readonly bySplit?: boolean;
}

export interface TallyRow extends Tally {
  /** Start of the step, or of the group. */
  readonly atMs: number;
  readonly split: string;
}

/** A roll-up's row is an `hour` by its minutes, or a `day` by its hours; of the clock, in policy time. */
export type RollupSpan = 'hour' | 'day';

/** The rows that overlap a half-open stretch. */
export interface RollupRead {
  readonly objective: string;
  readonly span: RollupSpan;
  readonly fromMs: number;
  readonly toMs: number;
}

/** `steps` is for `unpack` of `packed.ts`. */
export interface RollupRow {
  readonly atMs: number;
  readonly split: string;
  readonly steps: Uint8Array;
}

/** A state of a ledger: what it has counted up to a revision. */
export interface Mark {
  readonly identity: string;
  readonly revision: number;
}

export interface RollupQuery {
  readonly reads: readonly RollupRead[];
  /** Also every hour in which something was counted, or counted anew, after this. */
  readonly since: Mark | null;
}

export interface ChangedHours {
  readonly objective: string;
  /** Starts of hours, ascending. A split without a row in one of them has nothing there. */
  readonly hours: readonly number[];
  readonly rows: readonly RollupRow[];
}

export interface RollupAnswer {
  /** All of the answer is of this one moment. */
  readonly mark: Mark;
  /** For each read its rows, ascending by `atMs`, then split. */
  readonly rows: readonly (readonly RollupRow[])[];
  /** Null: so much has changed, or another ledger stands there, that everything is to be read again. */
  readonly changed: readonly ChangedHours[] | null;
}

/** What reports read of results, added up for whole hours and days of the clock. */
export interface MeasureQuery {
  /** Half-open wall-clock range, ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Events are wanted by stretches of this length, counted from the beginning of time; rows that are coarser are no use. */
  readonly cellMs: number;
  /** Only what holds no result that was stored at this moment or later, wall-clock ms. */
  readonly recordedBefore?: number;
}

/** An hour or a day: every result that was due in it is in its rows, and one that has no row had none. */
export interface MeasuredStretch {
  readonly span: RollupSpan;
  readonly fromMs: number;
  readonly toMs: number;
  /** The definitions that the causes in it were judged by. */
  readonly rules: readonly Rule[];
  /** `body` is for `rowOf` of `measures/packed-row.ts`. */
  readonly rows: readonly { readonly probe: string; readonly body: Uint8Array }[];
}

export interface ResultQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly probe?: string;
  /** Of any of these. */
  readonly probes?: readonly string[];
  readonly service?: string;
  readonly gameday?: string;
  /** Only what the ledger had stored before this moment, wall-clock ms; what nobody knows the moment of counts as such. */
  readonly recordedBefore?: number;
}

export interface EventQuery {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly kind?: LedgerEvent['kind'];
  readonly service?: string;
  /** As {@link ResultQuery.recordedBefore}. */
  readonly recordedBefore?: number;
}

/** A stretch of the chain of results, in the order in which they were stored. */
export interface Segment {
  /** From 1 on, without a gap. */
  readonly number: number;
  /** Numbers of its first and last result. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly results: number;
  /** The earliest and the latest moment at which one of them was due, wall-clock ms. */
  readonly firstScheduledMs: number;
  readonly lastScheduledMs: number;
  /** Recorded time at which the next one began; null: it is still open, its last result and its head move on. */
  readonly closedMs: number | null;
  /** Head before its first result and after its last one: SHA-256, lower-case hexadecimal. */
  readonly previous: string;
  readonly head: string;
  /** When its results were deleted for their age; null: they are there. */
  readonly expiredMs: number | null;
}

/** Half-open, wall-clock ms: segments with a result that was due in it, as far as their ends say. */
export interface SegmentQuery {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** One link of the chain. */
export interface Chained {
  readonly seq: number;
  readonly result: Result;
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
  /** The same, of months in milliseconds. */
  rollups(query: RollupQuery): Promise<RollupAnswer>;
  /** Ascending by scheduled time. */
  results(query: ResultQuery): AsyncIterable<Result>;
  /** In order of time. Absent, or without some hour of the range: its results are read themselves. */
  measures?(query: MeasureQuery): AsyncIterable<MeasuredStretch>;
  events(query: EventQuery): Promise<readonly LedgerEvent[]>;
  budgets(query: BudgetQuery): Promise<readonly BudgetPoint[]>;
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
