import type { Result } from '../store/result.ts';

/** What a game-day sees of the probes. */
export interface Witness {
  /** Every result from now on, once it is durable, until the signal aborts (ends without a throw). */
  watch(signal: AbortSignal): AsyncIterable<Result>;
  /** Resolves with why as soon as results do not become durable any more; with null when the signal aborts. */
  refusal(signal: AbortSignal): Promise<Error | null>;
  /** Runs the service's probes at the game-day rate and stamps their results with the game-day's id, until disposed. */
  attend(service: string, gameday: string): Disposable;
  /** The interval at which a probe runs now, ms; null if there is no such probe. */
  intervalMs(probe: string): number | null;
}
