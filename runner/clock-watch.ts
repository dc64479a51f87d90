/** How far the wall clock can be trusted while the prober runs: what its source says, and whether it jumped. */
import type { ClockReading, Unreadable } from '../probes/clock/chrony.ts';
import { standingOf, type ClockLimits, type ClockStanding } from '../probes/clock/standing.ts';
import type { Clock } from '../probes/probe.ts';

/** What a stretch of time was worth for figures that need the wall clock. */
export interface ClockTrust {
  /** As of the last reading. */
  readonly standing: ClockStanding;
  /** The largest jump of the wall clock against the monotonic one in that stretch, ms, signed; null when there was none. */
  readonly jumpMs: number | null;
}

export interface ClockWatch {
  trustSince(monotonicMs: number): ClockTrust;
  /** Asks the source once. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Asks again and again, and looks for jumps, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ClockWatchOptions {
  readonly clock: Clock;
  readonly limits: ClockLimits;
  /** Beyond it a change of the distance between wall clock and monotonic clock is a jump, ms. */
  readonly jumpMs: number;
  /** Between two questions to the source, ms. */
  readonly everyMs: number;
  readonly read: (signal: AbortSignal) => Promise<ClockReading | Unreadable>;
  /** Told when the state changes, the first one included. */
  readonly onChange: (standing: ClockStanding, from: ClockStanding['state'] | null) => void;
  /** Told of every jump. */
  readonly onJump: (byMs: number) => void;
}

interface Jump {
  readonly atMs: number;
  readonly byMs: number;
}

const LOOK_MS = 1000;
/** More are not kept; a clock that jumps this often is told of all the same. */
const KEPT = 64;
const UNASKED: ClockStanding = { state: 'unverified', reading: null, text: 'the clock source was not asked yet' };

export function createClockWatch(options: ClockWatchOptions): ClockWatch {
  const { clock } = options;
  const distance = (): number => clock.wallMs() - clock.monotonicMs();
  let standing = UNASKED;
  let lastDistance = distance();
  let jumps: readonly Jump[] = [];

  function look(): void {
    const now = distance();
    const byMs = now - lastDistance;
    // A slew (chrony's is below 0.1 %) moves the distance by less than this between two looks.
    if (Math.abs(byMs) > options.jumpMs) {
      jumps = [...jumps, { atMs: clock.monotonicMs(), byMs }].slice(-KEPT);
      options.onJump(byMs);
    }
    lastDistance = now;
  }

  async function refresh(signal: AbortSignal): Promise<void> {
    const read = await options.read(signal);
    if (signal.aborted) return;
    const from = standing;
    standing = standingOf(read, options.limits);
    if (from === UNASKED) options.onChange(standing, null);
    else if (from.state !== standing.state) options.onChange(standing, from.state);
  }

  return {
    refresh,
    trustSince(monotonicMs) {
      look();
      const since = jumps.filter((jump) => jump.atMs >= monotonicMs).map((jump) => jump.byMs);
      const jumpMs = since.reduce<number | null>(
        (worst, byMs) => (worst === null || Math.abs(byMs) > Math.abs(worst) ? byMs : worst),
        null,
      );
      return { standing, jumpMs };
    },
    async run(signal) {
      let askMs = clock.monotonicMs() + (standing === UNASKED ? 0 : options.everyMs);
      while (!signal.aborted) {
        look();
        if (clock.monotonicMs() >= askMs) {
          await refresh(signal);
          askMs = clock.monotonicMs() + options.everyMs;
        }
        try {
          await clock.sleep(LOOK_MS, signal);
        } catch {
          return;
        }
      }
    },
  };
}
