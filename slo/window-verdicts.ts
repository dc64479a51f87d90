/** What was found of one split's sliding windows, by the clock hour that they end in. */
import type { Stretch } from './ranges.ts';
import { countWindows, NO_WINDOWS, type WindowCounts } from './sliding.ts';
import type { TimeBase } from './time-base.ts';

/** Windows by their last steps. */
export interface Attained extends Stretch {
  /** The clock hours that all of them are in. */
  readonly whole: Stretch;
}

interface Total extends Stretch {
  readonly counts: WindowCounts;
}

export class WindowVerdicts {
  readonly #base: TimeBase;
  /** A verdict for each step that a window ends with. */
  readonly #hours = new Map<number, Uint8Array>();
  /** What all windows of some whole hours came to, so that the next minute need not count them again. */
  #total: Total | null = null;

  constructor(base: TimeBase) {
    this.#base = base;
  }

  /** Hours of which nothing was found yet, ascending, and which are needed to count these. */
  missing({ fromMs, toMs, whole }: Attained): number[] {
    const { hourMs } = this.#base;
    const missing: number[] = [];
    for (let atMs = Math.floor(fromMs / hourMs) * hourMs; atMs < toMs; atMs += hourMs) {
      if (isSame(this.#total, whole) && atMs >= whole.fromMs && atMs < whole.toMs) atMs = whole.toMs;
      if (atMs < toMs && !this.#hours.has(atMs)) missing.push(atMs);
    }
    return missing;
  }

  /** @param verdicts of whole hours from one on */
  set(fromMs: number, verdicts: Uint8Array): void {
    const { hourMs, minuteMs } = this.#base;
    const steps = hourMs / minuteMs;
    for (let at = 0, atMs = fromMs; at < verdicts.length; at += steps, atMs += hourMs)
      this.#hours.set(atMs, verdicts.subarray(at, at + steps));
  }

  /** The windows of an hour are to be judged anew. */
  forget(hourAtMs: number): void {
    this.#hours.delete(hourAtMs);
    if (this.#total !== null && hourAtMs >= this.#total.fromMs && hourAtMs < this.#total.toMs) this.#total = null;
  }

  clear(): void {
    this.#hours.clear();
    this.#total = null;
  }

  dropBefore(atMs: number): void {
    for (const hourAtMs of this.#hours.keys()) if (hourAtMs < atMs) this.#hours.delete(hourAtMs);
  }

  /** Only once nothing is {@link missing}. */
  counts({ fromMs, toMs, whole }: Attained): WindowCounts {
    const { hourMs } = this.#base;
    // Within one hour, or from the end of one to the beginning of the next, no hour is whole.
    const [wholeFrom, wholeTo] = [whole.fromMs, Math.max(whole.fromMs, whole.toMs)];
    if (!isSame(this.#total, whole)) {
      let counts = NO_WINDOWS;
      for (let atMs = wholeFrom; atMs < wholeTo; atMs += hourMs) counts = countWindows(this.#found(atMs), counts);
      this.#total = { ...whole, counts };
    }
    const head = this.#edge(fromMs, Math.min(toMs, wholeFrom), this.#total?.counts ?? NO_WINDOWS);
    return this.#edge(Math.max(fromMs, wholeTo), toMs, head);
  }

  /** More counts of windows that end with a step of a stretch within one hour. */
  #edge(fromMs: number, toMs: number, counts: WindowCounts): WindowCounts {
    if (fromMs >= toMs) return counts;
    const { hourMs, minuteMs } = this.#base;
    const hourAtMs = Math.floor(fromMs / hourMs) * hourMs;
    const found = this.#found(hourAtMs);
    return countWindows(found.subarray((fromMs - hourAtMs) / minuteMs, (toMs - hourAtMs) / minuteMs), counts);
  }

  #found(hourAtMs: number): Uint8Array {
    const found = this.#hours.get(hourAtMs);
    if (found === undefined) throw new RangeError(`the windows of the hour at ${hourAtMs} ms were not judged`);
    return found;
  }
}

function isSame(a: Stretch | null, b: Stretch): boolean {
  return a !== null && a.fromMs === b.fromMs && a.toMs === b.toMs;
}
