/** Whether the prober itself is well, for a supervisor: what it measures is not asked here. */
import type { Clock } from '../probes/probe.ts';
import { span } from '../reports/figures.ts';
import { strainText, type Overload } from './overload.ts';

export interface Health {
  readonly status: 'running' | 'degraded';
  /** Empty while running. */
  readonly reasons: readonly string[];
}

export interface HealthWatch {
  /** Results reached the ledger. */
  readonly stored: () => void;
  judge(now: HealthQuestion): Health;
}

export interface HealthQuestion {
  readonly resultsWaiting: number;
  readonly trouble: Error | null;
  readonly overload: Overload | null;
  /** Silence longer than this is not normal, ms; null where only calendars say when a probe runs. */
  readonly silenceMs: number | null;
  /** Age of the last judgement, and the age beyond which it should have been made again, ms. */
  readonly judgedAgeMs: number;
  readonly judgeEveryMs: number;
}

export function createHealthWatch(clock: Clock): HealthWatch {
  let storedMs = clock.monotonicMs();

  return {
    stored() {
      storedMs = clock.monotonicMs();
    },
    judge(question) {
      const reasons: string[] = [];
      if (question.trouble !== null) reasons.push(`the ledger refuses results: ${question.trouble.message}`);
      else if (question.resultsWaiting > 0) reasons.push('results that were put aside wait for the ledger');
      const { overload } = question;
      if (overload !== null) {
        const forMs = clock.monotonicMs() - overload.sinceMonotonicMs;
        reasons.push(`overloaded for ${span(forMs)}: ${strainText(overload.strain)}`);
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
