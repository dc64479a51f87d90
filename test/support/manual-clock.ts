import type { Clock } from '../../probes/probe.ts';

interface Timer {
  readonly dueMs: number;
  fire(): void;
}

/** A clock that stands still until a test moves it. Sleepers wake in the order of their due times. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs: number;
  #wallOffsetMs: number;

  constructor(startMs = 0, wallMs = 1_800_000_000_000) {
    this.#nowMs = startMs;
    this.#wallOffsetMs = wallMs - startMs;
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** How many sleep. */
  get sleepers(): number {
    return this.#timers.size;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = (): void => {
        this.#timers.delete(timer);
        reject(signal.reason);
      };
      const timer: Timer = {
        dueMs: this.#nowMs + Math.max(0, ms),
        fire: () => {
          this.#timers.delete(timer);
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      this.#timers.add(timer);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Lets `ms` pass: whoever sleeps wakes on time, does what there is to do, and may sleep again meanwhile. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settled();
    for (let next = this.#next(untilMs); next !== null; next = this.#next(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
      await settled();
    }
    this.#nowMs = untilMs;
  }

  /** Lets `ms` pass at once, as when the process was suspended: everybody wakes late. */
  async oversleep(ms: number): Promise<void> {
    await settled();
    this.#nowMs += ms;
    await this.advance(0);
  }

  /** The wall clock alone is set forward or back. */
  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  #next(untilMs: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.dueMs <= untilMs && (next === null || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

/** Until everything that is ready to go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
