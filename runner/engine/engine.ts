/** Where runs are executed: in this process. One schedule, one attempt a run, everything durable before anyone hears of it. */
import { schedule as scheduleCron, type ScheduledTask } from 'node-cron';
import { openProbe } from '../../probes/kinds.ts';
import {
  NO_PHASES,
  thresholdKey,
  type Clock,
  type OrderIntent,
  type Probe,
  type RunContext,
  type Swept,
  type Threshold,
} from '../../probes/probe.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Cadence, Result } from '../../store/result.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import { attempt } from './attempt.ts';
import { usualGapMs } from './cron.ts';
import type { LoopWatch } from './loop-watch.ts';
import { seededRandom, seedFor } from './random.ts';
import { createSchedule, type Due } from './schedule.ts';

/** How a probe is to be run from its next due time on. */
export interface Pace {
  readonly cadence: Cadence;
  /** Integer ms; ignored for probes on a calendar. */
  readonly intervalMs: number;
  readonly gameday: string | null;
}

export interface Engine {
  setPace(probe: string, pace: Pace): void;
  intervalMs(probe: string): number | null;
  /** Runs a probe now, outside the schedule. Weighs nothing and is not counted. */
  once(probe: string, verbose: boolean): Promise<{ readonly result: Result; readonly transcript: readonly string[] }>;
  /** Asks the probe to cancel what earlier runs left open at its target. */
  sweep(probe: string, left: readonly OrderIntent[]): Promise<readonly Swept[]>;
  /** Starts the schedule; resolves when `stop` has aborted and the last run is in. */
  run(): Promise<void>;
  close(): Promise<void>;
}

export interface EngineDependencies {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly loop: LoopWatch;
  /** No run begins after this. */
  readonly stop: AbortSignal;
  /** Runs in flight are given up at this. */
  readonly abandon: AbortSignal;
  readonly orders: RunContext['orders'];
  /** Takes finished results; must not block. */
  readonly deliver: (result: Result) => void;
  /** Value of PATH. */
  readonly path: string;
  /** Distinguishes this process's runs from every other's: part of each run's id. */
  readonly instance: string;
}

/** A stall below this never spoils a run; above, the strictest threshold decides. */
const LEAST_TOLERANCE_MS = 2;
const TOLERANCE_SHARE = 0.05;

export function createEngine(deps: EngineDependencies): Engine {
  const { configuration, clock, loop, stop, deliver } = deps;
  const schedule = createSchedule(clock);
  const running = new Map<string, Promise<void>>();
  const opened = new Map<string, Probe>();
  const paces = new Map<string, Pace>();
  const lastRunMs = new Map<string, number>();
  const planned = new Map(configuration.probes.map((probe) => [probe.id, probe]));
  const gaps = new Map<string, number>();
  let sequence = 0;

  function need(id: string): PlannedProbe {
    const found = planned.get(id);
    if (found === undefined) throw new RangeError(`no such probe: ${id}`);
    return found;
  }

  function probeOf(id: string): Probe {
    let probe = opened.get(id);
    if (probe === undefined) {
      const random = seededRandom(seedFor(configuration.seed, `probe/${id}`));
      probe = openProbe(need(id).spec, { clock, random, path: deps.path });
      opened.set(id, probe);
    }
    return probe;
  }

  const contexts = new Map(
    configuration.probes.map((probe) => [probe.id, contextOf(probe, configuration, deps.orders)] as const),
  );

  function runIdOf(probe: string, dueWallMs: number): string {
    sequence += 1;
    return `${probe}/${Math.round(dueWallMs).toString(36)}/${deps.instance}${sequence.toString(36)}`;
  }

  async function execute(id: string, dueMs: number, pace: Pace, weightMs: number, verbose: boolean) {
    const probe = need(id);
    const context = contexts.get(id);
    if (context === undefined) throw new RangeError(`no such probe: ${id}`);
    const watchedSinceMs = probe.mode === 'continuous' ? lastRunMs.get(id) : undefined;
    lastRunMs.set(id, clock.monotonicMs());
    return attempt(
      {
        planned: probe,
        // Opened inside the attempt: a probe that cannot be opened is a fault of its run, never the end of the process.
        probe: { run: (ctx) => probeOf(id).run(ctx) },
        runId: runIdOf(id, clock.wallMs()),
        dueMs,
        weightMs,
        cadence: pace.cadence,
        gameday: pace.gameday,
        location: configuration.location,
        context: { ...context.run, verbose },
      },
      {
        clock,
        loop,
        toleranceMs: context.toleranceMs,
        stop: deps.abandon,
        redact: configuration.redact,
        ...(watchedSinceMs === undefined ? {} : { watchedSinceMs }),
      },
    );
  }

  function lost(due: Due, pace: Pace, reason: 'overlap' | 'missed', weightMs: number, runs: number): void {
    const probe = need(due.id);
    const latenessMs = Math.max(0, clock.monotonicMs() - due.dueMs);
    const nowMs = clock.wallMs();
    deliver({
      runId: runIdOf(due.id, nowMs),
      probe: probe.id,
      kind: probe.kind,
      service: probe.service,
      location: configuration.location,
      endpoint: probe.endpoint,
      venue: probe.venue,
      scheduledMs: nowMs - latenessMs,
      startedMs: nowMs,
      latenessMs,
      durationMs: null,
      cadence: pace.cadence,
      weightMs,
      outcome: 'skipped',
      reason,
      detail:
        reason === 'overlap' ? 'the run before it had not ended' : `${runs} runs never came due: the process slept`,
      phases: NO_PHASES,
      readings: [],
      values: { missed: runs },
      loopDelayMs: null,
      gameday: pace.gameday,
    });
  }

  function start(due: Due): void {
    const pace = paces.get(due.id);
    if (pace === undefined || stop.aborted) return;
    if (due.missed > 0) lost(due, pace, 'missed', due.missedWeightMs, due.missed);
    if (running.has(due.id)) {
      lost(due, pace, 'overlap', due.weightMs, 1);
      return;
    }
    const run = execute(due.id, due.dueMs, pace, due.weightMs, false)
      .then(({ result }) => {
        // What was cut short because the process stops says nothing about the service.
        if (result.reason !== 'aborted') deliver(result);
      })
      .finally(() => running.delete(due.id));
    running.set(due.id, run);
  }

  function startCalendar(probe: PlannedProbe): ScheduledTask | null {
    const { cron } = probe;
    if (cron === null) return null;
    const gapMs = usualGapMs(cron.expression, cron.timezone);
    gaps.set(probe.id, gapMs);
    return scheduleCron(
      cron.expression,
      () => {
        start({ id: probe.id, dueMs: clock.monotonicMs(), weightMs: gapMs, missed: 0, missedWeightMs: 0 });
      },
      { ...(cron.timezone === undefined ? {} : { timezone: cron.timezone }), suppressMissedWarning: true },
    );
  }

  return {
    setPace(id, pace) {
      const probe = need(id);
      paces.set(id, pace);
      if (probe.cron === null) schedule.set(id, pace.intervalMs, seededRandom(seedFor(configuration.seed, id))());
    },
    intervalMs: (id) => schedule.intervalMs(id) ?? gaps.get(id) ?? null,
    async once(id, verbose) {
      return execute(id, clock.monotonicMs(), { cadence: 'once', intervalMs: 0, gameday: null }, 0, verbose);
    },
    async sweep(id, left) {
      const probe = probeOf(id);
      const context = contexts.get(id);
      if (probe.sweep === undefined || context === undefined) return [];
      const { timeoutMs } = need(id);
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), deps.abandon]);
      const runId = runIdOf(id, clock.wallMs());
      const location = configuration.location;
      const run = { ...context.run, runId, probe: id, location, signal, timeoutMs, clock, verbose: false };
      try {
        return await probe.sweep(left, run);
      } catch (error) {
        // Nothing was proven; whoever asked asks again.
        const how = error instanceof Error ? error.message : String(error);
        return left.map(({ clientOrderId }) => ({ clientOrderId, state: 'unreachable', how }));
      }
    },
    async run() {
      const calendars: (ScheduledTask | null)[] = [];
      try {
        for (const probe of configuration.probes) calendars.push(startCalendar(probe));
        await schedule.run(start, stop);
      } finally {
        for (const task of calendars) await task?.destroy();
        await Promise.all(running.values());
      }
    },
    async close() {
      const probes = [...opened.values()];
      opened.clear();
      // One that cannot let go of its sockets must not keep the others from doing so.
      await Promise.allSettled(probes.map(async (probe) => probe.close?.()));
    },
  };
}

interface ProbeContext {
  readonly run: Omit<RunContext, 'runId' | 'probe' | 'location' | 'signal' | 'timeoutMs' | 'clock' | 'verbose'>;
  readonly toleranceMs: number;
}

function contextOf(probe: PlannedProbe, configuration: Configuration, orders: RunContext['orders']): ProbeContext {
  const thresholds = thresholdsOf(probe.id, configuration.objectives);
  const strictest = Math.min(...[...thresholds.values()].flat().map((threshold) => threshold.ms));
  const share = Number.isFinite(strictest) ? strictest * TOLERANCE_SHARE : 0;
  return {
    toleranceMs: configuration.loopToleranceMs ?? Math.max(LEAST_TOLERANCE_MS, share),
    run: {
      random: seededRandom(seedFor(configuration.seed, `run/${probe.id}`)),
      thresholds: (indicator) => thresholds.get(indicator) ?? [],
      stepMs: configuration.base.minuteMs,
      orders,
    },
  };
}

/** Every limit that an objective fed by this probe names, by indicator, each once. */
function thresholdsOf(probe: string, objectives: readonly Objective[]): ReadonlyMap<string, readonly Threshold[]> {
  const found = new Map<string, Map<string, Threshold>>();
  for (const { sli, probes } of objectives) {
    if (sli.type !== 'threshold' || !probes.includes(probe)) continue;
    const threshold = { ms: sli.ms, strict: sli.strict };
    const known = found.get(sli.indicator) ?? new Map<string, Threshold>();
    known.set(thresholdKey(threshold), threshold);
    found.set(sli.indicator, known);
  }
  return new Map([...found].map(([indicator, known]) => [indicator, [...known.values()]]));
}
