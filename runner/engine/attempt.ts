/** One run of one probe: deadline, timing and the verdict on the prober's own health, written once around every kind. */
import { boundOf } from '../../probes/clock/standing.ts';
import { NO_PHASES, type Clock, type Leg, type Observation, type Probe, type RunContext } from '../../probes/probe.ts';
import type { Cadence, Result } from '../../store/result.ts';
import type { PlannedProbe } from '../config/configuration.ts';
import type { ClockTrust } from '../clock-watch.ts';
import type { LoopWatch } from './loop-watch.ts';
import { trusted } from './trusted.ts';

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
  readonly context: Omit<
    RunContext,
    'runId' | 'probe' | 'location' | 'signal' | 'timeoutMs' | 'clock' | 'clockBoundMs'
  >;
}

export interface AttemptEnvironment {
  readonly clock: Clock;
  readonly loop: LoopWatch;
  /** Largest event-loop delay that a run of this probe may have seen, ms. */
  readonly toleranceMs: number;
  /** How far the wall clock could be trusted since a monotonic moment; absent for a probe whose figures do not need it. */
  readonly trustSince?: (monotonicMs: number) => ClockTrust;
  /** Aborts when the process stops. */
  readonly stop: AbortSignal;
  readonly redact: (text: string) => string;
  /** Monotonic ms since which a continuous probe's events were gathered; default: the start of this run. */
  readonly watchedSinceMs?: number;
}

export interface Attempted {
  readonly result: Result;
  readonly transcript: readonly string[];
  /** Settles, never rejects, when a probe that did not give up at its deadline has ended after all; null for the others. */
  readonly leftBehind: Promise<void> | null;
}

export async function attempt(run: Attempt, env: AttemptEnvironment): Promise<Attempted> {
  const { clock } = env;
  const startMono = clock.monotonicMs();
  const startedMs = clock.wallMs();
  const latenessMs = Math.max(0, startMono - run.dueMs);
  const { observation, leftBehind } = await observe(run, env);
  const durationMs = clock.monotonicMs() - startMono;
  const sinceMs = env.watchedSinceMs ?? observation.measuredSinceMs ?? startMono;
  const isOfOneStretch = sinceMs === startMono;
  const loopDelayMs = env.loop.maxSince(sinceMs, isOfOneStretch ? stretchesOf(observation, durationMs) : undefined);
  const timely = loopDelayMs > env.toleranceMs ? spoiled(observation, loopDelayMs, env.toleranceMs) : observation;
  const judged = env.trustSince === undefined ? timely : trusted(timely, env.trustSince(sinceMs));
  const { planned } = run;
  return {
    leftBehind,
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
      ...(judged.trail === undefined ? {} : { trail: masked(judged.trail, env.redact) }),
      loopDelayMs,
      gameday: run.gameday,
    },
  };
}

/**
 * What a run's time is made of, ms: the end of each was waited for, and may have been seen late. The phases are those of
 * the last request; what is left is one more.
 */
function stretchesOf({ phases, trail = [] }: Observation, durationMs: number): readonly number[] {
  const known = [...Object.values(phases), ...trail.slice(0, -1).map(({ ms }) => ms)].filter((ms) => ms !== null);
  return [...known, Math.max(0, durationMs - known.reduce((sum, ms) => sum + ms, 0))];
}

interface Observed {
  readonly observation: Observation;
  readonly leftBehind: Promise<void> | null;
}

async function observe(run: Attempt, env: AttemptEnvironment): Promise<Observed> {
  const { timeoutMs } = run.planned;
  const { clock, trustSince } = env;
  const controller = new AbortController();
  const stop = (): void => controller.abort(env.stop.reason);
  const deadline = setTimeout(() => {
    controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
  }, timeoutMs);
  if (env.stop.aborted) stop();
  else env.stop.addEventListener('abort', stop, { once: true });
  let abandon: NodeJS.Timeout | undefined;
  try {
    const asked = run.probe.run({
      ...run.context,
      runId: run.runId,
      probe: run.planned.id,
      location: run.location,
      signal: controller.signal,
      timeoutMs,
      clock,
      clockBoundMs: () => (trustSince === undefined ? null : boundOf(trustSince(clock.monotonicMs()).standing)),
    });
    const gaveUp = new Promise<null>((resolve) => {
      abandon = setTimeout(() => resolve(null), timeoutMs + GRACE_MS);
    });
    const observation = await Promise.race([asked, gaveUp]);
    if (observation !== null) return { observation, leftBehind: null };
    const ended = (): void => undefined;
    return { observation: fault('the probe did not give up at its deadline'), leftBehind: asked.then(ended, ended) };
  } catch (error) {
    const observation: Observation = env.stop.aborted
      ? { ...fault('the process stopped'), reason: 'aborted' }
      : fault(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return { observation, leftBehind: null };
  } finally {
    clearTimeout(deadline);
    clearTimeout(abandon);
    env.stop.removeEventListener('abort', stop);
  }
}

function masked(trail: readonly Leg[], redact: AttemptEnvironment['redact']): readonly Leg[] {
  return trail.map((leg) => ({ ...leg, url: redact(leg.url) }));
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
