/** The scheduler's whole life: probes run, results become durable, budgets are judged, sampling follows. */
import type { ClockStanding } from '../probes/clock/standing.ts';
import type { Clock } from '../probes/probe.ts';
import type { Colour } from '../slo/objective.ts';
import type { Status } from '../slo/status.ts';
import { holderText, type Holder } from '../store/lease.ts';
import type { Result } from '../store/result.ts';
import type { Spill } from '../store/spill.ts';
import type { LedgerEvent, Store, StoreReader } from '../store/store.ts';
import type { Condition } from './alerts/alert.ts';
import type { Configuration } from './config/configuration.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import { createEngine, type Engine } from './engine/engine.ts';
import { accounted } from './accounted.ts';
import { createAlerting } from './alerts/alerting.ts';
import { disabledText } from './disabled.ts';
import { watchLoop } from './engine/loop-watch.ts';
import { createHealthWatch, type Health } from './health.ts';
import type { Overload, Strain } from './overload.ts';
import { watchOwnClock } from './own-clock.ts';
import { watchOwnLoad } from './own-load.ts';
import { pagerdutyReceiver, type PagerdutyReceiver } from './incidents/pagerduty.ts';
import { createConsequences } from './consequences.ts';
import { createReviewCalendar, type ReviewCalendarOptions } from './review-calendar.ts';
import { createCalendar, type CalendarOptions } from './scheduled/calendar.ts';
import { createHourly } from './hourly.ts';
import { createJudging, type Follower } from './judging.ts';
import { metEvents, obligationsOf, type Obligation } from './obligations.ts';
import { sweepOnce, sweepOrders } from './sweep.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import type { Witness } from './witness.ts';

export interface RunnerOptions {
  readonly configuration: Configuration;
  readonly store: Store;
  readonly spill: Spill;
  readonly clock: Clock;
  /** No run begins after this. */
  readonly stop: AbortSignal;
  /** Runs in flight are given up at this. */
  readonly abandon: AbortSignal;
  /** Value of PATH. */
  readonly path: string;
  /** Short, unique to this process: part of run ids. */
  readonly instance: string;
  /** The process that keeps the schedule on this ledger, when it is another one: its runs count, its judgements stand. */
  readonly beside?: Holder | null;
  /** Game-days that come by calendar; kept by the process that keeps the schedule. */
  readonly calendar?: Pick<CalendarOptions, 'plans' | 'attempt'>;
  /** Reviews that come by calendar; written by the process that keeps the schedule. */
  readonly reviews?: Pick<ReviewCalendarOptions, 'plans' | 'write'>;
  /** Told of every event once it is durable. */
  readonly tell: (event: LedgerEvent) => void;
  /** Told of every result as it comes in, durable or not. */
  readonly hear?: (result: Result) => void;
  /** Told of results once they are durable. */
  readonly stored?: (results: readonly Result[]) => void;
  /** Who else has something to say to the alert board, by name. */
  readonly sources?: ReadonlyMap<string, () => readonly Condition[]>;
  /** What evaluations read; default: the store. */
  readonly reader?: StoreReader;
  /** Told of trouble of the prober's own. */
  readonly warn: (line: string) => void;
}

export interface Runner extends AsyncDisposable {
  readonly engine: Engine;
  readonly witness: Witness;
  readonly delivery: Delivery;
  /** As of the last evaluation. */
  statuses(): readonly Status[];
  /** How long ago the last evaluation was, ms; null before the first. */
  judgedAgeMs(): number | null;
  health(): Health;
  /** Whether the plan asks for more than this process can do, as of the last look; null: it keeps up. */
  overload(): Overload | null;
  /** What the last half minute asked of this process. */
  strain(): Strain;
  colour(service: string): Colour;
  obligations(): Promise<readonly Obligation[]>;
  evaluate(): Promise<void>;
  /** Asks how far this machine's clock is off; `run` does so by itself. */
  checkClock(): Promise<void>;
  /** How this machine's clock stands, as of the last answer of its source. */
  clockStanding(): ClockStanding;
  /** A passed game-day meets what its component owes. */
  meet(service: string, gameday: string, serves?: readonly string[] | null): Promise<void>;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** Those that go on, at a glance, as of the last look of a `run`. */
  incidents(): readonly Readonly<Record<string, unknown>>[];
  /** Who hears PagerDuty's webhooks; null: the configuration has no secret for them. */
  readonly pagerduty: PagerdutyReceiver | null;
  /** Cancels the paper orders that stand open now. @returns how many could not be closed; those of `beside` are its own */
  sweep(): Promise<number>;
  /** Until `stop`: schedule, evaluation, sweeps. Rejects when results are not in the ledger at its end, or cannot get there. */
  run(): Promise<void>;
}

/** Results held in memory while the ledger refuses them: minutes at full rate, megabytes at most. */
const DELIVERY_LIMIT = 100_000;
const DELIVERY_RETRY_MS = 1000;
/** Supervisors kill after as little as ten seconds. */
const DELIVERY_PATIENCE_MS = 2000;
/** No result for this long is silence, and no result for three intervals of the most frequent probe. */
const LEAST_SILENCE_MS = 60_000;

export function createRunner(options: RunnerOptions): Runner {
  const { configuration, store, clock, warn, beside = null } = options;
  /** Ends the schedule and gives up what is in flight when its results could not be kept anyway. */
  const halt = new AbortController();
  const stop = AbortSignal.any([options.stop, halt.signal]);
  const createdMs = clock.monotonicMs();
  const loop = watchLoop(() => clock.monotonicMs());
  const healthWatch = createHealthWatch(clock);
  const delivery = createDelivery({
    async append(results) {
      await store.append(results);
      options.stored?.(results);
      // What the platform says of itself is no sign that the probes still run.
      if (results.some(({ kind }) => kind !== 'telemetry')) healthWatch.stored();
    },
    spill: options.spill,
    onTrouble: warn,
    limit: DELIVERY_LIMIT,
    retryMs: DELIVERY_RETRY_MS,
    patienceMs: DELIVERY_PATIENCE_MS,
    stop: options.stop,
  });
  const engine = createEngine({
    configuration,
    clock,
    loop,
    stop,
    abandon: AbortSignal.any([options.abandon, halt.signal]),
    path: options.path,
    instance: options.instance,
    isCounted: beside === null,
    warn,
    trustSince: (monotonicMs) => ownClock.trustSince(monotonicMs),
    deliver(result) {
      ownLoad.hear(result);
      options.hear?.(result);
      delivery.deliver(result);
    },
    onDisabled(result) {
      warn(disabledText(result));
      if (isRecording) alerting.disabled(result);
    },
    orders: {
      intend: (order) => store.intendOrder(order),
      close: (id, how) => store.closeOrder(id, how, clock.wallMs()),
    },
  });

  async function record(event: LedgerEvent): Promise<void> {
    await store.recordEvents([event]);
    options.tell(event);
  }

  async function obligations(): Promise<readonly Obligation[]> {
    return obligationsOf(await store.events({ kind: 'obligation' }), clock.wallMs());
  }

  const isRecording = beside === null;
  const note = isRecording ? record : () => Promise.resolve();
  const ownClock = watchOwnClock({ configuration, clock, path: options.path, record: note, warn });
  const ownLoad = watchOwnLoad({ location: configuration.location, clock, record: note, warn });
  const clockStanding = (): ClockStanding => ownClock.trustSince(clock.monotonicMs()).standing;
  const telemetry = createTelemetry({ configuration, clock, store, deliver: delivery.deliver, record, warn });
  const alerting = createAlerting({
    configuration,
    store,
    clock,
    record,
    standing: clockStanding,
    overload: ownLoad.standing,
    trouble: () => delivery.trouble?.message ?? null,
    sources: new Map([
      ['telemetry', () => telemetry.conditions()],
      ['reviews', () => reviews.conditions()],
      ...(options.sources ?? []),
    ]),
    stop,
    warn,
  });
  const { board } = alerting;
  const consequences = createConsequences({ configuration, store, clock, record, stop, board, warn });
  const hourly = createHourly({ store, base: configuration.base, location: configuration.location, record, warn });
  const followers: readonly Follower[] = [alerting.follow, consequences.follow, hourly];
  const judging = createJudging({
    configuration,
    store,
    reader: options.reader ?? store,
    clock,
    engine,
    record,
    isRecording,
    followers,
    warn,
  });
  const calendar = createCalendar({
    plans: [],
    attempt: () => Promise.reject(new Error('nobody conducts scheduled game-days here')),
    ...options.calendar,
    environment: configuration.environment,
    store,
    clock,
    record,
    dispatcher: alerting.dispatcher,
    stop,
    warn,
  });
  const reviews = createReviewCalendar({
    plans: [],
    write: () => Promise.reject(new Error('nobody writes reviews here')),
    ...options.reviews,
    location: configuration.location,
    store,
    clock,
    record,
    stop,
    warn,
  });
  const sweeping = { store, engine, clock, record, probes: configuration.probes };

  /** Three intervals of the probe that should be heard of first, ms. */
  function silenceMs(): number | null {
    const intervals = configuration.probes
      .filter((probe) => probe.everyMs !== null)
      .map((probe) => (engine.intervalMs(probe.id) ?? 0) + probe.timeoutMs);
    return intervals.length === 0 ? null : Math.max(LEAST_SILENCE_MS, 3 * Math.min(...intervals));
  }

  /** A restart must not take a source that fails for one that is well. */
  async function alertAndAsk(): Promise<void> {
    await telemetry.load();
    await Promise.all([alerting.run(), telemetry.run(stop)]);
  }

  async function live(): Promise<void> {
    if (beside !== null) {
      warn(
        `"pulsedrill run" keeps this ledger (${holderText(beside)}): the runs of this command weigh nothing, its own count`,
      );
    }
    judging.applyPaces();
    await ownClock.refresh(stop);
    const parts = [engine.run(), ownClock.run(stop), ownLoad.run(stop), judging.run(stop), delivery.recover()];
    if (beside === null) {
      parts.push(sweepOrders({ ...sweeping, signal: stop, warn }), alertAndAsk());
    }
    if (beside === null && options.calendar !== undefined) parts.push(calendar.run());
    if (beside === null && options.reviews !== undefined) parts.push(reviews.run());
    let cause: unknown = null;
    try {
      await Promise.race([Promise.all(parts), delivery.failed]);
    } catch (error) {
      cause = error;
      halt.abort(error);
      await Promise.allSettled(parts);
    }
    await delivery.flush();
    cause ??= delivery.account() === null ? null : delivery.trouble;
    if (cause !== null) throw accounted(cause, delivery.account());
    // What came in since the last evaluation is judged as well. A ledger that refuses now will say so to whoever asks it next.
    await judging.evaluate().catch((error: unknown) => {
      warn(`evaluation failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  const witness: Witness = {
    watch: delivery.watch,
    refusal: delivery.refusal,
    attend: judging.attend,
    intervalMs: (probe) => engine.intervalMs(probe),
  };

  return {
    engine,
    witness,
    delivery,
    statuses: judging.statuses,
    judgedAgeMs: judging.ageMs,
    health: () =>
      healthWatch.judge({
        resultsWaiting: delivery.trouble === null ? delivery.aside : delivery.waiting,
        trouble: delivery.trouble,
        overload: ownLoad.standing(),
        silenceMs: silenceMs(),
        judgedAgeMs: judging.ageMs() ?? clock.monotonicMs() - createdMs,
        judgeEveryMs: judging.periodMs,
      }),
    overload: ownLoad.standing,
    strain: ownLoad.recent,
    colour: judging.colour,
    obligations,
    evaluate: judging.evaluate,
    checkClock: () => ownClock.refresh(stop),
    clockStanding,
    async meet(service, gameday, serves = null) {
      for (const event of metEvents(service, gameday, await obligations(), Math.round(clock.wallMs()), serves))
        await record(event);
    },
    record,
    incidents: () => alerting.incidents.summaries(),
    pagerduty: pagerdutyReceiver(configuration.incidents, alerting.incidents),
    sweep: async () => (beside === null ? (await sweepOnce(sweeping, clock.wallMs())).left.length : 0),
    run: live,
    async [Symbol.asyncDispose]() {
      await engine.close();
      await consequences[Symbol.asyncDispose]();
      await telemetry[Symbol.asyncDispose]();
      await delivery.flush();
      loop[Symbol.dispose]();
    },
  };
}
