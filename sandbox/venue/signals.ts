/** A toy strategy, and the desk that sends what it concludes. */
import type { Conclusion, TickEvent } from './events.ts';

/** Weight of the newest price in the average, the deviation that means full strength, and the one that means nothing. */
const WEIGHT = 0.1;
const FULL = 0.001;
const FLAT_BELOW = 0.05;

/** A toy strategy: at most one signal per interval, from whatever tick comes then. */
export class Strategy {
  readonly #intervalMs: number;
  readonly #averages = new Map<string, number>();
  #nextMs = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  consider(tick: TickEvent, nowMs: number): Conclusion | null {
    const before = this.#averages.get(tick.symbol) ?? tick.last_price;
    this.#averages.set(tick.symbol, before + (tick.last_price - before) * WEIGHT);
    if (nowMs < this.#nextMs) return null;
    this.#nextMs = nowMs + this.#intervalMs;
    const raw = Math.tanh((tick.last_price - before) / before / FULL);
    const strength = Math.round(raw * 1e4) / 1e4;
    const direction = Math.abs(strength) < FLAT_BELOW ? 'FLAT' : strength > 0 ? 'BUY' : 'SELL';
    return { tick, strength, direction };
  }
}

/** Sends each conclusion after its latency, and none after it was closed. */
export class SignalDesk {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #send: (conclusion: Conclusion) => void;
  #sent = 0;

  constructor(send: (conclusion: Conclusion) => void) {
    this.#send = send;
  }

  get sent(): number {
    return this.#sent;
  }

  sendAfter(ms: number, conclusion: Conclusion): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#sent += 1;
      this.#send(conclusion);
    }, ms);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
