/** Where runs are executed: in this process. One schedule, one attempt a run, everything durable before anyone hears of it. */
import { schedule as scheduleCron, type ScheduledTask } from 'node-cron';
import { openProbe } from '../../probes/kinds.ts';
import {
  NO_PHASES,
  type Clock,
  type OrderIntent,
  type Probe,
  type RunContext,
  type Swept,
} from '../../probes/probe.ts';
import type { Cadence, Result } from '../../store/result.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import { attempt } from './attempt.ts';
import { contextOf } from './probe-context.ts';
import { usualGapMs } from './cron.ts';
import type { LoopWatch } from './loop-watch.ts';
import { seededRandom } from '../../scenarios/random.ts';
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

/**
 * A run that ends at its deadline may have begun a moment late, and so meet a successor that was due a moment ago. That one
 * begins late, by at most this and half its interval; otherwise every other run would be lost just while the target hangs.
 */
const HOLD_MS = 500;

export function createEngine(deps: EngineDependencies): Engine {
  const { configuration, clock, loop, stop, deliver } = deps;
  const schedule = createSchedule(clock);
  const running = new Map<string, Promise<void>>();
  /** Due while its predecessor was still running. */
  const held = new Map<string, { readonly due: Due; readonly pace: Pace }>();
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
      const random = seededRandom(configuration.seed, 'probe', id);
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
      const earlier = held.get(due.id);
      if (earlier !== undefined) lost(earlier.due, earlier.pace, 'overlap', earlier.due.weightMs, 1);
      held.set(due.id, { due, pace });
      return;
    }
    begin(due, pace);
  }

  function begin(due: Due, pace: Pace): void {
    const run = execute(due.id, due.dueMs, pace, due.weightMs, false)
      .then(({ result }) => {
        // What was cut short because the process stops says nothing about the service.
        if (result.reason !== 'aborted') deliver(result);
      })
      .finally(() => {
        running.delete(due.id);
        const next = held.get(due.id);
        if (next === undefined) return;
        held.delete(due.id);
        const latenessMs = clock.monotonicMs() - next.due.dueMs;
        if (latenessMs <= Math.min(HOLD_MS, next.due.weightMs / 2) && !stop.aborted) begin(next.due, next.pace);
        else lost(next.due, next.pace, 'overlap', next.due.weightMs, 1);
      });
    running.set(due.id, run);
  }

  function startCalendar(probe: PlannedProbe): ScheduledTask | null {
    const { cron } = probe;
    if (cron === null) return null;
    const gapMs = usualGapMs(cron.expression, cron.timezone);
    gaps.set(probe.id, gapMs);
    const dueAt = (date: Date): Due => {
      const latenessMs = Math.max(0, clock.wallMs() - date.getTime());
      return { id: probe.id, dueMs: clock.monotonicMs() - latenessMs, weightMs: gapMs, missed: 0, missedWeightMs: 0 };
    };
    const task = scheduleCron(cron.expression, ({ date }) => start(dueAt(date)), {
      ...(cron.timezone === undefined ? {} : { timezone: cron.timezone }),
      suppressMissedWarning: true,
    });
    // The process was held up, or slept, when the calendar called.
    task.on('execution:missed', ({ date }) => {
      const pace = paces.get(probe.id);
      if (pace !== undefined && !stop.aborted) lost(dueAt(date), pace, 'missed', gapMs, 1);
    });
    return task;
  }

  return {
    setPace(id, pace) {
      const probe = need(id);
      paces.set(id, pace);
      if (probe.cron === null) schedule.set(id, pace.intervalMs, seededRandom(configuration.seed, 'phase', id)());
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
