/** Whether the plan asks for more than this process can do: seen in what becomes of its runs, and in how busy its loop is. */
import type { Clock } from '../probes/probe.ts';
import { runsOf, type Result } from '../store/result.ts';

/** What became of the runs of some time. Each run that this process spoiled is counted once, by what went wrong first. */
export interface Strain {
  readonly runs: number;
  readonly late: number;
  /** Never came due in time. */
  readonly missed: number;
  /** Given up because the run before them, itself held up, had not ended. */
  readonly overlapped: number;
  /** Spoiled by the event loop's delay. */
  readonly stalled: number;
  /** Largest lateness of a run that began, ms. */
  readonly worstMs: number;
  /** Share of the time in which the event loop did not wait, 0 to 1, of an overload its largest; null: not looked at. */
  readonly busy: number | null;
}

export interface Overload {
  /** Wall-clock ms. */
  readonly sinceMs: number;
  /** Monotonic ms. */
  readonly sinceMonotonicMs: number;
  /** Of the whole overload so far. */
  readonly strain: Strain;
  /** One line: what was seen when it began, and what to do. */
  readonly text: string;
}

export interface OverloadWatch {
  /** Every result as it comes in. */
  readonly hear: (result: Result) => void;
  /** As of the last look; null: the process keeps up. */
  readonly standing: () => Overload | null;
  /** What was seen in the last half minute, up to now. */
  readonly recent: () => Strain;
  /** Looks every ten seconds until the signal aborts; an overload that stands then is said to end with the process. */
  run(signal: AbortSignal): Promise<void>;
}

export interface OverloadOptions {
  readonly clock: Clock;
  /** Share of the time since it was asked last in which the event loop did not wait, 0 to 1. */
  readonly busy: () => number;
  readonly onBegin: (overload: Overload) => void;
  readonly onEnd: (overload: Overload, forMs: number, isStopped: boolean) => void;
}

export const LOOK_MS = 10_000;
/** Two minutes of looks. */
const LOOKS = 12;
const RECENT_LOOKS = 3;
/** Of the runs of two minutes: beyond the first it begins, below the second it is over. In between nothing changes. */
const BEGIN_SHARE = 0.1;
const END_SHARE = 0.05;
const BLIND_SHARE = 0.5;
/** The first runs of a process suffer from its beginning. */
const BLIND_RUNS = 10;
const LEAST_RUNS = 3;
/** One hold-up, as when the machine slept, is over when it is seen. An overload goes on. */
const LEAST_LOOKS = 2;
/** A loop that waits for nothing any more answers late, whatever the runs say. */
const BEGIN_BUSY = 0.95;
const END_BUSY = 0.85;
/** Later than this, or than half its interval where that is shorter, a run began too late. A process that keeps up has ms. */
const LATE_MS = 1000;

const NOTHING: Strain = { runs: 0, late: 0, missed: 0, overlapped: 0, stalled: 0, worstMs: 0, busy: null };
export const MEND = 'probe less, at longer intervals, or in another process';

export function createOverloadWatch({ clock, busy, onBegin, onEnd }: OverloadOptions): OverloadWatch {
  let looks: readonly Strain[] = [];
  let now: Strain = NOTHING;
  let standing: Overload | null = null;
  /** Probes whose last run this process held up: what that run was in the way of is its doing as well. */
  const heldUp = new Set<string>();

  function look(share: number): void {
    looks = [...looks, { ...now, busy: share }].slice(-LOOKS);
    const strain = sum(looks);
    if (standing === null) {
      const isTroubled =
        isBeyond(strain, BEGIN_SHARE) && looks.filter((each) => troubled(each) > 0).length >= LEAST_LOOKS;
      const isBusy = looks.length === LOOKS && (strain.busy ?? 0) > BEGIN_BUSY;
      if (isTroubled || isBusy) {
        const text = `overloaded: ${strainText(strain)}; ${MEND}`;
        standing = { sinceMs: clock.wallMs(), sinceMonotonicMs: clock.monotonicMs(), strain, text };
        onBegin(standing);
      }
    } else {
      const busiest = Math.max(standing.strain.busy ?? 0, share);
      standing = { ...standing, strain: { ...sum([standing.strain, now]), busy: busiest } };
      if (!isBeyond(strain, END_SHARE) && (strain.busy ?? 0) < END_BUSY) end(standing, false);
    }
    now = NOTHING;
  }

  function end(overload: Overload, isStopped: boolean): void {
    standing = null;
    onEnd(overload, clock.monotonicMs() - overload.sinceMonotonicMs, isStopped);
  }

  return {
    hear(result) {
      const strain = strainOf(result, heldUp);
      if (result.outcome !== 'skipped') {
        if (troubled(strain) > 0) heldUp.add(result.probe);
        else heldUp.delete(result.probe);
      }
      now = sum([now, strain]);
    },
    standing: () => standing,
    recent() {
      const strain = sum([...looks.slice(-RECENT_LOOKS), now]);
      // A moment of work is no busy loop.
      return looks.length < RECENT_LOOKS ? { ...strain, busy: null } : strain;
    },
    async run(signal) {
      busy();
      while (!signal.aborted) {
        try {
          await clock.sleep(LOOK_MS, signal);
        } catch {
          break;
        }
        look(busy());
      }
      if (standing !== null) end(standing, true);
    },
  };
}

export function troubled({ late, missed, overlapped, stalled }: Strain): number {
  return late + missed + overlapped + stalled;
}

/** "of 900 runs 120 began late, 4 missed (at most 5.2 s late); event loop busy 99 %" */
export function strainText(strain: Strain): string {
  const counts = (
    [
      ['began late', strain.late],
      ['missed', strain.missed],
      ['overlapped', strain.overlapped],
      ['spoiled by the event loop', strain.stalled],
    ] as const
  ).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
  const runs =
    counts.length === 0 ? `none of ${strain.runs} runs suffered yet` : `of ${strain.runs} runs ${counts.join(', ')}`;
  const worst = strain.late === 0 ? '' : ` (at most ${(strain.worstMs / 1000).toFixed(1)} s late)`;
  const busy = strain.busy === null ? '' : `; event loop busy ${Math.round(strain.busy * 100)} %`;
  return `${runs}${worst}${busy}`;
}

function isBeyond(strain: Strain, share: number): boolean {
  const count = troubled(strain);
  return count >= LEAST_RUNS && count > strain.runs * share;
}

/**
 * More than half of the runs tell nothing, or the loop waits for nothing any more: who is to watch a fault would not see what it
 * does. (A run that is spoiled is no evidence, so that fewer of them make a judgement slower, and not wrong.)
 */
export function isBlinding(strain: Strain): boolean {
  return (troubled(strain) >= BLIND_RUNS && isBeyond(strain, BLIND_SHARE)) || (strain.busy ?? 0) > BEGIN_BUSY;
}

function strainOf(result: Result, heldUp: ReadonlySet<string>): Strain {
  const { outcome, reason, latenessMs, weightMs, probe } = result;
  const runs = runsOf(result);
  const seen = { ...NOTHING, runs };
  if (outcome === 'skipped') {
    if (reason === 'missed') return { ...seen, missed: runs };
    // A slow target, or a run that ignores its deadline, is no lack of time.
    return reason === 'overlap' && heldUp.has(probe) ? { ...seen, overlapped: 1 } : seen;
  }
  const began = { ...seen, worstMs: latenessMs };
  const lateMs = weightMs > 0 ? Math.min(LATE_MS, weightMs / 2) : LATE_MS;
  if (latenessMs > lateMs) return { ...began, late: 1 };
  return reason === 'loop-stall' ? { ...began, stalled: 1 } : began;
}

/** `busy` is the mean of those that have one. */
function sum(parts: readonly Strain[]): Strain {
  let { runs, late, missed, overlapped, stalled, worstMs } = NOTHING;
  let busy = 0;
  let looked = 0;
  for (const part of parts) {
    runs += part.runs;
    late += part.late;
    missed += part.missed;
    overlapped += part.overlapped;
    stalled += part.stalled;
    worstMs = Math.max(worstMs, part.worstMs);
    if (part.busy !== null) {
      busy += part.busy;
      looked += 1;
    }
  }
  return { runs, late, missed, overlapped, stalled, worstMs, busy: looked === 0 ? null : busy / looked };
}
