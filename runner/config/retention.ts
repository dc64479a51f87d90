/** For how long the ledger keeps what: long enough for every window to be counted. */
import { z } from 'zod';
import { foundText, type Problem } from '../../probes/problem.ts';
import { durationText, parseDuration } from '../../probes/duration.ts';
import { duration } from '../../probes/spec.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Retention } from '../../store/upkeep.ts';
import { keyed } from './draft.ts';
import type { KnownObjective } from './known-objectives.ts';

export const retentionSchema = z.strictObject({ results: duration().optional(), tallies: duration().optional() });

const DAY_MS = 86_400_000;
/** A run's events may be a day away from it, and a tally is judged from whole results. */
const LEAST_RESULTS_MS = 2 * DAY_MS;
/** A quarter's report, and a month in which somebody may ask about it down to single runs. */
const RESULTS_MS = 120 * DAY_MS;
/** A year to look back on, and a month of the one before. */
const TALLIES_MS = 400 * DAY_MS;
/** Beyond a window that is longer than all that, by default. */
const SPARE_MS = 30 * DAY_MS;

type Windowed = Pick<Objective, 'id' | 'windowMs'>;

/** @param objectives with windows in real time, as the policy has them */
export function retentionOf(document: z.output<typeof retentionSchema>, objectives: readonly Windowed[]): Retention {
  const longestMs = longestOf(objectives)?.windowMs ?? 0;
  const resultsMs = document.results ?? Math.min(RESULTS_MS, document.tallies ?? RESULTS_MS);
  return { resultsMs, talliesMs: document.tallies ?? Math.max(TALLIES_MS, longestMs + SPARE_MS, resultsMs) };
}

export function retentionProblems(store: unknown, read: () => readonly KnownObjective[] | null): readonly Problem[] {
  const given = keyed(keyed(store)?.['retention']) ?? {};
  const [resultsMs, talliesMs] = [parseDuration(given['results']), parseDuration(given['tallies'])];
  const problems: Problem[] = [];
  if (resultsMs !== null && resultsMs < LEAST_RESULTS_MS) {
    const expected = `at least "${durationText(LEAST_RESULTS_MS)}", because an event may be a day away from its run`;
    problems.push({ path: 'store.retention.results', expected, found: foundText(given['results']) });
  }
  if (talliesMs === null) return problems;
  const known = (read() ?? []).flatMap(({ id, windowMs }) => (windowMs === null ? [] : [{ id, windowMs }]));
  const longest = longestOf(known);
  const path = 'store.retention.tallies';
  if (longest !== null && talliesMs < longest.windowMs) {
    const expected = `at least "${durationText(longest.windowMs)}", the window of ${longest.id}, which is counted from tallies`;
    problems.push({ path, expected, found: foundText(given['tallies']) });
  } else if (talliesMs < (resultsMs ?? LEAST_RESULTS_MS)) {
    const expected = `at least "${durationText(resultsMs ?? LEAST_RESULTS_MS)}", as long as results are kept`;
    problems.push({ path, expected, found: foundText(given['tallies']) });
  }
  return problems;
}

/** What is allowed, and has a price. */
export function retentionWarnings({ resultsMs }: Retention, objectives: readonly Windowed[]): readonly string[] {
  const longest = longestOf(objectives);
  if (longest === null || resultsMs >= longest.windowMs) return [];
  return [
    `store.retention.results (${durationText(resultsMs)}) is shorter than the window of ${longest.id} (${durationText(longest.windowMs)}): budgets are counted all the same, but what has expired is not judged anew when a definition changes, and evidence of it ends at its tallies`,
  ];
}

function longestOf<T extends Windowed>(objectives: readonly T[]): T | null {
  return objectives.toSorted((a, b) => b.windowMs - a.windowMs)[0] ?? null;
}
