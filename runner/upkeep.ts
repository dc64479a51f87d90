/** What a ledger that runs for years needs, in the pauses of its thread: rows too old leave, and their pages the file. */
import type { Clock } from '../probes/probe.ts';
import type { LedgerStore } from '../store/open.ts';
import type { UpkeepOrder } from '../store/upkeep.ts';

export interface UpkeepOptions extends Pick<UpkeepOrder, 'retention' | 'followers'> {
  readonly store: Pick<LedgerStore, 'upkeep'>;
  readonly clock: Clock;
  /** Whether the wall clock may be believed: a clock in the wrong year would empty the ledger. */
  readonly isTimeKnown: () => boolean;
  readonly say: (line: string) => void;
  readonly warn: (line: string) => void;
}

/** Between two slices: appends have the thread for most of the time. */
const PAUSE_MS = 25;
const IDLE_MS = 60_000;

/** Begins after a minute, and goes on until it is closed. */
export function startUpkeep(options: UpkeepOptions): AsyncDisposable {
  const closing = new AbortController();
  const running = keepUp(options, closing.signal);
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}

async function keepUp(options: UpkeepOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, retention, followers, isTimeKnown, say, warn } = options;
  let expired = 0;
  let trouble: string | null = null;
  let waitMs = IDLE_MS;
  for (;;) {
    await clock.sleep(waitMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const nowMs = isTimeKnown() ? Math.floor(clock.wallMs()) : null;
    try {
      const { what, count } = await store.upkeep({ retention, followers, nowMs });
      if (what === 'expired') expired += count;
      if (what === null && expired > 0) {
        say(
          `the ledger let ${expired} results go that were older than store.retention.results; what was counted of them stays`,
        );
        expired = 0;
      }
      waitMs = what === null ? IDLE_MS : PAUSE_MS;
      trouble = null;
    } catch (error) {
      // Appends say it themselves; it is tried again, and nothing is lost meanwhile but space.
      const why = error instanceof Error ? error.message : String(error);
      if (why !== trouble) warn(`upkeep of the ledger failed: ${why}`);
      trouble = why;
      waitMs = IDLE_MS;
    }
  }
}
