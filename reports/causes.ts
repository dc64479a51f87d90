/**
 * What made an objective miss: the probes and reasons behind its bad events. Every result is judged as the ledger judged
 * it, so that what is named here is what was counted there.
 */
import { governs } from '../slo/objective.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { addCause, badParts, type CauseSum, type CauseSums } from '../store/measures/causes.ts';
import { judgesAlike } from '../store/measures/measure-table.ts';
import type { PartRow } from '../store/measures/text.ts';
import type { Result } from '../store/result.ts';
import type { Stretch } from '../store/rules.ts';
import type { MeasuredStretch, StoreReader } from '../store/store.ts';
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
  /** @param only of these objectives; default: all */
  add(result: Result, only?: ReadonlySet<string>): void;
  /**
   * What was added up before. @returns the objectives of which nothing was taken, because they were judged by another
   * definition, or their window begins or ends in it: their results are to be read themselves
   */
  take(
    stretch: Pick<MeasuredStretch, 'fromMs' | 'toMs' | 'rules'>,
    rows: readonly PartRow[],
    only?: ReadonlySet<string>,
  ): readonly string[];
  finish(): readonly Miss[];
}

/** What is known of one missed objective, and its window. */
interface Missed extends Stretch {
  readonly status: Status;
  readonly sums: Map<string, { -readonly [Key in keyof Cause]: Cause[Key] }>;
}

/** Of the objectives that were missed, companions aside, in their order. Results outside an objective's window are left aside. */
export function causeFinder(statuses: readonly Status[], base: TimeBase): CauseFinder {
  const missed = statuses
    .filter(({ met, objective }) => met === false && governs(objective))
    .map((status): Missed => {
      const toMs = (Math.floor(status.atMs / base.minuteMs) + 1) * base.minuteMs;
      return { status, fromMs: toMs - status.objective.windowMs, toMs, sums: new Map() };
    });
  return {
    add(result, only) {
      for (const each of missed) {
        if (only !== undefined && !only.has(each.status.objective.id)) continue;
        const bad = badParts(each.status.objective, result, base.minuteMs);
        const within = bad.filter(({ atMs }) => atMs >= each.fromMs && atMs < each.toMs);
        if (within.length === 0) continue;
        const sums: CauseSums = new Map();
        addCause(sums, within, result);
        for (const cause of sums.values()) addTo(each, result.probe, cause);
      }
    },
    take(stretch, rows, only) {
      return missed.flatMap((each) => {
        const { id } = each.status.objective;
        if (only !== undefined && !only.has(id)) return [];
        return takeRows(each, stretch, rows) ? [] : [id];
      });
    },
    finish: () => missed.map(({ status, sums }) => finished(status, [...sums.values()])),
  };
}

/** An event may lie a day away from its run. */
const FARTHEST_MS = 86_400_000;

function takeRows(
  each: Missed,
  stretch: Pick<MeasuredStretch, 'fromMs' | 'toMs' | 'rules'>,
  rows: readonly PartRow[],
): boolean {
  const { objective } = each.status;
  if (stretch.toMs + FARTHEST_MS <= each.fromMs || stretch.fromMs - FARTHEST_MS >= each.toMs) return true;
  const rule = stretch.rules.find(({ id }) => id === objective.id);
  if (rule === undefined || !judgesAlike(rule, objective, stretch)) return false;
  const causes = rows.flatMap(({ measure, causes }) =>
    [...(causes.get(objective.id)?.values() ?? [])].map((cause) => ({ probe: measure.probe, cause })),
  );
  const overlapping = causes.filter(({ cause }) => cause.lastMs >= each.fromMs && cause.firstMs < each.toMs);
  if (overlapping.some(({ cause }) => cause.firstMs < each.fromMs || cause.lastMs >= each.toMs)) return false;
  for (const { probe, cause } of overlapping) addTo(each, probe, cause);
  return true;
}

function addTo({ status, sums }: Missed, probe: string, { reason, runs, parts }: CauseSum): void {
  const { worstSplit } = status;
  const counted = [...parts].filter(([split]) => split === (worstSplit?.split ?? split));
  if (counted.length === 0) return;
  const key = `${probe}\n${reason ?? ''}`;
  const sum = sums.get(key) ?? { probe, reason, runs: 0, badEvents: 0, badWeight: 0n };
  sums.set(key, sum);
  sum.runs += runs;
  for (const [, { events, weight }] of counted) {
    sum.badEvents += events;
    sum.badWeight += weight;
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
