import type { Counter, Total } from './counter.ts';
import { Sequence, type SequenceCounts } from './sequence.ts';

/** Ages of ticks: those of the running step, and all since the last report. */
export interface Ages {
  step: Counter;
  total: Total;
}

const SEQUENCE_COUNTS = ['gaps', 'missed', 'duplicates', 'reorders'] as const;

/** What is known of one symbol. */
export class Instrument {
  readonly name: string;
  /** Its own, or those that it shares with others where there are too many. */
  readonly ages: Ages;
  /** Exchange time of the newest tick, ms since the epoch; −∞ before the first. */
  newestMs = -Infinity;
  /** When it was last proven that nothing is missing, ms since the epoch. */
  provenMs = -Infinity;
  /** Monotonic ms of the last tick. */
  heardMs: number;
  /** The longest stretch without a tick since the last report, ms. */
  silenceMs = 0;
  crossed = 0;
  locked = 0;
  /** By sort of message; null: one of too many, whose numbers are not followed. */
  private readonly sequences: (Sequence | undefined)[] | null;

  constructor(name: string, ages: Ages, heardMs: number, followed: boolean) {
    this.name = name;
    this.ages = ages;
    this.heardMs = heardMs;
    this.sequences = followed ? [] : null;
  }

  hear(monotonicMs: number): void {
    const silentMs = monotonicMs - this.heardMs;
    if (silentMs > this.silenceMs) this.silenceMs = silentMs;
    this.heardMs = monotonicMs;
  }

  number(sort: number, first: number, last: number): void {
    if (this.sequences !== null) (this.sequences[sort] ??= new Sequence()).take(first, last);
  }

  /**
   * A heartbeat said which number is the newest. Before the first tick it is where counting begins.
   * @returns whether that is the one that came last
   */
  confirms(sort: number, latest: number): boolean {
    if (this.sequences === null) return false;
    const sequence = (this.sequences[sort] ??= new Sequence());
    if (Number.isNaN(sequence.last)) sequence.last = latest;
    return sequence.last === latest;
  }

  interrupted(): void {
    for (const sequence of this.sequences ?? []) sequence?.forget();
  }

  /** Its counts since the last report. */
  drain(monotonicMs: number): InstrumentCounts {
    const sum = { gaps: 0, missed: 0, duplicates: 0, reorders: 0 };
    for (const sequence of this.sequences ?? []) {
      const counts = sequence?.drain();
      for (const what of SEQUENCE_COUNTS) sum[what] += counts?.[what] ?? 0;
    }
    const { crossed, locked } = this;
    const silenceMs = Math.max(this.silenceMs, monotonicMs - this.heardMs);
    this.crossed = this.locked = this.silenceMs = 0;
    return { ...sum, crossed, locked, silenceMs };
  }
}

export interface InstrumentCounts extends SequenceCounts {
  /** Books whose bid was above, or at, the ask. */
  readonly crossed: number;
  readonly locked: number;
  readonly silenceMs: number;
}
