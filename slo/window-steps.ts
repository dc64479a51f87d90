/**
 * The steps that sliding windows look at, a place each and in columns: months of minutes, without an object for any of them.
 * A step that is not there is one that counted nothing.
 */
import type { Stretch } from './ranges.ts';

/** Weights that a double does not hold exactly. */
export interface LargeWeights {
  readonly good: bigint;
  readonly bad: bigint;
}

export class WindowSteps {
  /** Start of the first step, and where the last one ends. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** Raw valid events. */
  readonly events: Float64Array;
  /** Weights: exact, but at the places of {@link large}, where they are what is nearest. */
  readonly good: Float64Array;
  readonly bad: Float64Array;
  /** Hardly ever any: the weight of a minute has 49 bits if it is four months of microseconds. */
  readonly large = new Map<number, LargeWeights>();

  /** @param stretch of whole steps */
  constructor({ fromMs, toMs }: Stretch, stepMs: number) {
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.stepMs = stepMs;
    const count = Math.max(0, Math.round((toMs - fromMs) / stepMs));
    this.events = new Float64Array(count);
    this.good = new Float64Array(count);
    this.bad = new Float64Array(count);
  }

  get count(): number {
    return this.events.length;
  }

  /** Of the first step that starts at or after a moment; not less than 0 and not more than there are. */
  placeOf(atMs: number): number {
    return Math.min(this.count, Math.max(0, Math.ceil((atMs - this.fromMs) / this.stepMs)));
  }

  /** @param place of a step that is among these, or it is passed over */
  set(place: number, events: number, good: number | bigint, bad: number | bigint): void {
    if (place < 0 || place >= this.events.length) return;
    this.events[place] = events;
    this.good[place] = Number(good);
    this.bad[place] = Number(bad);
    if (good > Number.MAX_SAFE_INTEGER || bad > Number.MAX_SAFE_INTEGER)
      this.large.set(place, { good: BigInt(good), bad: BigInt(bad) });
  }

  /** As if a stretch had never been. */
  leaveOut({ fromMs, toMs }: Stretch): void {
    const [from, to] = [this.placeOf(fromMs), this.placeOf(toMs)];
    for (const column of [this.events, this.good, this.bad]) column.fill(0, from, to);
    for (const place of this.large.keys()) if (place >= from && place < to) this.large.delete(place);
  }
}
