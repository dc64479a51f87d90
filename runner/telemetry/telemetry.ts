/** The platform's own telemetry, asked beside the probes: each objective by a loop of its own, so that none waits for another. */
import type { Clock } from '../../probes/probe.ts';
import type { Result } from '../../store/result.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Condition } from '../alerts/alert.ts';
import type { Configuration } from '../config/configuration.ts';
import { sourceConditions } from './conditions.ts';
import { openSource } from './kinds.ts';
import { createPoller, type Poller } from './poller.ts';
import { settledMs } from './steps.ts';

export interface TelemetryOptions {
  readonly configuration: Pick<Configuration, 'sources' | 'location' | 'base' | 'redact'>;
  readonly clock: Clock;
  readonly store: Pick<StoreReader, 'results' | 'events' | 'tallies'>;
  readonly deliver: (result: Result) => void;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly warn: (line: string) => void;
}

export interface Telemetry extends AsyncDisposable {
  /** What the ledger knows already, so that what stood goes on standing. Before anything else; does not reject. */
  load(): Promise<void>;
  /** Until `stop`. Does not reject. */
  run(stop: AbortSignal): Promise<void>;
  /** Sources that have failed for long. */
  conditions(): readonly Condition[];
}

/** However time is scaled, questions are no closer than this. */
const LEAST_MS = 250;

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { configuration, clock } = options;
  const { location, base, redact } = configuration;
  const sources = configuration.sources
    .filter(({ bound }) => bound.length > 0)
    .map(({ spec, bound }) => {
      const source = openSource(spec);
      return {
        spec,
        source,
        pollers: bound.map((each) => createPoller({ ...options, source, spec, bound: each, location, redact })),
      };
    });
  const loaded = new Set<Poller>();
  const troubled = new Set<Poller>();

  /** A ledger that cannot be read or written now may be in a minute; the steps are asked for again. */
  async function guarded(poller: Poller, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      troubled.delete(poller);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!troubled.has(poller)) options.warn(`telemetry of ${poller.bound.objective}: ${why}`);
      troubled.add(poller);
    }
  }

  async function begin(poller: Poller): Promise<void> {
    if (loaded.has(poller)) return;
    await poller.load();
    loaded.add(poller);
  }

  /** Until the next minute is settled. */
  function pauseMs(lagMs: number): number {
    const { minuteMs } = base;
    const nowMs = clock.wallMs();
    const nextMs = settledMs({ nowMs, stepMs: minuteMs, lagMs, catchUpMs: 0 }) + minuteMs + lagMs;
    return Math.max(LEAST_MS, Math.min(nextMs - nowMs, minuteMs));
  }

  async function live(poller: Poller, lagMs: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await guarded(poller, async () => {
        await begin(poller);
        await poller.poll(stop);
      });
      await clock.sleep(pauseMs(lagMs), stop).catch(() => undefined);
    }
  }

  return {
    async load() {
      for (const { pollers } of sources) for (const each of pollers) await guarded(each, () => begin(each));
    },
    async run(stop) {
      await Promise.all(sources.flatMap(({ spec, pollers }) => pollers.map((poller) => live(poller, spec.lag, stop))));
    },
    conditions: () =>
      sources.flatMap(({ spec, pollers }) => sourceConditions(spec, pollers, Math.round(clock.wallMs()))),
    async [Symbol.asyncDispose]() {
      for (const { source } of sources) await source[Symbol.asyncDispose]();
    },
  };
}
