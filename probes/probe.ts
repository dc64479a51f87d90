/**
 * The seam every probe kind stands behind. A probe is one question; a run asks it once; an observation is the answer.
 * Deadline, lateness, event-loop watch and the verdict on the prober's own health are written once, around the probe
 * (`runner/attempt.ts`), never inside a kind.
 */
import type { Reason } from './reasons.ts';

/** Wall clock for stamps that leave the process, monotonic clock for every duration. Injected everywhere. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with fractions. May jump. */
  wallMs(): number;
  /** Milliseconds from an arbitrary origin, with fractions. Never jumps, never goes back. */
  monotonicMs(): number;
  /** Resolves after `ms` on the monotonic clock; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * - `good`, `bad`: a valid event of the availability SLI.
 * - `excluded`: leaves numerator and denominator (an HTTP 4xx, a pre-trade risk reject).
 * - `fault`: the prober spoiled the run (event-loop stall, missing browser, local exhaustion); leaves the SLI, lowers coverage.
 * - `skipped`: the run never started (its predecessor was still running, or the process slept); lowers coverage.
 */
export type Outcome = 'good' | 'bad' | 'excluded' | 'fault' | 'skipped';

/** Monotonic phase durations in milliseconds. `null` = not measured (a reused socket has no DNS, TCP or TLS), never 0. */
export interface Phases {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** Connection ready (a kept one: run begun) → request handed to the operating system. */
  readonly sentMs: number | null;
  /** Request sent → first byte of the response. */
  readonly firstByteMs: number | null;
  /** First byte → last byte. */
  readonly transferMs: number | null;
}

export const NO_PHASES: Phases = {
  dnsMs: null,
  connectMs: null,
  tlsMs: null,
  sentMs: null,
  firstByteMs: null,
  transferMs: null,
};

/** One request of a run that makes several: a redirect's hop, a step. */
export interface Leg {
  /** Of the step. */
  readonly name: string | null;
  /** Without the values in its query, which may be secret. */
  readonly url: string;
  readonly status: number | null;
  /** Request begun → last byte; null when the answer never ended. */
  readonly ms: number | null;
}

/** What a threshold SLI can be asked about. */
export type Indicator =
  | 'latency' // http: request → last byte of the body; browser: the journey
  | 'tick-age' // market-data: local receipt − exchange timestamp, each tick
  | 'newest-age' // market-data: age of the newest data, sampled each second
  | 'signal-age' // signal: local receipt of a signal − exchange timestamp of the tick it came from
  | 'ack' // paper-order: submit → broker acknowledgement
  | 'order-fill' // paper-order: submit → terminal fill
  | 'order-cancel' // paper-order: cancel sent → the venue says that it is closed
  | 'signal-ack' // paper-order: signal received → broker acknowledgement
  | 'signal-fill'; // paper-order: signal received → terminal fill

/** A limit on an indicator. `strict`: the value must be below `ms`; otherwise at or below it. */
export interface Threshold {
  readonly ms: number;
  readonly strict: boolean;
}

/** The key under which counts within a threshold are kept: `le:3000`, `lt:1500`. */
export function thresholdKey(threshold: Threshold): string {
  return `${threshold.strict ? 'lt' : 'le'}:${threshold.ms}`;
}

export function isWithin(ms: number, threshold: Threshold): boolean {
  return threshold.strict ? ms < threshold.ms : ms <= threshold.ms;
}

/** One duration. `ms: null` = it never happened: +∞, valid and bad. */
export interface DurationReading {
  readonly type: 'duration';
  readonly indicator: Indicator;
  readonly ms: number | null;
  /** Wall-clock ms of the event, when it is not the run's own scheduled time. */
  readonly atMs?: number;
}

/** Many events of one indicator, counted exactly within each threshold that an objective names. */
export interface CountReading {
  readonly type: 'counts';
  readonly indicator: Indicator;
  /** Wall-clock ms of the start of the tally step these events fell into. */
  readonly atMs: number;
  readonly valid: number;
  /** thresholdKey → how many of `valid` were within it. With `valid` 0: the probe looked, and what it saw decides nothing. */
  readonly within: Readonly<Record<string, number>>;
  /**
   * thresholdKey → how many of `valid` were nearer to it than the bound of this machine's clock: they fell on the side
   * they are counted on, and may belong on the other. Null: the clock has no known bound. Absent: kept before it was counted.
   */
  readonly borderline?: Readonly<Record<string, number>> | null;
  /**
   * `each`: a continuous watch; every event stands for itself. With `eachMs`, every event stands for that stretch of time
   * (the newest-age samples). `shared`: a sampled session; its events share the run's `weightMs`.
   */
  readonly weigh: 'each' | 'shared';
  readonly eachMs?: number;
  /** For charts and text only, milliseconds; judgements use the counts. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** What the quantiles were taken from: those of several readings come from their sketches, added up. */
  readonly sketch?: SketchBins;
}

/** A quantile sketch as it is kept: how many events lie around each value, which is off by at most `error` of itself. */
export interface SketchBins {
  readonly error: number;
  readonly bins: readonly (readonly [ms: number, count: number])[];
}

/** Submitted and executed quantity of one order, decimal strings in the instrument's unit. */
export interface QuantityReading {
  readonly type: 'quantity';
  readonly submitted: string;
  readonly executed: string;
  readonly symbol?: string;
  /** What one unit of both is valued at, so that quantities of different symbols can be added: decimal string. */
  readonly price?: string;
}

/** What the platform's own telemetry says of one step: counts of events, exact decimals. No probe makes it. */
export interface TelemetryReading {
  readonly type: 'telemetry';
  /** Value of the property that its objective is split by; '' when it is not split. */
  readonly split: string;
  readonly good: string;
  readonly valid: string;
}

/** What the platform's own telemetry says of one slice of time: the median of a delay. No probe makes it. */
export interface MedianReading {
  readonly type: 'median';
  readonly split: string;
  readonly ms: number;
}

export type Reading = DurationReading | CountReading | QuantityReading | TelemetryReading | MedianReading;

/** Of an indicator: when something happened, or how many did. */
export function isTimed(reading: Reading): reading is DurationReading | CountReading {
  return reading.type === 'duration' || reading.type === 'counts';
}

export interface Observation {
  /** The kind's own verdict: never `skipped` (that is the schedule's word). */
  readonly outcome: Exclude<Outcome, 'skipped'>;
  readonly reason: Reason | null;
  /** One line for people: what was expected, what came. Masked by the caller before it is stored. */
  readonly detail: string | null;
  readonly phases: Phases;
  readonly readings: readonly Reading[];
  /** Further numbers of this kind, by documented name (`status`, `bytes`, `gaps`, `duplicates`, `connectMs`, …). */
  readonly values: Readonly<Record<string, number | null>>;
  /** Every request of a run that made more than one, in order. */
  readonly trail?: readonly Leg[];
  /** Monotonic ms at which measuring began, when that was later than the run: what held the process up before spoils nothing. */
  readonly measuredSinceMs?: number;
  /** With `once --verbose`: the exchange, line by line. Never stored. */
  readonly transcript?: readonly string[];
}

/** An order about to leave. It is durable in the ledger before the first byte is sent. */
export interface OrderIntent {
  readonly clientOrderId: string;
  readonly probe: string;
  readonly venue: string;
  readonly runId: string;
  /** Wall-clock ms at which the intent was written down. */
  readonly atMs: number;
}

/** `closed`: filled, cancelled, rejected or proven never to have arrived. */
export interface OrderBook {
  intend(order: OrderIntent): Promise<void>;
  close(clientOrderId: string, how: string): Promise<void>;
}

export interface RunContext {
  readonly runId: string;
  readonly probe: string;
  readonly location: string;
  /** Aborts at the run's deadline (reason: a `TimeoutError`) or when the process stops. Every wait takes it. */
  readonly signal: AbortSignal;
  /** The run's whole allowance, milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Seeded; uniform in [0, 1). */
  readonly random: () => number;
  /** Thresholds that objectives name for an indicator of this probe. */
  thresholds(indicator: Indicator): readonly Threshold[];
  /** Length of a tally step, ms (a minute, unless time is scaled for practice). */
  readonly stepMs: number;
  /** Largest error that the known offset of this machine's clock may have now, ms; null while nothing vouches for it. */
  readonly clockBoundMs: () => number | null;
  readonly orders: OrderBook;
  /** Keep a transcript of the exchange. */
  readonly verbose: boolean;
}

/** What a sweep did about one order that an earlier run may have left open. */
export interface Swept {
  readonly clientOrderId: string;
  /** `closed`: nothing of it is open any more, proven by the venue. `unreachable`: ask again later. */
  readonly state: 'closed' | 'unreachable';
  readonly how: string;
}

export interface Probe {
  /** Asks once. Expected failure is an outcome with a reason; a throw is a bug, which the attempt turns into a `fault`. */
  run(ctx: RunContext): Promise<Observation>;
  /** Cancels what earlier runs may have left open at the target. */
  sweep?(left: readonly OrderIntent[], ctx: RunContext): Promise<readonly Swept[]>;
  /** Releases sockets, subscriptions, browsers. */
  close?(): Promise<void>;
}
