import TinyQueue from 'tinyqueue';
import type { Clock } from '../../probes/probe.ts';

/** A run that is due: what for, when it should have begun, and the interval it stands for. */
export interface Due {
  readonly id: string;
  /** Monotonic ms. */
  readonly dueMs: number;
  /** The interval that was in force when this run was scheduled, integer ms. */
  readonly weightMs: number;
  /** How many whole runs before this one never came due in time because the process slept; they are lost. */
  readonly missed: number;
  /** What `missed` runs stood for together, ms. */
  readonly missedWeightMs: number;
}

interface Entry {
  readonly id: string;
  dueMs: number;
  weightMs: number;
  intervalMs: number;
  removed: boolean;
}

export interface Schedule {
  /**
   * Sets the interval of `id`. A new id gets its first run at `phase` (in [0, 1)) of its interval from now; a known one
   * keeps its next due time, and the new interval counts from there.
   */
  set(id: string, intervalMs: number, phase: number): void;
  remove(id: string): void;
  intervalMs(id: string): number | null;
  /** Calls `start` for each run as it comes due, until the signal aborts. `start` must not block. */
  run(start: (due: Due) => void, signal: AbortSignal): Promise<void>;
}

/** Longest single wait: a timer must not overflow, and a clock that slept is noticed soon. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Due times are arithmetic (previous due time + interval), never "end of the last run + interval": the schedule does not
 * drift, and a slow target cannot talk its prober into asking less often.
 */
export function createSchedule(clock: Clock): Schedule {
  const entries = new Map<string, Entry>();
  const queue = new TinyQueue<Entry>([], (a, b) => a.dueMs - b.dueMs);
  let wake = new AbortController();

  function fire(entry: Entry, nowMs: number, start: (due: Due) => void): void {
    // The run on the grid that is closest before now; those before it were missed.
    const overdue = nowMs - entry.dueMs;
    let missed = 0;
    let missedWeightMs = 0;
    if (overdue >= entry.intervalMs) {
      missed = Math.floor(overdue / entry.intervalMs);
      missedWeightMs = entry.weightMs + (missed - 1) * entry.intervalMs;
      entry.dueMs += missed * entry.intervalMs;
      entry.weightMs = entry.intervalMs;
    }
    const due: Due = { id: entry.id, dueMs: entry.dueMs, weightMs: entry.weightMs, missed, missedWeightMs };
    entry.dueMs += entry.intervalMs;
    entry.weightMs = entry.intervalMs;
    queue.push(entry);
    start(due);
  }

  return {
    set(id, intervalMs, phase) {
      const known = entries.get(id);
      if (known !== undefined) {
        known.intervalMs = intervalMs;
        return;
      }
      const entry: Entry = {
        id,
        dueMs: clock.monotonicMs() + intervalMs * phase,
        weightMs: intervalMs,
        intervalMs,
        removed: false,
      };
      entries.set(id, entry);
      queue.push(entry);
      wake.abort();
    },
    remove(id) {
      const entry = entries.get(id);
      if (entry !== undefined) entry.removed = true;
      entries.delete(id);
    },
    intervalMs: (id) => entries.get(id)?.intervalMs ?? null,
    async run(start, signal) {
      const stop = (): void => wake.abort();
      signal.addEventListener('abort', stop, { once: true });
      try {
        while (!signal.aborted) {
          const next = queue.peek();
          if (next?.removed === true) {
            queue.pop();
            continue;
          }
          const nowMs = clock.monotonicMs();
          const waitMs = next === undefined ? LONGEST_WAIT_MS : next.dueMs - nowMs;
          if (next !== undefined && waitMs <= 0) {
            queue.pop();
            fire(next, nowMs, start);
            continue;
          }
          wake = new AbortController();
          if (signal.aborted) return;
          await clock.sleep(Math.min(waitMs, LONGEST_WAIT_MS), wake.signal).catch(() => undefined);
        }
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
  };
}
