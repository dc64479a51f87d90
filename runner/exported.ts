/** Stored results as lines of JSON: every field, in one order, so that the same record gives the same bytes. */
import type { Objective } from '../slo/objective.ts';
import { withHistory } from '../slo/target-history.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { judge, type Judged } from '../store/judge.ts';
import type { Result } from '../store/result.ts';
import type { StoreReader } from '../store/store.ts';
import { targetRecords } from '../store/target-records.ts';

/** The keys of a line, in their order; `judged` follows where an objective is asked about. */
export const EXPORTED_KEYS = [
  'runId',
  'probe',
  'kind',
  'service',
  'location',
  'endpoint',
  'venue',
  'scheduledMs',
  'startedMs',
  'latenessMs',
  'durationMs',
  'cadence',
  'weightMs',
  'outcome',
  'reason',
  'detail',
  'phases',
  'readings',
  'values',
  'trail',
  'loopDelayMs',
  'gameday',
  'recordedMs',
] as const satisfies readonly (keyof Result)[];

// A field that a result gets one day must be told here: this does not compile without it.
type Forgotten = Exclude<keyof Result, (typeof EXPORTED_KEYS)[number]>;
const NOTHING_IS_FORGOTTEN: [Forgotten] extends [never] ? true : Forgotten = true;
void NOTHING_IS_FORGOTTEN;

export interface ExportQuery {
  /** Only results of its probes, each with what it made of them; null: everything that is stored. */
  readonly objective: Objective | null;
  readonly probe?: string | undefined;
  /** Half-open, by scheduled time. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly base: TimeBase;
}

/** Ascending by scheduled time; each line ends with a line break. */
export async function* exportedLines(reader: StoreReader, query: ExportQuery): AsyncIterable<string> {
  const { objective, probe, fromMs, toMs, base } = query;
  const held = objective === null ? null : await heldBy(reader, objective, query);
  const only = probe ?? (held?.probes.length === 1 ? held.probes[0] : undefined);
  const range = { fromMs, toMs, ...(only === undefined ? {} : { probe: only }) };
  for await (const result of reader.results(range)) {
    if (held !== null && !held.probes.includes(result.probe)) continue;
    const judged = held === null ? {} : { judged: judge(held, result, base.minuteMs).map(shareOf) };
    yield `${JSON.stringify({ ...fieldsOf(result), ...judged })}\n`;
  }
}

/** As it is judged by now: every result by the limit that held when it was measured. */
async function heldBy(reader: StoreReader, objective: Objective, { base, toMs }: ExportQuery): Promise<Objective> {
  const records = targetRecords(await reader.events({ kind: 'target' })).get(objective.id) ?? [];
  return withHistory(objective, records, { stepMs: base.minuteMs, nowMs: toMs });
}

function fieldsOf(result: Result): Readonly<Record<string, unknown>> {
  return Object.fromEntries(EXPORTED_KEYS.map((key) => [key, ordered(result[key] ?? null)]));
}

/** Objects with their keys in alphabetical order, whoever wrote them. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, ordered(item)]));
}

/** Weights are decimal text: they have more digits than a number holds. */
function shareOf({ atMs, split, tally, problem }: Judged): Readonly<Record<string, unknown>> {
  const { good, bad, excluded, faults, borderline, bounded } = tally;
  return {
    atMs,
    split,
    good,
    bad,
    excluded,
    faults,
    goodWeight: String(tally.goodWeight),
    badWeight: String(tally.badWeight),
    excludedWeight: String(tally.excludedWeight),
    faultWeight: String(tally.faultWeight),
    squaredWeight: String(tally.squaredWeight),
    borderline,
    bounded,
    problem: problem?.detail ?? null,
  };
}
