/** Budgets are judged, and sampling follows the colours. */
import type { Clock } from '../probes/probe.ts';
import type { Colour } from '../slo/objective.ts';
import { governing, serviceColour } from '../slo/policy.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { Cadence } from '../store/result.ts';
import type { LedgerEvent, Store, StoreReader } from '../store/store.ts';
import { targetRecords, type TargetRecords } from '../store/target-records.ts';
import type { Configuration, PlannedProbe } from './config/configuration.ts';
import { INITIAL_PACE, intervalMs, nextPace, yellowAutoMs, type ServicePace } from './engine/cadence.ts';
import type { Engine } from './engine/engine.ts';
import { budgetPoint, createEvaluation } from './evaluation.ts';
import { isChange, targetEvents } from './target-record.ts';
import { retroactiveTexts } from './target-text.ts';

export interface JudgingOptions {
  readonly configuration: Configuration;
  readonly store: Store;
  /** What evaluations read: the store, or what several of them were shipped to. */
  readonly reader: StoreReader;
  readonly clock: Clock;
  readonly engine: Engine;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** False: another process on the same ledger judges; this one only looks. */
  readonly isRecording: boolean;
  /** What follows from the statuses of each evaluation; not asked by a process that only looks. Must not reject. */
  readonly followers?: readonly Follower[];
  readonly warn: (line: string) => void;
}

/** Alerts, consequences: one after the other, in order, once the changes of colour are durable. */
export type Follower = (statuses: readonly Status[], nowMs: number) => Promise<void>;

export interface Judging {
  /** As of the last evaluation. */
  readonly statuses: () => readonly Status[];
  /** How long ago that was, ms; null before the first. */
  readonly ageMs: () => number | null;
  readonly colour: (service: string) => Colour;
  readonly periodMs: number;
  readonly evaluate: () => Promise<void>;
  /** Evaluates at once, again as soon as the first results are in, and then every period. */
  run(stop: AbortSignal): Promise<void>;
  applyPaces(service?: string): void;
  readonly attend: (service: string, gameday: string) => Disposable;
}

/** Evaluations are a policy minute apart, but never closer than this, however time is scaled. */
const LEAST_EVALUATION_MS = 1000;

export function evaluationPeriodMs({ minuteMs }: TimeBase): number {
  return Math.max(minuteMs, LEAST_EVALUATION_MS);
}

/** Nobody should wait a minute for the first judgement of a fresh ledger. */
const FIRST_RESULTS_MS = 5000;

export function createJudging(options: JudgingOptions): Judging {
  const { configuration, store, clock, engine, record } = options;
  const { base } = configuration;
  const services = [...new Set([...configuration.probes, ...configuration.objectives].map((each) => each.service))];
  const paces = new Map<string, ServicePace>(services.map((service) => [service, INITIAL_PACE]));
  const colours = new Map<string, Colour>(services.map((service) => [service, 'unknown']));
  /** Of each objective, as the ledger knows it: a restart is no change. Null: not yet read. */
  let known: Map<string, Colour> | null = null;
  const attended = new Map<string, string>();
  const evaluation = createEvaluation(options.reader, configuration.objectives, base);
  const periodMs = evaluationPeriodMs(base);
  /** What is on record of the targets. Null: not yet read, and kept by another process. */
  let targets: TargetRecords | null = null;
  let statuses: readonly Status[] = [];
  let judgedMs: number | null = null;
  let troubled = false;

  function paceOf(probe: PlannedProbe): { cadence: Cadence; intervalMs: number; gameday: string | null } {
    const gameday = attended.get(probe.service) ?? null;
    const cadence = gameday === null ? (paces.get(probe.service)?.cadence ?? 'green') : 'gameday';
    const autoMs = probe.everyMs === null ? 0 : yellowAutoMs(probe, probe.everyMs, base, burningTargets(probe.service));
    return { cadence, intervalMs: intervalMs(probe, cadence, autoMs) ?? 0, gameday };
  }

  /** Targets of the service's objectives that are Yellow or Red. */
  function burningTargets(service: string): readonly string[] {
    return governing(statuses)
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
    const pace = paces.get(service) ?? INITIAL_PACE;
    const next = nextPace(pace, judged.colour, now.monotonicMs, configuration.holdMs);
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

  let running: Promise<void> = Promise.resolve();
  /** One at a time: two that overlap would each see the change, and oblige twice. */
  function evaluate(): Promise<void> {
    running = running.catch(() => undefined).then(evaluateNow);
    return running;
  }

  async function evaluateNow(): Promise<void> {
    const now = { wallMs: Math.round(clock.wallMs()), monotonicMs: clock.monotonicMs() };
    if (options.isRecording) targets ??= await recordTargets(now.wallMs);
    statuses = await evaluation.at(now.wallMs, { percentiles: 'failing', ...(targets === null ? {} : { targets }) });
    judgedMs = now.monotonicMs;
    if (!options.isRecording) {
      for (const service of services) {
        colours.set(service, serviceColour(statuses.filter((each) => each.objective.service === service)).colour);
      }
      return;
    }
    await store.recordBudgets(statuses.filter((status) => status.colour !== 'unknown').map(budgetPoint));
    known ??= await remember();
    // A companion's colour is shown, and is no event that anybody would have to look at.
    const followed = governing(statuses);
    for (const status of followed) {
      const { objective, colour } = status;
      const before = known.get(objective.id) ?? 'unknown';
      if (before !== colour) await record(colourEvent(status, before, now.wallMs));
      known.set(objective.id, colour);
    }
    for (const service of services) await followColour(service, now);
    for (const follow of options.followers ?? []) await follow(followed, now.wallMs);
  }

  /** Before anything is judged by them. Without a change in the file, and a restart, they stay as they are. */
  async function recordTargets(nowMs: number): Promise<TargetRecords> {
    const recorded = await store.events({ kind: 'target' });
    const news = targetEvents(configuration.objectives, recorded, base, nowMs);
    await store.recordEvents(news);
    // What a fresh ledger begins with is no news; a change is told as well, and stored once.
    for (const event of news) if (isChange(event)) await record(event);
    const records = targetRecords([...recorded, ...news]);
    for (const warning of retroactiveTexts(configuration.objectives, records, { stepMs: base.minuteMs, nowMs })) {
      options.warn(warning);
    }
    return records;
  }

  /** A restart changes no colour, and begins the hold before sampling falls back anew instead of forgetting it. */
  async function remember(): Promise<Map<string, Colour>> {
    for (const { service, body } of await store.events({ kind: 'cadence' })) {
      const cadence = RAISED.find((each) => each === body['to']) ?? 'green';
      if (service !== null && paces.has(service)) paces.set(service, { cadence, greenSinceMs: null });
    }
    return lastColours(await store.events({ kind: 'colour' }));
  }

  async function tryEvaluate(): Promise<void> {
    try {
      await evaluate();
      troubled = false;
    } catch (error) {
      // Colours stay as they were: a ledger that cannot be read must neither calm nor alarm anybody by itself.
      if (!troubled) options.warn(`evaluation failed: ${error instanceof Error ? error.message : String(error)}`);
      troubled = true;
    }
  }

  return {
    statuses: () => statuses,
    ageMs: () => (judgedMs === null ? null : clock.monotonicMs() - judgedMs),
    colour: (service) => colours.get(service) ?? 'unknown',
    periodMs,
    evaluate,
    async run(stop) {
      // Before the first run already: after a restart, a service that was Red is Red.
      let waitMs = Math.min(periodMs, FIRST_RESULTS_MS);
      while (!stop.aborted) {
        await tryEvaluate();
        await clock.sleep(waitMs, stop).catch(() => undefined);
        waitMs = periodMs;
      }
    },
    applyPaces,
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
  };
}

const RAISED = ['yellow', 'red'] as const;

function lastColours(events: readonly LedgerEvent[]): Map<string, Colour> {
  const colours: readonly Colour[] = ['green', 'yellow', 'red', 'unknown'];
  return new Map(
    events.map(({ subject, body }) => [subject, colours.find((colour) => colour === body['to']) ?? 'unknown']),
  );
}

/** With the counts that caused it. */
function colourEvent(status: Status, from: Colour, atMs: number): LedgerEvent {
  const { objective, colour, consumed, tally, validEvents, burnNow, worstSplit, unknownBecause } = status;
  const { good, bad, excluded, faults } = tally;
  const { id, service, target, windowMs } = objective;
  const split = worstSplit?.split ?? null;
  return {
    id: `colour/${id}/${atMs}`,
    atMs,
    kind: 'colour',
    service,
    subject: id,
    body: {
      from,
      to: colour,
      consumed,
      good,
      bad,
      excluded,
      faults,
      validEvents,
      burnNow,
      target,
      windowMs,
      split,
      unknownBecause,
    },
  };
}
