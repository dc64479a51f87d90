import type { Clock } from '../../probes/probe.ts';
import type { Evidence } from '../../scenarios/evidence.ts';

/** Twice what a condition may look back. */
const MAX_RUNS = 1000;

export type Waited<T> = { readonly state: 'met'; readonly value: T } | { readonly state: 'late' | 'stopped' };

/** What the probes said during a game-day, and a way to wait until they say something. */
export class EvidenceLog {
  readonly #runs = new Map<string, Evidence[]>();
  readonly #clock: Clock;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(evidence: Evidence): void {
    let runs = this.#runs.get(evidence.probe);
    if (runs === undefined) {
      runs = [];
      this.#runs.set(evidence.probe, runs);
    }
    runs.push(evidence);
    if (runs.length > MAX_RUNS) runs.splice(0, runs.length - MAX_RUNS / 2);
    this.nudge();
  }

  /** Oldest first. */
  runs(probe: string): readonly Evidence[] {
    return this.#runs.get(probe) ?? [];
  }

  /** Lets everyone who waits look again. */
  nudge(): void {
    const wake = this.#wake;
    this.#wake = Promise.withResolvers();
    wake.resolve();
  }

  /** Asks `check` whenever something was added, and every `everyMs` besides: silence is news too. */
  async until<T>(check: () => T | null, withinMs: number, signal: AbortSignal, everyMs = 250): Promise<Waited<T>> {
    const deadlineMs = this.#clock.monotonicMs() + withinMs;
    for (;;) {
      if (signal.aborted) return { state: 'stopped' };
      const woken = this.#wake.promise;
      const value = check();
      if (value !== null) return { state: 'met', value };
      const leftMs = deadlineMs - this.#clock.monotonicMs();
      if (leftMs <= 0) return { state: 'late' };
      await this.#next(woken, Math.min(everyMs, leftMs), signal);
    }
  }

  async #next(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    try {
      await Promise.race([woken, this.#clock.sleep(ms, AbortSignal.any([signal, over.signal])).catch(() => undefined)]);
    } finally {
      over.abort();
    }
  }
}
