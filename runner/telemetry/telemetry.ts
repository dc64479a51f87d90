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
  readonly configuration: Pick<Configuration, 'sources' | 'location' | 'base'>;
  readonly clock: Clock;
  readonly store: Pick<StoreReader, 'results' | 'events' | 'tallies'>;
  readonly deliver: (result: Result) => void;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly warn: (line: string) => void;
}

export interface Telemetry {
  /** Until `stop`. Does not reject. */
  run(stop: AbortSignal): Promise<void>;
  /** Sources that have failed for long. */
  conditions(): readonly Condition[];
}

/** However time is scaled, questions are no closer than this. */
const LEAST_MS = 250;

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { configuration, clock } = options;
  const pollers = new Map<string, Poller[]>();

  /** Until the next minute is settled. */
  function pauseMs(lagMs: number): number {
    const { minuteMs } = configuration.base;
    const nowMs = clock.wallMs();
    const nextMs = settledMs({ nowMs, stepMs: minuteMs, lagMs, catchUpMs: 0 }) + minuteMs + lagMs;
    return Math.max(LEAST_MS, Math.min(nextMs - nowMs, minuteMs));
  }

  async function live(poller: Poller, lagMs: number, stop: AbortSignal): Promise<void> {
    let isLoaded = false;
    let troubled = false;
    while (!stop.aborted) {
      try {
        if (!isLoaded) await poller.load();
        isLoaded = true;
        await poller.poll(stop);
        troubled = false;
      } catch (error) {
        // A ledger that cannot be read or written now may be in a minute; the steps are asked for again.
        const why = error instanceof Error ? error.message : String(error);
        if (!troubled) options.warn(`telemetry of ${poller.bound.objective}: ${why}`);
        troubled = true;
      }
      await clock.sleep(pauseMs(lagMs), stop).catch(() => undefined);
    }
  }

  return {
    async run(stop) {
      const sources = configuration.sources
        .filter(({ bound }) => bound.length > 0)
        .map(({ spec, bound }) => ({ spec, bound, source: openSource(spec) }));
      try {
        await Promise.all(
          sources.flatMap(({ spec, bound, source }) => {
            const { location } = configuration;
            const own = bound.map((each) => createPoller({ ...options, source, spec, bound: each, location }));
            pollers.set(spec.id, own);
            return own.map((poller) => live(poller, spec.lag, stop));
          }),
        );
      } finally {
        for (const { source } of sources) await source[Symbol.asyncDispose]();
      }
    },
    conditions: () =>
      configuration.sources.flatMap(({ spec }) =>
        sourceConditions(spec, pollers.get(spec.id) ?? [], Math.round(clock.wallMs())),
      ),
  };
}
