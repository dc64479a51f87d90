import { Counter, Grid, Shape } from '../market-data/counter.ts';
import { TOLERATED_NEGATIVE_MS } from '../market-data/freshness.ts';
import { Sketch } from '../market-data/sketch.ts';
import type { Sink } from '../market-data/subscription.ts';
import type { CountReading, RunContext } from '../probe.ts';
import { messagesOf, signalReader, type SignalReader } from './reader.ts';
import type { SignalSpec } from './spec.ts';
import { TickMemory, type Remembered } from './tick-memory.ts';

/** Signals that wait for a tick; more are unmatched at once. */
const MOST_WAITING = 10_000;
/** Exchanges do not stamp in the order in which they send: so close to the first tick, one may have gone before. */
const EARLY_MARGIN_MS = 1000;

/** A signal as it was received. */
interface Heard {
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** When the platform says it was made, and its tick; NaN: it does not say. */
  readonly madeMs: number;
  readonly tickMs: number;
}

const NOTHING = {
  ticks: 0,
  signals: 0,
  matched: 0,
  unmatched: 0,
  /** Of a tick from before the subscription: nobody can tell. */
  early: 0,
  /** The signal named another time for its tick than the tick itself. */
  mismatched: 0,
  anomalies: 0,
  malformed: 0,
};

export interface SignalReport {
  readonly readings: readonly CountReading[];
  readonly counts: typeof NOTHING;
  /** How long no signal has come, ms. */
  readonly silentMs: number;
  readonly values: Readonly<Record<string, number | null>>;
}

/**
 * Finds the tick of every signal. A signal's age is local wall clock at its receipt − exchange time of its tick. One
 * without a tick counts as too late: nobody can say that it was in time, and left out it would turn a miss into a pass.
 */
export class Matcher implements Sink {
  rejected: string | null = null;
  private readonly reader: SignalReader;
  private readonly ticks: TickMemory;
  private readonly matchWithinMs: number;
  private readonly keepMs: number;
  private readonly waiting = new Map<string, Heard[]>();
  private waitingCount = 0;
  private readonly shape: Shape;
  private readonly stepMs: number;
  private readonly clockBoundMs: RunContext['clockBoundMs'];
  private stepAtMs: number;
  private counter: Counter;
  private finished: CountReading[] = [];
  private counts = { ...NOTHING };
  private reported = 0;
  /** Signal made − tick, by the platform's own stamps; signal − tick, both as received here. */
  private generated = new Sketch();
  private received = new Sketch();
  /** Exchange time of the first tick of this connection; NaN before it. */
  private firstTickMs = Number.NaN;
  private sinceMs: number;
  private heardMs: number;
  private readonly began = Promise.withResolvers<void>();

  constructor(
    spec: SignalSpec,
    ctx: Pick<RunContext, 'thresholds' | 'stepMs' | 'clockBoundMs'>,
    wallMs: number,
    monotonicMs: number,
  ) {
    this.reader = signalReader(spec);
    this.shape = new Shape('signal-age', ctx.thresholds('signal-age'), 'each', null);
    this.keepMs = Math.max(spec.remember, ...ctx.thresholds('signal-age').map(({ ms }) => 2 * ms));
    this.ticks = new TickMemory(this.keepMs);
    this.matchWithinMs = spec.matchWithin;
    this.stepMs = ctx.stepMs;
    this.clockBoundMs = ctx.clockBoundMs;
    this.stepAtMs = this.stepOf(wallMs);
    this.counter = new Counter(new Grid(this.shape, ctx.clockBoundMs()));
    this.sinceMs = this.heardMs = monotonicMs;
  }

  /** Resolves at the first signal. */
  get firstSignal(): Promise<void> {
    return this.began.promise;
  }

  get total(): number {
    return this.reported + this.counts.ticks + this.counts.signals;
  }

  take(text: string, wallMs: number, monotonicMs: number): void {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      this.takeUnreadable();
      return;
    }
    const messages = messagesOf(frame);
    if (messages === null) this.takeUnreadable();
    const { tick, signal, rejected } = this.reader;
    for (const message of messages ?? []) {
      if (tick.marker.marks(message, message)) {
        this.takeTick(tick.keyOf(message), tick.timeOf(message), monotonicMs, wallMs);
      } else if (signal.marker.marks(message, message)) {
        const heard = { wallMs, monotonicMs, madeMs: signal.timeOf(message), tickMs: signal.tickTimeOf(message) };
        this.takeSignal(signal.keyOf(message), heard);
      } else if (rejected.marks(message, message)) this.rejected ??= text;
    }
  }

  takeUnreadable(): void {
    this.counts.malformed++;
  }

  /** Ticks are missed while nothing is connected: what is remembered stays, what comes from before counts as early. */
  interrupted(monotonicMs: number): void {
    this.rejected = null;
    this.firstTickMs = Number.NaN;
    this.sinceMs = monotonicMs;
  }

  drain(wallMs: number, monotonicMs: number): SignalReport {
    this.expire(monotonicMs, wallMs);
    this.endStep(this.stepOf(wallMs));
    // That it looked and saw no signal decides nothing.
    if (this.finished.length === 0) this.finished.push(this.counter.reading(this.stepAtMs));
    const { finished: readings, counts, generated, received } = this;
    this.finished = [];
    this.reported += counts.ticks + counts.signals;
    this.counts = { ...NOTHING };
    this.generated = new Sketch();
    this.received = new Sketch();
    const values = {
      ...counts,
      waiting: this.waitingCount,
      generatedP50Ms: generated.quantile(0.5),
      generatedP99Ms: generated.quantile(0.99),
      receivedP50Ms: received.quantile(0.5),
      receivedP99Ms: received.quantile(0.99),
    };
    return { readings, counts, silentMs: monotonicMs - this.heardMs, values };
  }

  private takeTick(key: string | null, timeMs: number, monotonicMs: number, wallMs: number): void {
    if (key === null || !Number.isFinite(timeMs)) {
      this.counts.malformed++;
      return;
    }
    this.counts.ticks++;
    if (Number.isNaN(this.firstTickMs)) {
      this.firstTickMs = timeMs;
      this.sinceMs = monotonicMs;
    }
    this.ticks.put(key, timeMs, monotonicMs);
    const early = this.waitingCount === 0 ? undefined : this.waiting.get(key);
    if (early === undefined) return;
    this.waiting.delete(key);
    this.waitingCount -= early.length;
    for (const heard of early) this.match(heard, { timeMs, heardMs: monotonicMs }, wallMs);
  }

  private takeSignal(key: string | null, heard: Heard): void {
    this.counts.signals++;
    this.heardMs = heard.monotonicMs;
    this.began.resolve();
    this.expire(heard.monotonicMs, heard.wallMs);
    const tick = key === null ? undefined : this.ticks.get(key);
    if (tick !== undefined) this.match(heard, tick, heard.wallMs);
    else if (key === null || this.waitingCount >= MOST_WAITING) this.miss(heard, heard.wallMs);
    else {
      this.waitingCount++;
      const others = this.waiting.get(key);
      if (others === undefined) this.waiting.set(key, [heard]);
      else others.push(heard);
    }
  }

  /** Counted in the step in which it was decided, which is the one of its receipt unless it had to wait. */
  private match(heard: Heard, tick: Remembered, wallMs: number): void {
    const ageMs = heard.wallMs - tick.timeMs;
    this.counts.matched++;
    // Microseconds since the epoch do not survive the way through a double whole.
    if (Math.abs(heard.tickMs - tick.timeMs) > 0.01) this.counts.mismatched++;
    if (ageMs < -TOLERATED_NEGATIVE_MS) {
      this.counts.anomalies++;
      return;
    }
    this.roll(this.stepOf(wallMs));
    this.counter.add(ageMs);
    this.received.add(Math.max(0, heard.monotonicMs - tick.heardMs));
    if (Number.isFinite(heard.madeMs)) this.generated.add(Math.max(0, heard.madeMs - tick.timeMs));
  }

  private miss(heard: Heard, wallMs: number): void {
    if (this.isEarly(heard)) {
      this.counts.early++;
      return;
    }
    this.counts.unmatched++;
    this.roll(this.stepOf(wallMs));
    this.counter.addNever();
  }

  /** Its tick may have gone by before this connection listened. */
  private isEarly({ tickMs, monotonicMs }: Heard): boolean {
    if (Number.isFinite(tickMs) && Number.isFinite(this.firstTickMs))
      return tickMs < this.firstTickMs + EARLY_MARGIN_MS;
    return monotonicMs - this.sinceMs < this.keepMs;
  }

  /** Gives up the signals that have waited long enough. They stand in the order in which they came. */
  private expire(monotonicMs: number, wallMs: number): void {
    for (const [key, waiting] of this.waiting) {
      const [first] = waiting;
      if (first === undefined || monotonicMs - first.monotonicMs < this.matchWithinMs) return;
      this.waiting.delete(key);
      this.waitingCount -= waiting.length;
      for (const heard of waiting) this.miss(heard, wallMs);
    }
  }

  private roll(startMs: number): void {
    if (startMs !== this.stepAtMs) this.endStep(startMs);
  }

  private endStep(startMs: number): void {
    if (this.counter.valid > 0) this.finished.push(this.counter.reading(this.stepAtMs));
    this.counter = new Counter(new Grid(this.shape, this.clockBoundMs()));
    this.stepAtMs = startMs;
  }

  private stepOf(wallMs: number): number {
    return Math.floor(wallMs / this.stepMs) * this.stepMs;
  }
}
