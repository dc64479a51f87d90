import process from 'node:process';
import type { Clock } from '../../probes/probe.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  fire(): void;
}

/**
 * A clock that stands still while anything is being computed or written, and jumps to the next timer when everybody
 * sleeps: hours pass in milliseconds, and the same test takes the same turns each time.
 */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #order = 0;

  wallMs(): number {
    return 1_795_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      if (ms === Number.POSITIVE_INFINITY) {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        return;
      }
      this.#order += 1;
      const abort = (): void => {
        this.#timers.delete(timer);
        reject(signal.reason);
      };
      const timer: Timer = {
        dueMs: this.#nowMs + Math.max(0, ms),
        order: this.#order,
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

  /** Lets time pass until the work is done. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const finish = (): void => {
      isDone = true;
    };
    work.then(finish, finish);
    for (;;) {
      await settle();
      if (isDone) return work;
      const next = this.#next();
      if (next === null) continue;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fire();
    }
  }

  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (next === null || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order))
        next = timer;
    }
    return next;
  }
}

/** Until nothing is left to do but to wait for timers. */
async function settle(): Promise<void> {
  for (let calm = 0; calm < 3; calm += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq') || resource === 'CloseReq'))
      calm = -1;
  }
}
