/** What the log says of probes: a line when one begins to fail, a line when it answers again, and no flood when it flaps. */
import type { Clock } from '../probes/probe.ts';
import type { Result } from '../store/result.ts';

export interface ProbeLine {
  readonly level: 'warn' | 'info';
  readonly kind: 'probe-failing' | 'probe-recovered' | 'probe-flapping';
  readonly probe: string;
  readonly service: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Changes within a minute that get a line each; beyond, the probe flaps, and the rest of each minute is summed up. */
const LINES_A_MINUTE = 4;
const MINUTE_MS = 60_000;

interface Known {
  isFailing: boolean;
  /** Monotonic, of the last change. */
  sinceMs: number;
  /** Since the last change. */
  runs: number;
  minuteMs: number;
  changes: number;
  isFlapping: boolean;
  minuteRuns: number;
  /** Of this minute: reason -> runs that were not good. */
  reasons: Map<string, number>;
}

/** @param say called at most five times a minute for each probe @returns to be told of every result as it comes in */
export function createProbeLog(clock: Clock, say: (line: ProbeLine) => void): (result: Result) => void {
  const probes = new Map<string, Known>();

  function sumUp(known: Known, result: Result, nowMs: number): void {
    const isOver = known.changes <= LINES_A_MINUTE;
    const bad = [...known.reasons.values()].reduce((sum, count) => sum + count, 0);
    const reasons = Object.fromEntries(known.reasons);
    const named = [...known.reasons].map(([reason, count]) => `${reason} ${count}`).join(', ');
    const now = known.isFailing ? 'failing' : 'good';
    const seconds = Math.round((nowMs - known.minuteMs) / 1000);
    say({
      level: 'warn',
      kind: 'probe-flapping',
      probe: result.probe,
      service: result.service,
      fields: { changes: known.changes, runs: known.minuteRuns, notGood: bad, reasons, state: now, isOver },
      text:
        `${result.probe}: changed ${known.changes} times in ${seconds} s, ${bad} of ${known.minuteRuns} runs not good` +
        `${named === '' ? '' : ` (${named})`}; ${isOver ? 'steady again, ' : ''}${now} now`,
    });
    if (isOver) known.isFlapping = false;
  }

  function change(known: Known, result: Result, nowMs: number): void {
    const { probe, service, outcome, reason, detail, runId } = result;
    const forMs = Math.round(nowMs - known.sinceMs);
    const runs = known.runs;
    known.sinceMs = nowMs;
    known.runs = 0;
    known.changes += 1;
    if (known.isFlapping) return;
    known.isFlapping = known.changes >= LINES_A_MINUTE;
    const more = known.isFlapping ? ' (it flaps: from now on summed up each minute)' : '';
    if (known.isFailing) {
      const seen = detail === null ? '' : `: ${detail}`;
      const fields = { outcome, reason, detail, runId };
      const text = `${probe}: ${outcome} (${reason ?? outcome})${seen}${more}`;
      say({ level: 'warn', kind: 'probe-failing', probe, service, fields, text });
    } else {
      const text = `${probe}: good again after ${(forMs / 1000).toFixed(1)} s and ${runs} ${runs === 1 ? 'run' : 'runs'} that were not${more}`;
      say({ level: 'info', kind: 'probe-recovered', probe, service, fields: { forMs, runs }, text });
    }
  }

  return (result) => {
    // What never ran says nothing of the target; the schedule has its own words for it.
    if (result.outcome === 'skipped' || result.cadence === 'once') return;
    const nowMs = clock.monotonicMs();
    const isFailing = result.outcome !== 'good';
    let known = probes.get(result.probe);
    if (known === undefined) {
      known = {
        isFailing: false,
        sinceMs: nowMs,
        runs: 0,
        minuteMs: nowMs,
        changes: 0,
        isFlapping: false,
        minuteRuns: 0,
        reasons: new Map(),
      };
      probes.set(result.probe, known);
    }
    if (nowMs - known.minuteMs >= MINUTE_MS) {
      if (known.isFlapping) sumUp(known, result, nowMs);
      known.minuteMs = nowMs;
      known.changes = 0;
      known.minuteRuns = 0;
      known.reasons = new Map();
    }
    known.minuteRuns += 1;
    const reason = result.reason ?? result.outcome;
    if (isFailing) known.reasons.set(reason, (known.reasons.get(reason) ?? 0) + 1);
    if (isFailing !== known.isFailing) {
      known.isFailing = isFailing;
      change(known, result, nowMs);
    }
    known.runs += 1;
  };
}
