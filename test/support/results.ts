import { NO_PHASES } from '../../probes/probe.ts';
import type { Rule } from '../../store/judge.ts';
import type { Result } from '../../store/result.ts';

/** A round wall-clock moment, on a step's start. */
export const T0 = Date.UTC(2026, 0, 15, 12, 0, 0);

/** A good http run; `n` makes it another one, a second later each. */
export function aResult(n: number, differing: Partial<Result> = {}): Result {
  const scheduledMs = differing.scheduledMs ?? T0 + n * 1000;
  return {
    runId: `status/${scheduledMs.toString(36)}/${n}`,
    probe: 'status',
    kind: 'http',
    service: 'api',
    location: 'fra1',
    endpoint: null,
    venue: null,
    scheduledMs,
    startedMs: scheduledMs + 1.5,
    latenessMs: 1.5,
    durationMs: 21.25,
    cadence: 'green',
    weightMs: 1000,
    outcome: 'good',
    reason: null,
    detail: null,
    phases: { ...NO_PHASES, firstByteMs: 18.5, transferMs: 0.75 },
    readings: [{ type: 'duration', indicator: 'latency', ms: 20 }],
    values: { status: 200 },
    loopDelayMs: 0.5,
    gameday: null,
    ...differing,
  };
}

export const AVAILABILITY: Rule = {
  id: 'api-availability',
  sli: { type: 'availability' },
  weighing: 'time',
  split: null,
  probes: ['status'],
};

export const LATENCY: Rule = {
  id: 'api-latency',
  sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
  weighing: 'time',
  split: 'endpoint',
  probes: ['status'],
};

export async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
