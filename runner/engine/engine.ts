/** Where runs are executed: in this process. One schedule, one attempt a run, everything durable before anyone hears of it. */
import { openProbe } from '../../probes/open.ts';
import type { Clock, OrderIntent, Probe, RunContext, Swept } from '../../probes/probe.ts';
import type { Cadence, Result } from '../../store/result.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import type { ClockTrust } from '../clock-watch.ts';
import { attempt } from './attempt.ts';
import { contextOf } from './probe-context.ts';
import { startCalendar, type Calendar } from './calendar.ts';
import type { LoopWatch } from './loop-watch.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { createSchedule, type Due } from './schedule.ts';
import { skippedResult, type Skipped } from './skipped.ts';

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
  /** How far the wall clock could be trusted since a monotonic moment. */
  readonly trustSince: (monotonicMs: number) => ClockTrust;
  /** Value of PATH. */
  readonly path: string;
  /** Told once of a probe whose account was not proven paper, and which therefore runs no more. */
  readonly onDisabled?: (result: Result) => void;
  /** Told of trouble of the prober's own. */
  readonly warn: (line: string) => void;
  /** False: the runs weigh nothing, since those of another process on the same ledger count. */
  readonly isCounted?: boolean;
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
  /** Probes whose account was not proven paper: nothing of them begins any more. */
  const disabled = new Set<string>();
  /** Probe -> the run that ignored its deadline and has not ended. */
  const leftBehind = new Map<string, string>();
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
      probe = openProbe(need(id).spec, {
        clock,
        random,
        path: deps.path,
        artefacts: { folder: configuration.artefactsFolder, secrets: configuration.secrets },
      });
      opened.set(id, probe);
    }
    return probe;
  }

  const contexts = new Map(
    configuration.probes.map((probe) => [probe.id, contextOf(probe, configuration, deps.orders)] as const),
  );

  const weightOf = (weightMs: number): number => (deps.isCounted === false ? 0 : weightMs);

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
        weightMs: weightOf(weightMs),
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
        ...(context.needsWallClock ? { trustSince: deps.trustSince } : {}),
        ...(watchedSinceMs === undefined ? {} : { watchedSinceMs }),
      },
    );
  }

  function skip(due: Due, pace: Pace, skipped: Skipped, weightMs = due.weightMs): void {
    const latenessMs = Math.max(0, clock.monotonicMs() - due.dueMs);
    const nowMs = clock.wallMs();
    const run = {
      runId: runIdOf(due.id, nowMs),
      location: configuration.location,
      cadence: pace.cadence,
      weightMs: weightOf(weightMs),
      gameday: pace.gameday,
    };
    deliver(skippedResult(need(due.id), run, skipped, { nowMs, latenessMs }));
  }

  function start(due: Due): void {
    const pace = paces.get(due.id);
    if (pace === undefined || stop.aborted) return;
    if (due.missed > 0) skip(due, pace, { why: 'missed', runs: due.missed }, due.missedWeightMs);
    const bar = barrier(due.id);
    if (bar !== null) {
      skip(due, pace, bar);
      return;
    }
    if (running.has(due.id)) {
      const earlier = held.get(due.id);
      if (earlier !== undefined) skip(earlier.due, earlier.pace, { why: 'overlap' });
      held.set(due.id, { due, pace });
      return;
    }
    begin(due, pace);
  }

  /** Why no run of a probe may begin now; null: one may. */
  function barrier(id: string): Skipped | null {
    if (disabled.has(id)) return { why: 'disabled' };
    const runId = leftBehind.get(id);
    return runId === undefined ? null : { why: 'left-behind', runId };
  }

  function begin(due: Due, pace: Pace): void {
    const run = execute(due.id, due.dueMs, pace, due.weightMs, false)
      .then((attempted) => {
        // What was cut short because the process stops says nothing about the service.
        if (attempted.result.reason !== 'aborted') deliver(attempted.result);
        if (attempted.leftBehind !== null) leave(attempted.result, attempted.leftBehind);
        if (attempted.result.reason === 'not-paper') {
          disabled.add(due.id);
          deps.onDisabled?.(attempted.result);
        }
      })
      .finally(() => {
        running.delete(due.id);
        const next = held.get(due.id);
        if (next === undefined) return;
        held.delete(due.id);
        const bar = barrier(due.id);
        const latenessMs = clock.monotonicMs() - next.due.dueMs;
        if (bar !== null) skip(next.due, next.pace, bar);
        else if (latenessMs <= Math.min(HOLD_MS, next.due.weightMs / 2) && !stop.aborted) begin(next.due, next.pace);
        else skip(next.due, next.pace, { why: 'overlap' });
      });
    running.set(due.id, run);
  }

  /** A probe that does not heed its signal may still hold what a next run would take as well: none begins beside it. */
  function leave({ probe, runId }: Result, ended: Promise<void>): void {
    const sinceMs = clock.monotonicMs();
    leftBehind.set(probe, runId);
    deps.warn(`${probe}: run ${runId} ignored its deadline; no other run of it begins until it has ended`);
    void ended.then(() => {
      leftBehind.delete(probe);
      const seconds = ((clock.monotonicMs() - sinceMs) / 1000).toFixed(1);
      deps.warn(`${probe}: run ${runId} ended ${seconds} s after it was left behind; the probe runs again`);
    });
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
      const clockBoundMs = (): null => null;
      const run = {
        ...context.run,
        runId,
        probe: id,
        location,
        signal,
        timeoutMs,
        clock,
        clockBoundMs,
        verbose: false,
      };
      try {
        return await probe.sweep(left, run);
      } catch (error) {
        // Nothing was proven; whoever asked asks again.
        const how = error instanceof Error ? error.message : String(error);
        return left.map(({ clientOrderId }) => ({ clientOrderId, state: 'unreachable', how }));
      }
    },
    async run() {
      const calendars: Calendar[] = [];
      try {
        for (const probe of configuration.probes) {
          if (probe.cron === null) continue;
          const calendar = startCalendar(probe.id, probe.cron, clock, (due, isMissed) => {
            const pace = paces.get(due.id);
            if (!isMissed) start(due);
            else if (pace !== undefined && !stop.aborted) skip(due, pace, { why: 'missed', runs: 1 });
          });
          gaps.set(probe.id, calendar.gapMs);
          calendars.push(calendar);
        }
        await schedule.run(start, stop);
      } finally {
        for (const calendar of calendars) await calendar.end();
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
