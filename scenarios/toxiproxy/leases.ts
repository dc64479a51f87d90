/**
 * Faults that vanish when nobody vouches for them any more. A lease is held by whoever breaks something on purpose; what
 * is broken under it is mended when it is given back, or when it was not renewed in time.
 */
import { performance } from 'node:perf_hooks';

export interface Lease {
  readonly id: string;
  /** Whom to ask about it; as given. */
  readonly holder: string;
  readonly ttlMs: number;
  /** Until it is over, unless it is renewed; never negative. */
  readonly remainingMs: number;
}

/** A second at least: a lease that is over before its answer has arrived protects nobody. An hour at most. */
export const TTL_MS = { least: 1000, most: 3_600_000 } as const;

interface Held {
  readonly holder: string;
  readonly ttlMs: number;
  endsMs: number;
  timer: NodeJS.Timeout;
}

export class Leases {
  readonly #held = new Map<string, Held>();
  readonly #onOver: (id: string) => void;
  readonly #newId: () => string;

  /** @param onOver told once of each that was given back or not renewed: mends what stands under it */
  constructor(newId: () => string, onOver: (id: string) => void) {
    this.#newId = newId;
    this.#onOver = onOver;
  }

  grant(holder: string, ttlMs: number): Lease {
    const id = this.#newId();
    this.#held.set(id, { holder, ttlMs, endsMs: performance.now() + ttlMs, timer: this.#arm(id, ttlMs) });
    return this.#tell(id) ?? { id, holder, ttlMs, remainingMs: 0 };
  }

  /** Undefined: there is none of this id, or none any more. One that is over never comes back. */
  renew(id: string): Lease | undefined {
    const held = this.#sound(id);
    if (held === undefined) return undefined;
    clearTimeout(held.timer);
    held.endsMs = performance.now() + held.ttlMs;
    held.timer = this.#arm(id, held.ttlMs);
    return this.#tell(id);
  }

  /** False: there was none. */
  giveBack(id: string): boolean {
    const held = this.#held.get(id);
    if (held === undefined) return false;
    this.#end(id, held);
    return true;
  }

  isHeld(id: string): boolean {
    return this.#sound(id) !== undefined;
  }

  all(): readonly Lease[] {
    return [...this.#held.keys()].flatMap((id) => this.#tell(id) ?? []);
  }

  /** Nothing is mended: the proxies go with it. */
  close(): void {
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  /** By the clock, not by the timer: a process that was stopped reads its requests before its timers. */
  #sound(id: string): Held | undefined {
    const held = this.#held.get(id);
    if (held === undefined || performance.now() < held.endsMs) return held;
    this.#end(id, held);
    return undefined;
  }

  #end(id: string, { timer }: Held): void {
    clearTimeout(timer);
    this.#held.delete(id);
    this.#onOver(id);
  }

  #arm(id: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const held = this.#held.get(id);
      if (held === undefined) return;
      // Timers may be a millisecond early.
      const leftMs = held.endsMs - performance.now();
      if (leftMs > 0) held.timer = this.#arm(id, Math.ceil(leftMs));
      else this.#end(id, held);
    }, ms);
  }

  #tell(id: string): Lease | undefined {
    const held = this.#sound(id);
    if (held === undefined) return undefined;
    const { holder, ttlMs, endsMs } = held;
    return { id, holder, ttlMs, remainingMs: Math.max(0, Math.round(endsMs - performance.now())) };
  }
}
