import type { Random } from '../random.ts';
import type { ExchangeKnobs } from './knobs.ts';
import type { Instrument } from './market.ts';

export interface TapeOptions {
  readonly instruments: readonly Instrument[];
  readonly ticksPerSecond: number;
  readonly startMs: number;
  readonly knobs: () => ExchangeKnobs;
  /** Streams for gaps and duplicates, and for the choice of stalled symbols. */
  readonly faults: Random;
  readonly stalls: Random;
  /** Told about each new quote as it is made, before any delay: the matching engine does not suffer from the feed. */
  readonly onQuote?: (instrument: Instrument) => void;
}

interface Line {
  readonly madeMs: number;
  readonly text: string;
}

/** After a stop of the whole process the tape makes up for this much at most, then goes on from now. */
const MAX_CATCH_UP_MS = 1_000;

/**
 * The feed's ticks, without a socket or a clock: `advance` is told the time and answers what leaves now.
 *
 *     due times → number and price → held back by a stall → delayed by staleness → out
 *
 * Ticks are due by arithmetic (start + n / rate), and each carries the wall-clock time at which it was due, so neither
 * late timers nor batches shift the rate or the timestamps. Symbols take turns.
 */
export class Tape {
  /** Sequence numbers that were left out, since the start. */
  gaps = 0;
  readonly #options: TapeOptions;
  readonly #sequences: number[];
  #originMs: number;
  /** Ticks made since the origin. */
  #made = 0;
  #turn = 0;
  /** In the order in which they were made. */
  #held: Line[] = [];
  #delayed: Line[] = [];
  #delayedFrom = 0;
  #stall: ExchangeKnobs['symbolStall'] = null;
  #stallOriginMs = 0;
  #stallWindow = -1;
  #stalled = new Set<Instrument>();

  constructor(options: TapeOptions) {
    this.#options = options;
    this.#originMs = options.startMs;
    this.#sequences = options.instruments.map(() => 0);
  }

  /** The messages that leave at this moment, in order. */
  advance(nowMs: number, wallUs: number): readonly string[] {
    const knobs = this.#options.knobs();
    if (knobs.freeze) {
      this.#originMs = nowMs;
      this.#made = 0;
      return [];
    }
    const out: string[] = [];
    this.#stallTo(nowMs, knobs);
    this.#make(nowMs, wallUs, knobs, out);
    this.#release(nowMs, knobs.staleFeedMs, out);
    return out;
  }

  #make(nowMs: number, wallUs: number, knobs: ExchangeKnobs, out: string[]): void {
    const { ticksPerSecond, instruments, onQuote } = this.#options;
    // By the tick that is overdue: at low rates the last one may well be longer ago than this.
    if (nowMs - this.#dueMs(this.#made + 1) > MAX_CATCH_UP_MS) {
      this.#originMs = nowMs - MAX_CATCH_UP_MS;
      this.#made = 0;
    }
    const due = Math.floor(((nowMs - this.#originMs) * ticksPerSecond) / 1000);
    for (; this.#made < due; this.#made += 1) {
      const dueMs = this.#dueMs(this.#made + 1);
      const turn = this.#turn;
      this.#turn = (turn + 1) % instruments.length;
      const instrument = instruments[turn];
      if (instrument === undefined) return;
      const quote = instrument.step();
      onQuote?.(instrument);
      const skipped = knobs.gapRatio > 0 && this.#options.faults() < knobs.gapRatio;
      if (skipped) this.gaps += 1;
      const seq = (this.#sequences[turn] ?? 0) + (skipped ? 2 : 1);
      this.#sequences[turn] = seq;
      const us = Math.floor(wallUs - (nowMs - dueMs) * 1000);
      const text = `{"type":"tick","symbol":"${instrument.symbol}","seq":${seq},"ts":${us},"bid":${quote.bid},"ask":${quote.ask},"last":${quote.last},"volume":${quote.volume}}`;
      const copies = knobs.duplicateRatio > 0 && this.#options.faults() < knobs.duplicateRatio ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) this.#send({ madeMs: dueMs, text }, instrument, knobs, out);
    }
  }

  #dueMs(n: number): number {
    return this.#originMs + (n * 1000) / this.#options.ticksPerSecond;
  }

  #send(line: Line, instrument: Instrument, knobs: ExchangeKnobs, out: string[]): void {
    if (this.#stalled.has(instrument)) this.#held.push(line);
    else if (knobs.staleFeedMs > 0 || this.#delayed.length > this.#delayedFrom) this.#delayed.push(line);
    else out.push(line.text);
  }

  /** Moves the stall to this moment: opens a window with freshly drawn symbols, or closes it and lets their ticks go. */
  #stallTo(nowMs: number, knobs: ExchangeKnobs): void {
    if (knobs.symbolStall !== this.#stall) {
      this.#stall = knobs.symbolStall;
      this.#stallOriginMs = nowMs;
      this.#stallWindow = -1;
      this.#endStall();
    }
    if (this.#stall === null) return;
    const sinceMs = nowMs - this.#stallOriginMs;
    const window = Math.floor(sinceMs / this.#stall.everyMs);
    const isHolding = sinceMs - window * this.#stall.everyMs < this.#stall.forMs;
    if (window !== this.#stallWindow || !isHolding) this.#endStall();
    if (isHolding && window !== this.#stallWindow) this.#stalled = this.#draw(this.#stall.symbols);
    this.#stallWindow = window;
  }

  #endStall(): void {
    this.#stalled.clear();
    for (const line of this.#held) this.#delayed.push(line);
    this.#held = [];
  }

  #draw(count: number): Set<Instrument> {
    const left = [...this.#options.instruments];
    const drawn = new Set<Instrument>();
    while (drawn.size < count && left.length > 0) {
      const [one] = left.splice(Math.floor(this.#options.stalls() * left.length), 1);
      if (one !== undefined) drawn.add(one);
    }
    return drawn;
  }

  /** First in, first out, by the delay that holds now: lowering the knob lets the queue go without reordering it. */
  #release(nowMs: number, delayMs: number, out: string[]): void {
    let line = this.#delayed[this.#delayedFrom];
    while (line !== undefined && line.madeMs + delayMs <= nowMs) {
      out.push(line.text);
      this.#delayedFrom += 1;
      line = this.#delayed[this.#delayedFrom];
    }
    if (this.#delayedFrom > 10_000 || this.#delayedFrom === this.#delayed.length) {
      this.#delayed.splice(0, this.#delayedFrom);
      this.#delayedFrom = 0;
    }
  }
}
