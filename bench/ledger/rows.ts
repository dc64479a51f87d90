/** Results as http probes leave them, ten probes in turn, a run a second. */
import type { Result } from '../../store/result.ts';

/** Results in one transaction, the same for both sides. */
export const BATCH = 200;
/** As many as the store puts into one transaction at most. */
export const BIG_BATCH = 2000;
const PROBES = 10;
const START_MS = Date.UTC(2026, 0, 15, 12);

export function batchOf(batch: number, size = BATCH): readonly Result[] {
  return resultsFrom(batch * size, size);
}

export function resultsFrom(first: number, count: number): readonly Result[] {
  return Array.from({ length: count }, (_, index) => resultOf(first + index));
}

function resultOf(n: number): Result {
  const probe = `status-${n % PROBES}`;
  const scheduledMs = START_MS + n * 100;
  return {
    runId: `${probe}/${scheduledMs.toString(36)}/${n.toString(36)}`,
    probe,
    kind: 'http',
    service: 'client-api',
    location: 'bench',
    endpoint: '/positions',
    venue: null,
    scheduledMs,
    startedMs: scheduledMs + 0.375,
    latenessMs: 0.375,
    durationMs: 21.25,
    cadence: 'green',
    weightMs: 1000,
    outcome: n % 500 === 0 ? 'bad' : 'good',
    reason: n % 500 === 0 ? 'http-5xx' : null,
    detail: n % 500 === 0 ? 'expected status 200, got 503' : null,
    phases: { dnsMs: null, connectMs: 0.5, tlsMs: 2.25, sentMs: 0.1, firstByteMs: 18.5, transferMs: 0.75 },
    readings: [{ type: 'duration', indicator: 'latency', ms: 20 + (n % 50) }],
    values: { status: n % 500 === 0 ? 503 : 200, bytes: 84, connections: 1 },
    loopDelayMs: 0.25,
    gameday: null,
  };
}
