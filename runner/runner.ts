/** The scheduler's whole life: probes run, results become durable, budgets are judged, sampling follows. */
import type { Clock } from '../probes/probe.ts';
import type { Colour } from '../slo/objective.ts';
import { serviceColour } from '../slo/policy.ts';
import type { Status } from '../slo/status.ts';
import type { Cadence } from '../store/result.ts';
import type { LedgerEvent, Store } from '../store/store.ts';
import type { Configuration, PlannedProbe } from './config/configuration.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import { INITIAL_PACE, intervalMs, nextPace, yellowAutoMs, type ServicePace } from './engine/cadence.ts';
import { createEngine, type Engine } from './engine/engine.ts';
import { watchLoop } from './engine/loop-watch.ts';
import { budgetPoint, evaluateAll } from './evaluation.ts';
import { metEvents, obligationEvents, obligationsOf, type Obligation } from './obligations.ts';
import { sweepOrders } from './sweep.ts';
import type { Witness } from './witness.ts';

export interface RunnerOptions {
  readonly configuration: Configuration;
  readonly store: Store;
  readonly clock: Clock;
  /** No run begins after this. */
  readonly stop: AbortSignal;
  /** Runs in flight are given up at this. */
  readonly abandon: AbortSignal;
  /** Value of PATH. */
  readonly path: string;
  /** Short, unique to this process: part of run ids. */
  readonly instance: string;
  /** Told of every event once it is durable. */
  readonly tell: (event: LedgerEvent) => void;
  /** Told of trouble of the prober's own. */
  readonly warn: (line: string) => void;
}

export interface Runner extends AsyncDisposable {
  readonly engine: Engine;
  readonly witness: Witness;
  readonly delivery: Delivery;
  /** As of the last evaluation. */
  statuses(): readonly Status[];
  colour(service: string): Colour;
  obligations(): Promise<readonly Obligation[]>;
  evaluate(): Promise<void>;
  /** A passed game-day meets what its component owes. */
  meet(service: string, gameday: string): Promise<void>;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** Until `stop`: schedule, evaluation, sweeps. Rejects when results could not be written for too long. */
  run(): Promise<void>;
}

/** Results held in memory while the ledger refuses them: minutes at full rate, megabytes at most. */
const DELIVERY_LIMIT = 100_000;
const DELIVERY_RETRY_MS = 1000;
const DELIVERY_PATIENCE_MS = 10_000;
/** Evaluations are a policy minute apart, but never closer than this, however time is scaled. */
const LEAST_EVALUATION_MS = 1000;
/** Percentile rows: while running, only the recent windows are stepped through; `budget` looks at all. */
const LIVE_ATTAINMENT_HOURS = 6;

export function createRunner(options: RunnerOptions): Runner {
  const { configuration, store, clock } = options;
  const { base } = configuration;
  /** Ends the schedule and gives up what is in flight when its results could not be kept anyway. */
  const halt = new AbortController();
  const stop = AbortSignal.any([options.stop, halt.signal]);
  const loop = watchLoop(() => clock.monotonicMs());
  const delivery = createDelivery({
    append: (results) => store.append(results),
    onTrouble: options.warn,
    limit: DELIVERY_LIMIT,
    retryMs: DELIVERY_RETRY_MS,
    patienceMs: DELIVERY_PATIENCE_MS,
  });
  const engine = createEngine({
    configuration,
    clock,
    loop,
    stop,
    abandon: AbortSignal.any([options.abandon, halt.signal]),
    path: options.path,
    instance: options.instance,
    deliver: delivery.deliver,
    orders: {
      intend: (order) => store.intendOrder(order),
      close: (id, how) => store.closeOrder(id, how, clock.wallMs()),
    },
  });

  const services = [...new Set([...configuration.probes, ...configuration.objectives].map((each) => each.service))];
  const paces = new Map<string, ServicePace>(services.map((service) => [service, INITIAL_PACE]));
  const colours = new Map<string, Colour>(services.map((service) => [service, 'unknown']));
  const objectiveColours = new Map<string, Colour>();
  const attended = new Map<string, string>();
  let statuses: readonly Status[] = [];

  async function record(event: LedgerEvent): Promise<void> {
    await store.recordEvents([event]);
    options.tell(event);
  }

  function paceOf(probe: PlannedProbe): { cadence: Cadence; intervalMs: number; gameday: string | null } {
    const gameday = attended.get(probe.service) ?? null;
    const cadence = gameday === null ? (paces.get(probe.service)?.cadence ?? 'green') : 'gameday';
    const autoMs = probe.everyMs === null ? 0 : yellowAutoMs(probe, probe.everyMs, base, burningTargets(probe.service));
    return { cadence, intervalMs: intervalMs(probe, cadence, autoMs) ?? 0, gameday };
  }

  /** Targets of the service's objectives that are Yellow or Red. */
  function burningTargets(service: string): readonly string[] {
    return statuses
      .filter(({ objective, colour }) => objective.service === service && (colour === 'yellow' || colour === 'red'))
      .map(({ objective }) => objective.target);
  }

  function applyPaces(service?: string): void {
    for (const probe of configuration.probes) {
      if (service === undefined || probe.service === service) engine.setPace(probe.id, paceOf(probe));
    }
  }

  async function followColour(service: string, now: { wallMs: number; monotonicMs: number }): Promise<void> {
    const own = statuses.filter((status) => status.objective.service === service);
    const judged = serviceColour(own);
    const before = colours.get(service) ?? 'unknown';
    const pace = paces.get(service) ?? INITIAL_PACE;
    const next = nextPace(pace, judged.colour, now.monotonicMs, configuration.holdMs);
    const standing = await obligations();
    for (const event of obligationEvents(service, own, before, standing, now.wallMs)) await record(event);
    colours.set(service, judged.colour);
    paces.set(service, next);
    const probes = configuration.probes.filter((probe) => probe.service === service && probe.everyMs !== null);
    const from = probes.map((probe) => engine.intervalMs(probe.id));
    applyPaces(service);
    if (next.cadence === pace.cadence) return;
    await record({
      id: `cadence/${service}/${now.wallMs}`,
      atMs: now.wallMs,
      kind: 'cadence',
      service,
      subject: service,
      body: {
        from: pace.cadence,
        to: next.cadence,
        probes: probes.map((probe, index) => ({
          probe: probe.id,
          fromMs: from[index] ?? null,
          toMs: engine.intervalMs(probe.id),
        })),
      },
    });
  }

  let evaluation: Promise<void> = Promise.resolve();
  /** One at a time: two that overlap would each see the change, and oblige twice. */
  function evaluate(): Promise<void> {
    evaluation = evaluation.catch(() => undefined).then(evaluateNow);
    return evaluation;
  }

  async function evaluateNow(): Promise<void> {
    const now = { wallMs: Math.round(clock.wallMs()), monotonicMs: clock.monotonicMs() };
    statuses = await evaluateAll(store, configuration.objectives, {
      base,
      nowMs: now.wallMs,
      attainmentMs: LIVE_ATTAINMENT_HOURS * base.hourMs,
    });
    await store.recordBudgets(statuses.filter((status) => status.colour !== 'unknown').map(budgetPoint));
    for (const status of statuses) {
      const { objective, colour } = status;
      const before = objectiveColours.get(objective.id) ?? 'unknown';
      objectiveColours.set(objective.id, colour);
      if (before === colour) continue;
      await record({
        id: `colour/${objective.id}/${now.wallMs}`,
        atMs: now.wallMs,
        kind: 'colour',
        service: objective.service,
        subject: objective.id,
        body: {
          from: before,
          to: colour,
          consumed: status.consumed,
          good: status.tally.good,
          bad: status.tally.bad,
          excluded: status.tally.excluded,
          faults: status.tally.faults,
          burnNow: status.burnNow,
        },
      });
    }
    for (const service of services) await followColour(service, now);
  }

  async function obligations(): Promise<readonly Obligation[]> {
    return obligationsOf(await store.events({ kind: 'obligation' }), clock.wallMs());
  }

  async function evaluating(): Promise<void> {
    const periodMs = Math.max(base.minuteMs, LEAST_EVALUATION_MS);
    let troubled = false;
    // Before the first run already: after a restart, a service that was Red is Red.
    while (!stop.aborted) {
      try {
        await evaluate();
        troubled = false;
      } catch (error) {
        // Colours stay as they were: a ledger that cannot be read must neither calm nor alarm anybody by itself.
        if (!troubled) options.warn(`evaluation failed: ${error instanceof Error ? error.message : String(error)}`);
        troubled = true;
      }
      await clock.sleep(periodMs, stop).catch(() => undefined);
    }
  }

  const sweep = (signal: AbortSignal): Promise<void> =>
    sweepOrders({ store, engine, clock, signal, record, warn: options.warn, probes: configuration.probes });

  const witness: Witness = {
    watch: delivery.watch,
    attend(service, gameday) {
      attended.set(service, gameday);
      applyPaces(service);
      return {
        [Symbol.dispose]() {
          attended.delete(service);
          applyPaces(service);
        },
      };
    },
    intervalMs: (probe) => engine.intervalMs(probe),
  };

  return {
    engine,
    witness,
    delivery,
    statuses: () => statuses,
    colour: (service) => colours.get(service) ?? 'unknown',
    obligations,
    evaluate,
    async meet(service, gameday) {
      for (const event of metEvents(service, gameday, await obligations(), Math.round(clock.wallMs())))
        await record(event);
    },
    record,
    async run() {
      applyPaces();
      const parts = [engine.run(), evaluating(), sweep(stop)];
      try {
        await Promise.race([Promise.all(parts), delivery.failed]);
      } catch (error) {
        halt.abort(error);
        await Promise.allSettled(parts);
        throw error;
      }
      await Promise.race([delivery.flush(), delivery.failed]);
    },
    async [Symbol.asyncDispose]() {
      await engine.close();
      await delivery.flush();
      loop[Symbol.dispose]();
    },
  };
}
