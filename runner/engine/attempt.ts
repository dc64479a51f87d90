/** One run of one probe: deadline, timing and the verdict on the prober's own health, written once around every kind. */
import { NO_PHASES, type Clock, type Observation, type Probe, type RunContext } from '../../probes/probe.ts';
import type { Cadence, Result } from '../../store/result.ts';
import type { PlannedProbe } from '../config/configuration.ts';
import type { LoopWatch } from './loop-watch.ts';

/** How long past its deadline a probe may take to give up its sockets before it is left behind. */
const GRACE_MS = 500;

export interface Attempt {
  readonly planned: PlannedProbe;
  readonly probe: Probe;
  readonly runId: string;
  /** Monotonic ms at which it was due. */
  readonly dueMs: number;
  readonly weightMs: number;
  readonly cadence: Cadence;
  readonly gameday: string | null;
  readonly location: string;
  readonly context: Omit<RunContext, 'runId' | 'probe' | 'location' | 'signal' | 'timeoutMs' | 'clock'>;
}

export interface AttemptEnvironment {
  readonly clock: Clock;
  readonly loop: LoopWatch;
  /** Largest event-loop delay that a run of this probe may have seen, ms. */
  readonly toleranceMs: number;
  /** Aborts when the process stops. */
  readonly stop: AbortSignal;
  readonly redact: (text: string) => string;
  /** Monotonic ms since which a continuous probe's events were gathered; default: the start of this run. */
  readonly watchedSinceMs?: number;
}

export interface Attempted {
  readonly result: Result;
  readonly transcript: readonly string[];
}

export async function attempt(run: Attempt, env: AttemptEnvironment): Promise<Attempted> {
  const { clock } = env;
  const startMono = clock.monotonicMs();
  const startedMs = clock.wallMs();
  const latenessMs = Math.max(0, startMono - run.dueMs);
  const observation = await observe(run, env);
  const durationMs = clock.monotonicMs() - startMono;
  const loopDelayMs = env.loop.maxSince(env.watchedSinceMs ?? startMono);
  const judged = loopDelayMs > env.toleranceMs ? spoiled(observation, loopDelayMs, env.toleranceMs) : observation;
  const { planned } = run;
  return {
    transcript: (observation.transcript ?? []).map(env.redact),
    result: {
      runId: run.runId,
      probe: planned.id,
      kind: planned.kind,
      service: planned.service,
      location: run.location,
      endpoint: planned.endpoint,
      venue: planned.venue,
      scheduledMs: startedMs - latenessMs,
      startedMs,
      latenessMs,
      durationMs,
      cadence: run.cadence,
      weightMs: run.weightMs,
      outcome: judged.outcome,
      reason: judged.reason,
      detail: judged.detail === null ? null : env.redact(judged.detail),
      phases: judged.phases,
      readings: judged.readings,
      values: judged.values,
      loopDelayMs,
      gameday: run.gameday,
    },
  };
}

async function observe(run: Attempt, env: AttemptEnvironment): Promise<Observation> {
  const { timeoutMs } = run.planned;
  const controller = new AbortController();
  const stop = (): void => controller.abort(env.stop.reason);
  const deadline = setTimeout(() => {
    controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
  }, timeoutMs);
  if (env.stop.aborted) stop();
  else env.stop.addEventListener('abort', stop, { once: true });
  let abandon: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      run.probe.run({
        ...run.context,
        runId: run.runId,
        probe: run.planned.id,
        location: run.location,
        signal: controller.signal,
        timeoutMs,
        clock: env.clock,
      }),
      new Promise<Observation>((resolve) => {
        abandon = setTimeout(() => {
          resolve(fault('the probe did not give up at its deadline'));
        }, timeoutMs + GRACE_MS);
      }),
    ]);
  } catch (error) {
    if (env.stop.aborted) return { ...fault('the process stopped'), reason: 'aborted' };
    return fault(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } finally {
    clearTimeout(deadline);
    clearTimeout(abandon);
    env.stop.removeEventListener('abort', stop);
  }
}

function fault(detail: string): Observation {
  return { outcome: 'fault', reason: 'internal', detail, phases: NO_PHASES, readings: [], values: {} };
}

/** A run that this process held up says nothing about the service, whatever it found. What it found is still kept. */
function spoiled(observation: Observation, delayMs: number, toleranceMs: number): Observation {
  if (observation.outcome === 'fault') return observation;
  const found = observation.reason === null ? observation.outcome : `${observation.outcome}, ${observation.reason}`;
  return {
    ...observation,
    outcome: 'fault',
    reason: 'loop-stall',
    detail: `event loop ${delayMs.toFixed(1)} ms late, tolerance ${toleranceMs.toFixed(1)} ms (found: ${found})`,
  };
}
