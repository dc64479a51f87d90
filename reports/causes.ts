/**
 * What made an objective miss: the probes and reasons behind its bad events. Every result is judged as the ledger judged
 * it, so that what is named here is what was counted there.
 */
import { governs } from '../slo/objective.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { judge } from '../store/judge.ts';
import type { Result } from '../store/result.ts';
import type { StoreReader } from '../store/store.ts';
import { plural, span } from './figures.ts';
import { order } from './measured/order.ts';

export interface Cause {
  readonly probe: string;
  /** Reason code of the run; null: the run ended well, but events of it were beyond the limit. */
  readonly reason: string | null;
  readonly runs: number;
  readonly badEvents: number;
  /** What these events weigh, in the unit of the objective's tallies. */
  readonly badWeight: bigint;
}

export interface Miss {
  readonly status: Status;
  /** Heaviest first. */
  readonly causes: readonly Cause[];
  /** Bad events of the window that no run in the range explains: they are older, or their runs have expired. */
  readonly unexplained: number;
}

export interface CauseFinder {
  add(result: Result): void;
  finish(): readonly Miss[];
}

type Sum = { -readonly [Key in keyof Cause]: Cause[Key] };

/** Of the objectives that were missed, companions aside, in their order. Results outside an objective's window are left aside. */
export function causeFinder(statuses: readonly Status[], base: TimeBase): CauseFinder {
  const missed = statuses
    .filter(({ met, objective }) => met === false && governs(objective))
    .map((status) => ({ status, sums: new Map<string, Sum>() }));
  return {
    add(result) {
      if (missed.length === 0) return;
      for (const { status, sums } of missed) addTo(sums, status, result, base.minuteMs);
    },
    finish: () => missed.map(({ status, sums }) => finished(status, [...sums.values()])),
  };
}

function addTo(sums: Map<string, Sum>, status: Status, result: Result, stepMs: number): void {
  const { objective, worstSplit, atMs } = status;
  const end = (Math.floor(atMs / stepMs) + 1) * stepMs;
  const bad = judge(objective, result, stepMs).filter(
    (part) =>
      part.tally.bad > 0 &&
      part.split === (worstSplit?.split ?? part.split) &&
      part.atMs >= end - objective.windowMs &&
      part.atMs < end,
  );
  if (bad.length === 0) return;
  const { probe } = result;
  const reason = result.outcome === 'bad' ? result.reason : null;
  const key = `${probe}\n${reason ?? ''}`;
  const sum = sums.get(key) ?? { probe, reason, runs: 0, badEvents: 0, badWeight: 0n };
  sums.set(key, sum);
  sum.runs += 1;
  for (const { tally } of bad) {
    sum.badEvents += tally.bad;
    sum.badWeight += tally.badWeight;
  }
}

function finished(status: Status, causes: readonly Cause[]): Miss {
  const explained = causes.reduce((sum, { badEvents }) => sum + badEvents, 0);
  return {
    status,
    causes: causes.toSorted(
      (a, b) =>
        Number(b.badWeight > a.badWeight) - Number(b.badWeight < a.badWeight) ||
        order(a.probe, b.probe) ||
        order(a.reason ?? '', b.reason ?? ''),
    ),
    unexplained: Math.max(0, status.tally.bad - explained),
  };
}

export async function findCauses(
  reader: Pick<StoreReader, 'results'>,
  statuses: readonly Status[],
  { base, fromMs, toMs }: { base: TimeBase; fromMs: number; toMs: number },
): Promise<readonly Miss[]> {
  const finder = causeFinder(statuses, base);
  for await (const result of reader.results({ fromMs, toMs })) finder.add(result);
  return finder.finish();
}

/** "1 bad event of 1 run, which stood for 1.5 s". */
export function causeCounts({ runs, badEvents, badWeight }: Cause, { objective }: Status): string {
  const counts = `${plural(badEvents, 'bad event')} of ${plural(runs, 'run')}`;
  return objective.weighing === 'time' ? `${counts}, standing for ${span(Number(badWeight) / 1000)}` : counts;
}

export function reasonText(reason: string | null): string {
  return reason ?? 'beyond the limit';
}

/** One line for a terminal: "ticks-session no-data (1 bad event of 1 run, standing for 6 s)". */
export function missText({ status, causes, unexplained }: Miss): string {
  const named = causes.map((cause) => `${cause.probe} ${reasonText(cause.reason)} (${causeCounts(cause, status)})`);
  const rest = unexplained === 0 ? [] : [`${plural(unexplained, 'bad event')} before the range`];
  return `${status.objective.id} by ${[...named, ...rest].join(', ') || 'nothing that is still on record'}`;
}
