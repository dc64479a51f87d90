/** Whether the prober itself is well, for a supervisor: what it measures is not asked here. */
import type { Clock } from '../probes/probe.ts';
import type { Result } from '../store/result.ts';

export interface Health {
  readonly status: 'running' | 'degraded';
  /** Empty while running. */
  readonly reasons: readonly string[];
}

export interface HealthWatch {
  /** Every result as it comes in. */
  readonly hear: (result: Result) => void;
  /** Results reached the ledger. */
  readonly stored: () => void;
  judge(now: HealthQuestion): Health;
}

export interface HealthQuestion {
  readonly resultsWaiting: number;
  readonly trouble: Error | null;
  /** Silence longer than this is not normal, ms; null where only calendars say when a probe runs. */
  readonly silenceMs: number | null;
  /** Age of the last judgement, and the age beyond which it should have been made again, ms. */
  readonly judgedAgeMs: number;
  readonly judgeEveryMs: number;
}

const MINUTE_MS = 60_000;
/** Of the runs of a minute: more that this process spoiled, began late or missed are no accident. */
const OVERLOADED_SHARE = 0.1;
const LEAST_RUNS = 3;
/** A run that began later than this, and later than half its interval, came too late. */
const LATE_MS = 1000;

interface Minute {
  startMs: number;
  runs: number;
  spoiled: number;
}

export function createHealthWatch(clock: Clock): HealthWatch {
  let now: Minute = { startMs: clock.monotonicMs(), runs: 0, spoiled: 0 };
  let before: Minute = { ...now };
  let storedMs = clock.monotonicMs();

  function turn(): void {
    const atMs = clock.monotonicMs();
    if (atMs - now.startMs < MINUTE_MS) return;
    const isNext = atMs - now.startMs < 2 * MINUTE_MS;
    before = isNext ? now : { startMs: atMs, runs: 0, spoiled: 0 };
    now = { startMs: atMs, runs: 0, spoiled: 0 };
  }

  return {
    hear(result) {
      turn();
      now.runs += 1;
      if (isSpoiled(result)) now.spoiled += 1;
    },
    stored() {
      storedMs = clock.monotonicMs();
    },
    judge(question) {
      turn();
      const reasons: string[] = [];
      if (question.trouble !== null) reasons.push(`the ledger refuses results: ${question.trouble.message}`);
      else if (question.resultsWaiting > 0) reasons.push('results that were put aside wait for the ledger');
      const runs = now.runs + before.runs;
      const spoiled = now.spoiled + before.spoiled;
      if (spoiled >= LEAST_RUNS && spoiled > runs * OVERLOADED_SHARE) {
        reasons.push(`overloaded: ${spoiled} of the last ${runs} runs were late, missed or spoiled by this process`);
      }
      const silentMs = clock.monotonicMs() - storedMs;
      if (question.silenceMs !== null && silentMs > question.silenceMs) {
        reasons.push(`no result was written for ${Math.round(silentMs / 1000)} s`);
      }
      const { judgedAgeMs, judgeEveryMs } = question;
      if (judgedAgeMs > 3 * judgeEveryMs) {
        reasons.push(`the budgets were not judged for ${Math.round(judgedAgeMs / 1000)} s`);
      }
      return { status: reasons.length === 0 ? 'running' : 'degraded', reasons };
    },
  };
}

function isSpoiled({ reason, latenessMs, weightMs, outcome }: Result): boolean {
  if (reason === 'loop-stall' || reason === 'missed') return true;
  return outcome !== 'skipped' && latenessMs > Math.max(LATE_MS, weightMs / 2);
}
