/** More ticks than this are not remembered, however short that makes the memory. */
const MOST_TICKS = 200_000;

export interface Remembered {
  /** Exchange time, ms since the epoch. */
  readonly timeMs: number;
  /** Monotonic ms at which it was received. */
  readonly heardMs: number;
}

interface Generation {
  readonly sinceMs: number;
  readonly ticks: Map<string, Remembered>;
}

/** The ticks of the last while: those of two generations, of which the older is forgotten as a whole. */
export class TickMemory {
  private readonly keepMs: number;
  private young: Generation | null = null;
  private old: Generation | null = null;

  /** @param keepMs how long each tick is remembered, at least */
  constructor(keepMs: number) {
    this.keepMs = keepMs;
  }

  put(key: string, timeMs: number, heardMs: number): void {
    if (this.young === null) this.young = { sinceMs: heardMs, ticks: new Map() };
    else if (heardMs - this.young.sinceMs > this.keepMs || this.young.ticks.size >= MOST_TICKS / 2) {
      this.old = this.young;
      this.young = { sinceMs: heardMs, ticks: new Map() };
    }
    // Sent twice, a tick is as old as the first of the two.
    if (this.get(key) === undefined) this.young.ticks.set(key, { timeMs, heardMs });
  }

  get(key: string): Remembered | undefined {
    return this.young?.ticks.get(key) ?? this.old?.ticks.get(key);
  }
}
