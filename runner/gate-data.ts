/** How fresh the data is that a deploy gate answers from. */
import { governs, type Objective } from '../slo/objective.ts';
import { stepEnd } from '../slo/ranges.ts';
import type { StoreReader } from '../store/store.ts';
import type { Configuration } from './config/configuration.ts';

export interface GateData {
  /** End of the newest step with a valid event of one of the service's objectives; null: there is none in their windows. */
  readonly newestMs: number | null;
  readonly ageMs: number | null;
  /** Null: probes of the service run by a calendar, whose pauses are no silence while a runner keeps the ledger. */
  readonly maxAgeMs: number | null;
  /** Whether a scheduler keeps the ledger right now. */
  readonly isKept: boolean;
  readonly isStale: boolean;
}

const LEAST_MINUTES = 15;
const LEAST_MS = 60_000;

/** A quarter of a policy hour, or three intervals of the service's slowest probe, or what its telemetry may take, if that is longer. */
export function maxAgeOf(
  { gate, base, probes, objectives }: Configuration,
  service: string,
  isKept: boolean,
): number | null {
  if (gate.maxAge !== undefined) return gate.maxAge;
  const own = probes.filter((probe) => probe.service === service);
  if (isKept && own.some(({ cron }) => cron !== null)) return null;
  const intervals = own.map(({ everyMs, timeoutMs }) => 3 * (everyMs ?? 0) + timeoutMs);
  // Telemetry that is not Unknown yet is no silence.
  const steps = objectives.flatMap(({ service: of, telemetry }) =>
    of === service && telemetry !== undefined ? [telemetry.staleMs + 2 * telemetry.stepMs] : [],
  );
  return Math.max(LEAST_MINUTES * base.minuteMs, LEAST_MS, ...intervals, ...steps);
}

export async function gateData(
  reader: Pick<StoreReader, 'tallies'>,
  configuration: Configuration,
  service: string,
  nowMs: number,
  isKept: boolean,
): Promise<GateData> {
  const maxAgeMs = maxAgeOf(configuration, service, isKept);
  const own = configuration.objectives.filter(
    (each) => each.service === service && each.unknownBecause === null && governs(each),
  );
  let newestMs: number | null = null;
  for (const objective of own) {
    const found = await newestOf(reader, objective, configuration.base, nowMs);
    if (found !== null) newestMs = Math.max(newestMs ?? 0, found);
  }
  const ageMs = newestMs === null ? null : Math.max(0, nowMs - newestMs);
  const isStale = ageMs === null || (maxAgeMs !== null && ageMs > maxAgeMs);
  return { newestMs, ageMs, maxAgeMs, isKept, isStale };
}

/** To the step within the last hour, to the hour before it. */
async function newestOf(
  reader: Pick<StoreReader, 'tallies'>,
  { id: objective, windowMs }: Objective,
  base: Configuration['base'],
  nowMs: number,
): Promise<number | null> {
  const { minuteMs, hourMs } = base;
  const toMs = stepEnd(base, nowMs);
  const recent = { objective, fromMs: toMs - hourMs, toMs };
  const older = { objective, fromMs: toMs - Math.ceil(windowMs / hourMs) * hourMs, toMs, groupMs: hourMs };
  for (const [query, lengthMs] of [[recent, minuteMs] as const, [older, hourMs] as const]) {
    const newest = (await reader.tallies(query)).findLast(({ good, bad }) => good + bad > 0);
    if (newest !== undefined) return Math.min(nowMs, newest.atMs + lengthMs);
  }
  return null;
}
