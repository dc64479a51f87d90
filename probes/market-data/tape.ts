import type { CountReading, RunContext } from '../probe.ts';
import type { Calendar } from './calendar.ts';
import { Counter, Grid, Shape } from './counter.ts';
import { Freshness, TOLERATED_NEGATIVE_MS, type View } from './freshness.ts';
import { Instruments, type InstrumentReport } from './instruments.ts';
import type { Mappings } from './mapping.ts';
import { FrameReader, type Message, type Reader } from './reader.ts';
import type { Sink } from './subscription.ts';

export interface TapeOptions {
  readonly map: Mappings;
  readonly symbols?: readonly string[] | undefined;
  readonly weigh: CountReading['weigh'];
  readonly calendar?: Calendar | null;
}

/** What came in since the last report. */
export interface Report {
  readonly readings: readonly CountReading[];
  readonly ticks: number;
  /** Ticks from ahead of our clock. */
  readonly anomalies: number;
  readonly malformed: number;
  readonly missed: number;
  /** Crossed and locked books. */
  readonly crossed: number;
  /** Loss of the line → the next tick, ms: the longest; null when there was none. */
  readonly resubscribeMs: number | null;
  readonly values: Readonly<Record<string, number | null>>;
}

const NOTHING = { messages: 0, malformed: 0, heartbeats: 0, ticks: 0 };

/**
 * Everything that arrives on a subscription, counted as it arrives. Ages are local wall clock at receipt − exchange
 * timestamp. Ticks count in the tally step in which they were received.
 */
export class Tape implements Sink {
  rejected: string | null = null;
  private readonly frames: FrameReader;
  private readonly instruments: Instruments;
  private readonly freshness: Freshness;
  private readonly shape: Shape;
  private readonly stepMs: number;
  private readonly clockBoundMs: RunContext['clockBoundMs'];
  private stepStartMs = 0;
  private stepEndMs = 0;
  private finished: CountReading[] = [];
  private readonly began = Promise.withResolvers<void>();
  private counts = { ...NOTHING };
  private anomalies = 0;
  private reported = 0;
  /** Monotonic ms at which the line was lost; null while it stands or after data came again. */
  private lostMs: number | null = null;
  private resubscribeMs: number | null = null;

  constructor(
    options: TapeOptions,
    ctx: Pick<RunContext, 'thresholds' | 'stepMs' | 'clockBoundMs'>,
    wallMs: number,
    monotonicMs = wallMs,
  ) {
    const { map, symbols, weigh, calendar = null } = options;
    this.frames = new FrameReader(map);
    this.stepMs = ctx.stepMs;
    this.clockBoundMs = ctx.clockBoundMs;
    this.shape = new Shape('tick-age', ctx.thresholds('tick-age'), weigh, null);
    this.instruments = new Instruments(
      this.shape,
      this.frames.knowsSymbols ? symbols : undefined,
      monotonicMs,
      ctx.clockBoundMs(),
    );
    this.freshness = new Freshness(this.instruments.watched, calendar, weigh, ctx, wallMs);
    this.startStep(wallMs);
  }

  /** Resolves at the first tick. */
  get firstTick(): Promise<void> {
    return this.began.promise;
  }

  /** Ticks ever. */
  get total(): number {
    return this.reported + this.counts.ticks;
  }

  /** One frame: a message, or several. */
  take(text: string, wallMs: number, monotonicMs = wallMs): void {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      this.takeUnreadable();
      return;
    }
    if (this.frames.isSingle(frame)) this.takeOne(frame, frame, text, wallMs, monotonicMs);
    else {
      const messages = this.frames.messages(frame);
      const around = Array.isArray(frame) ? null : frame;
      for (const message of messages) this.takeOne(message, around ?? message, text, wallMs, monotonicMs);
    }
  }

  /** A frame that we have no way to read. */
  takeUnreadable(): void {
    this.counts.messages++;
    this.counts.malformed++;
  }

  /** The connection was lost: numbers begin anew, ages go on. */
  interrupted(monotonicMs: number): void {
    this.rejected = null;
    this.lostMs ??= monotonicMs;
    this.instruments.interrupted();
  }

  view(wallMs: number, staleAfterMs: number): View {
    return this.freshness.view(wallMs, staleAfterMs);
  }

  /** Reports and starts over; what the sequence numbers and the newest data are is kept. */
  drain(wallMs: number, monotonicMs = wallMs): Report {
    const { freshness, counts, resubscribeMs } = this;
    // Reads what the drain of the instants sets back.
    freshness.settle(wallMs);
    const anomalies = this.anomalies + freshness.anomalies;
    const { unjudged } = freshness;
    const excused = freshness.view(wallMs, Math.min(this.shape.loosestMs, Number.MAX_VALUE)).state === 'excused';
    const newest = freshness.drain(wallMs);
    this.endStep();
    this.startStep(wallMs);
    // No ticks, and none was due: what else fails does not make that a bad one.
    if (this.finished.length === 0 && excused) {
      this.finished.push(new Counter(new Grid(this.shape, this.clockBoundMs())).reading(this.stepStartMs));
    }
    const readings = [...this.finished, ...newest];
    const instruments = this.instruments.drain(wallMs, monotonicMs, !freshness.isClosed(wallMs));
    this.finished = [];
    this.counts = { ...NOTHING };
    this.reported += counts.ticks;
    this.anomalies = 0;
    this.resubscribeMs = null;
    return report(readings, counts, anomalies, unjudged, resubscribeMs, instruments);
  }

  private takeOne(message: unknown, frame: unknown, text: string, wallMs: number, monotonicMs: number): void {
    this.counts.messages++;
    let kind: Message = 'other';
    for (const reader of this.frames.readers) {
      kind = reader.read(message, frame);
      if (kind === 'tick') {
        this.tick(reader, wallMs, monotonicMs);
        return;
      }
      if (kind === 'other') continue;
      if (kind === 'heartbeat') this.heartbeat(reader, wallMs);
      else if (kind === 'malformed') this.counts.malformed++;
      else this.rejected ??= text;
      return;
    }
  }

  private tick(reader: Reader, wallMs: number, monotonicMs: number): void {
    const { instruments } = this;
    const instrument = instruments.get(reader.symbol) ?? instruments.meet(reader.symbol, monotonicMs);
    if (instrument === null) return;
    if (wallMs >= this.freshness.nextMs) this.freshness.settle(wallMs);
    if (wallMs >= this.stepEndMs || wallMs < this.stepStartMs) {
      this.endStep();
      this.startStep(wallMs);
    }
    if (this.counts.ticks++ === 0) this.began.resolve();
    const ageMs = wallMs - reader.timeMs;
    if (ageMs < -TOLERATED_NEGATIVE_MS) this.anomalies++;
    else {
      instrument.ages.step.add(ageMs);
      if (reader.timeMs > instrument.newestMs) instruments.renew(instrument, reader.timeMs);
    }
    instruments.hear(instrument, monotonicMs);
    if (reader.lastSequence === reader.lastSequence) {
      instrument.number(reader.index, reader.firstSequence, reader.lastSequence);
    }
    if (reader.bid >= reader.ask) instrument[reader.bid > reader.ask ? 'crossed' : 'locked']++;
    if (this.lostMs !== null) {
      this.resubscribeMs = Math.max(this.resubscribeMs ?? 0, monotonicMs - this.lostMs);
      this.lostMs = null;
    }
  }

  private heartbeat(reader: Reader, wallMs: number): void {
    this.counts.heartbeats++;
    if (!reader.heartbeatProves && Number.isNaN(reader.latest)) return;
    // What is due before the proof came is judged without it; a late heartbeat proves nothing about now.
    this.freshness.settle(wallMs);
    const atMs = Number.isNaN(reader.timeMs) ? wallMs : Math.min(wallMs, reader.timeMs);
    if (reader.heartbeatProves) this.instruments.prove(reader.symbol, atMs);
    else this.instruments.confirm(reader.symbol, reader.index, reader.latest, atMs);
  }

  /** Ends the current step. Always called before anything of another step is counted. */
  private endStep(): void {
    const ages = this.instruments.endStep(this.clockBoundMs());
    if (ages.valid > 0) this.finished.push(ages.reading(this.stepStartMs));
  }

  private startStep(wallMs: number): void {
    this.stepStartMs = Math.floor(wallMs / this.stepMs) * this.stepMs;
    this.stepEndMs = this.stepStartMs + this.stepMs;
  }
}

function report(
  readings: readonly CountReading[],
  counts: typeof NOTHING,
  anomalies: number,
  unjudged: number,
  resubscribeMs: number | null,
  { sum, values }: InstrumentReport,
): Report {
  return {
    readings,
    ticks: counts.ticks,
    anomalies,
    malformed: counts.malformed,
    missed: sum.missed,
    crossed: sum.crossed + sum.locked,
    resubscribeMs,
    values: { ...counts, anomalies, unjudged, ...sum, ...values },
  };
}
