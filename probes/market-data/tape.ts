import type { CountReading, RunContext } from '../probe.ts';
import { Counter, Shape } from './counter.ts';
import { Reader } from './reader.ts';
import { Sequences } from './sequence.ts';
import type { Mapping } from './spec.ts';

/** Clocks that agree to the millisecond may show a tick this much before it was made; more is an anomaly. */
const TOLERATED_NEGATIVE_MS = 1;
/** The newest age is sampled this often in a tally step: each second of a minute. */
const SAMPLES_PER_STEP = 60;
/** Where time is scaled for practice, a second of the policy may be shorter than any timer can tell. */
const LEAST_SAMPLE_MS = 20;

export interface TapeOptions {
  readonly map: Mapping;
  readonly symbols: readonly string[] | undefined;
  readonly weigh: CountReading['weigh'];
}

/** What came in since the last report. */
export interface Report {
  readonly readings: readonly CountReading[];
  readonly ticks: number;
  /** Ticks from ahead of our clock. */
  readonly anomalies: number;
  readonly malformed: number;
  readonly missed: number;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * Everything that arrives on a subscription, counted as it arrives. Ages are local wall clock at receipt − exchange
 * timestamp. The age of the newest data is what an onlooker would see at fixed instants; since it changes only when data
 * comes, the instants are settled when the next message does, or at the report.
 */
export class Tape {
  private readonly reader: Reader;
  private readonly sequences = new Sequences();
  private readonly weigh: CountReading['weigh'];
  private readonly stepMs: number;
  private readonly sampleMs: number;
  private readonly tickShape: Shape;
  private readonly newestShape: Shape;
  private ticks: Counter;
  private newest: Counter;
  private finished: Counter[] = [];
  private stepEndMs: number;
  /** The next instant, in whole sampling intervals since the epoch: no drift. */
  private nextSample: number;
  private nextSampleMs = 0;
  /** Before the first data: when it began to be missing. */
  private missingSinceMs: number;
  /** Exchange time of the newest data, ms since the epoch; null before the first. */
  newestMs: number | null = null;
  rejected: string | null = null;
  private readonly began = Promise.withResolvers<void>();
  private counts = { messages: 0, malformed: 0, heartbeats: 0, anomalies: 0, ticks: 0 };

  constructor(options: TapeOptions, ctx: Pick<RunContext, 'thresholds' | 'stepMs'>, wallMs: number) {
    this.reader = new Reader(options.map, options.symbols);
    this.weigh = options.weigh;
    this.stepMs = ctx.stepMs;
    this.sampleMs = Math.max(ctx.stepMs / SAMPLES_PER_STEP, Math.min(ctx.stepMs, LEAST_SAMPLE_MS));
    const eachMs = options.weigh === 'each' ? this.sampleMs : null;
    this.tickShape = new Shape('tick-age', ctx.thresholds('tick-age'), options.weigh, null);
    this.newestShape = new Shape('newest-age', ctx.thresholds('newest-age'), options.weigh, eachMs);
    this.missingSinceMs = wallMs;
    this.nextSample = this.sampleAfter(wallMs);
    this.nextSampleMs = this.nextSample * this.sampleMs;
    const startMs = this.stepOf(wallMs);
    this.ticks = new Counter(this.tickShape, startMs);
    this.newest = new Counter(this.newestShape, startMs);
    this.stepEndMs = startMs + this.stepMs;
  }

  /** Resolves at the first tick. */
  get firstTick(): Promise<void> {
    return this.began.promise;
  }

  /** One frame: a message, or a list of them. */
  take(text: string, wallMs: number): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      this.counts.messages++;
      this.counts.malformed++;
      return;
    }
    if (Array.isArray(message)) for (const part of message) this.takeOne(part, text, wallMs);
    else this.takeOne(message, text, wallMs);
  }

  /** A frame that is no text, or that we have no way to read. */
  takeUnreadable(): void {
    this.counts.messages++;
    this.counts.malformed++;
  }

  /** The connection was lost: numbers begin anew, ages go on. */
  interrupted(): void {
    this.rejected = null;
    this.sequences.forget();
  }

  /** Age of the newest data; null before the first. */
  newestAgeMs(wallMs: number): number | null {
    return this.newestMs === null ? null : wallMs - this.newestMs;
  }

  /** Reports and starts over; what the sequence numbers and the newest data are is kept. */
  drain(wallMs: number): Report {
    this.settle(wallMs);
    // A session shorter than the sampling interval is looked at once, at its end.
    if (this.weigh === 'shared' && this.newestMs !== null && this.newest.valid === 0 && !this.hasSamples()) {
      this.sample(wallMs);
    }
    // A session that saw nothing for less than every threshold cannot say that the newest data was older than any of them.
    const undecided =
      this.weigh === 'shared' && this.newestMs === null && wallMs - this.missingSinceMs <= this.newestShape.loosestMs;
    this.roll(this.stepOf(wallMs));
    if (undecided) this.finished.push(this.newest);
    const readings = this.finished.map((counter) => counter.reading());
    this.finished = [];
    const sequences = this.sequences.drain();
    const { counts } = this;
    this.counts = { messages: 0, malformed: 0, heartbeats: 0, anomalies: 0, ticks: 0 };
    return {
      readings,
      ticks: counts.ticks,
      anomalies: counts.anomalies,
      malformed: counts.malformed,
      missed: sequences['missed'] ?? 0,
      values: { ...counts, ...sequences },
    };
  }

  private takeOne(message: unknown, text: string, wallMs: number): void {
    const { reader, counts } = this;
    counts.messages++;
    switch (reader.read(message)) {
      case 'tick':
        this.tick(wallMs);
        break;
      case 'heartbeat':
        counts.heartbeats++;
        break;
      case 'malformed':
        counts.malformed++;
        break;
      case 'rejected':
        this.rejected ??= text;
        break;
      case 'other':
        break;
    }
  }

  private tick(wallMs: number): void {
    const { reader } = this;
    if (wallMs >= this.nextSampleMs) this.settle(wallMs);
    if (wallMs >= this.stepEndMs || wallMs < this.ticks.atMs) this.roll(this.stepOf(wallMs));
    if (this.counts.ticks++ === 0) this.began.resolve();
    const ageMs = wallMs - reader.timeMs;
    if (ageMs < -TOLERATED_NEGATIVE_MS) this.counts.anomalies++;
    else {
      this.ticks.add(ageMs);
      if (this.newestMs === null || reader.timeMs > this.newestMs) this.newestMs = reader.timeMs;
    }
    if (reader.sequence === reader.sequence) this.sequences.take(reader.symbol, reader.sequence);
  }

  /** Takes every sample that was due until now: the newest data has been the same at all of them. */
  private settle(wallMs: number): void {
    // The wall clock went back: the instants ahead of it would wait until it has caught up.
    if (this.nextSampleMs > wallMs + 2 * this.sampleMs) this.nextSample = this.sampleAfter(wallMs);
    this.nextSampleMs = this.nextSample * this.sampleMs;
    while (this.nextSampleMs <= wallMs) {
      this.sample(this.nextSampleMs);
      this.nextSample++;
      this.nextSampleMs = this.nextSample * this.sampleMs;
    }
  }

  private sample(atMs: number): void {
    if (this.newestMs === null) {
      // Its age is only known to be at least so much: it counts as soon as no threshold could be met any more.
      const atLeastMs = atMs - this.missingSinceMs;
      if (this.weigh === 'each' && atLeastMs > this.newestShape.loosestMs) this.countSample(atMs, atLeastMs);
      return;
    }
    const ageMs = atMs - this.newestMs;
    // Data that was made after the instant, by a clock ahead of ours.
    if (ageMs < -TOLERATED_NEGATIVE_MS) this.counts.anomalies++;
    else this.countSample(atMs, ageMs);
  }

  private countSample(atMs: number, ageMs: number): void {
    const startMs = this.stepOf(atMs);
    if (startMs !== this.newest.atMs) this.roll(startMs);
    this.newest.add(ageMs);
  }

  private hasSamples(): boolean {
    return this.finished.some((counter) => counter.shape === this.newestShape);
  }

  /** Ends the current step. Always called before anything of another step is counted. */
  private roll(startMs: number): void {
    for (const counter of [this.ticks, this.newest]) if (counter.valid > 0) this.finished.push(counter);
    this.ticks = new Counter(this.tickShape, startMs);
    this.newest = new Counter(this.newestShape, startMs);
    this.stepEndMs = startMs + this.stepMs;
  }

  private stepOf(wallMs: number): number {
    return Math.floor(wallMs / this.stepMs) * this.stepMs;
  }

  private sampleAfter(wallMs: number): number {
    return Math.floor(wallMs / this.sampleMs) + 1;
  }
}
