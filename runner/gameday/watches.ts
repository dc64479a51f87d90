/** Runs a scenario's own probes. What they find is evidence of the exercise and is kept nowhere else. */
import type { ProbeEnvironment } from '../../probes/kind.ts';
import type { Reason } from '../../probes/reasons.ts';
import type { Indicator, OrderBook, Probe, RunContext, Threshold } from '../../probes/probe.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { WatchSpec } from '../../scenarios/watch.ts';
import { bounded } from './bounded.ts';
import { conditionsOf } from './conditions.ts';
import type { EvidenceLog } from './evidence-log.ts';

export interface WatchOptions {
  readonly scenario: Scenario;
  readonly gamedayId: string;
  readonly location: string;
  readonly log: EvidenceLog;
  readonly sinceStartMs: () => number;
  readonly environment: ProbeEnvironment;
  readonly open: (spec: WatchSpec, environment: ProbeEnvironment) => Probe;
  readonly signal: AbortSignal;
}

/** Resolves when the signal has aborted and every probe is closed. Never rejects. */
export async function runWatches(options: WatchOptions): Promise<void> {
  await Promise.all(options.scenario.watch.map((spec) => runWatch(spec, options)));
}

async function runWatch(spec: WatchSpec, options: WatchOptions): Promise<void> {
  const { environment, log, signal, sinceStartMs } = options;
  const { clock } = environment;
  const intervalMs = watchIntervalMs(spec);
  const probe = options.open(spec, environment);
  try {
    for (let run = 0; !signal.aborted; run += 1) {
      const startedAtMs = sinceStartMs();
      const answer = await bounded(
        (inner) => probe.run(contextOf(spec, run, inner, options)),
        clock,
        spec.timeout,
        signal,
      );
      if (signal.aborted) break;
      log.add({
        probe: spec.id,
        // A probe that does not answer in its time has seen what a client would have seen.
        outcome: answer.ok ? answer.value.outcome : 'bad',
        readings: answer.ok ? answer.value.readings : [],
        startedAtMs,
        endedAtMs: sinceStartMs(),
      });
      const restMs = intervalMs - ((sinceStartMs() - startedAtMs) % intervalMs);
      await clock.sleep(restMs, signal).catch(() => undefined);
    }
  } finally {
    await probe.close?.().catch(() => undefined);
  }
}

/** The reasons of a bad run that got its answer all the same: that it is another one than asked for may be the point. */
const ANSWERED: readonly Reason[] = ['assertion', 'http-3xx', 'http-5xx', 'no-data', 'stale', 'gap'];

/** Runs a watch once, on its own. @returns null when it answers, otherwise the reason code and what was found */
export async function askWatch(spec: WatchSpec, options: WatchOptions): Promise<string | null> {
  const { environment, signal } = options;
  const probe = options.open(spec, environment);
  try {
    const answer = await bounded(
      (inner) => probe.run(contextOf(spec, 'check', inner, options)),
      environment.clock,
      spec.timeout,
      signal,
    );
    if (!answer.ok) return `timeout: ${answer.why}`;
    const { outcome, reason, detail } = answer.value;
    if (outcome === 'good' || (outcome === 'bad' && reason !== null && ANSWERED.includes(reason))) return null;
    return [reason ?? outcome, ...(detail === null ? [] : [detail])].join(': ');
  } finally {
    await probe.close?.().catch(() => undefined);
  }
}

export function watchIntervalMs(spec: WatchSpec): number {
  return spec.every ?? 1000;
}

function contextOf(spec: WatchSpec, run: number | 'check', signal: AbortSignal, options: WatchOptions): RunContext {
  const { scenario, gamedayId, location, environment } = options;
  return {
    runId: `${gamedayId}/${spec.id}/${run}`,
    probe: spec.id,
    location,
    signal,
    timeoutMs: spec.timeout,
    clock: environment.clock,
    random: environment.random,
    thresholds: (indicator) => thresholdsOf(scenario, spec.id, indicator),
    stepMs: watchIntervalMs(spec),
    // Conditions ask how it is, not how sure that is.
    clockBoundMs: () => null,
    orders: NO_ORDERS,
    verbose: false,
  };
}

/** So that what is only counted is counted at the very limits that the scenario names. */
function thresholdsOf(scenario: Scenario, probe: string, indicator: Indicator): readonly Threshold[] {
  return conditionsOf(scenario)
    .flatMap((condition) => condition.checks)
    .flatMap((check) =>
      check.type === 'indicator' && check.probe === probe && check.indicator === indicator
        ? [{ ms: check.limit.ms, strict: check.limit.word === 'below' }]
        : [],
    );
}

/** No kind that may be watched places orders. */
const NO_ORDERS: OrderBook = {
  intend: () => Promise.reject(new Error('a watch places no orders')),
  close: () => Promise.reject(new Error('a watch places no orders')),
};
