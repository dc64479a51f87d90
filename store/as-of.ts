/**
 * A store as it was known at a moment: what was recorded later is not there, although it was due before. Few results come
 * late, so tallies and roll-ups are read as they are, and only the steps that late results touch are counted again.
 */
import { isZero, subtractTallies, sumTallies, type Tally } from '../slo/tally.ts';
import { judge, mergeJudged, type Judged, type Rule } from './judge.ts';
import { joined, packStep, stepsIn, unpack } from './packed.ts';
import { FARTHEST_MS } from './result-table.ts';
import type { Result } from './result.ts';
import { SPAN_STEPS } from './rollup-table.ts';
import type { Stretch } from './rules.ts';
import { inOrder, summed } from './tally-table.ts';
import type { LedgerStore } from './open.ts';
import type {
  MeasuredStretch,
  MeasureQuery,
  RollupRead,
  RollupRow,
  Segment,
  StoreReader,
  TallyQuery,
  TallyRow,
} from './store.ts';

export interface AsOfOptions {
  readonly asOfMs: number;
  /** No step from here on will be asked about. */
  readonly untilMs: number;
  /** Length of a tally step, ms. */
  readonly stepMs: number;
  /** What the store's tallies were judged by. */
  readonly rules: readonly Rule[];
}

/** With the chain of its results, which is in the order in which they were recorded. */
export type Recorded = StoreReader & Pick<LedgerStore, 'segments' | 'chained'>;

export type Known =
  | { readonly ok: true; readonly reader: StoreReader; readonly late: Late }
  /** It cannot be told any more; the message says why. */
  | { readonly ok: false; readonly message: string };

/** What was recorded too late to be known. */
export interface Late {
  readonly results: number;
  /** How many steps of objectives it touched. */
  readonly steps: number;
}

/** @param store a snapshot: nothing may be recorded in it while this reads */
export async function knownAt(store: Recorded, options: AsOfOptions): Promise<Known> {
  const { asOfMs, untilMs } = options;
  const segments = await store.segments();
  const touched = new Touched(options);
  let results = 0;
  const gone = segments.find(
    (each) => each.expiredMs !== null && isLater(each, asOfMs) && each.firstScheduledMs < untilMs,
  );
  if (gone !== undefined) return refused(asOfMs, gone, 'may hold results that were recorded later');
  for await (const result of recordedAfter(store, segments, options)) {
    if (touched.add(result)) results += 1;
  }
  for (const stretch of touched.toRecount()) {
    const [fromMs, toMs] = [stretch.fromMs - FARTHEST_MS, stretch.toMs + FARTHEST_MS];
    const lost = segments.find(
      (each) => each.expiredMs !== null && each.firstScheduledMs < toMs && each.lastScheduledMs >= fromMs,
    );
    if (lost !== undefined) return refused(asOfMs, lost, 'holds results of minutes that have to be counted again');
    for await (const result of store.results({ fromMs, toMs, recordedBefore: asOfMs + 1 })) {
      touched.recount(result, stretch);
    }
  }
  const then = new Then(store, options, await touched.stepsAsKnown(store));
  return { ok: true, reader: then, late: { results, steps: touched.size } };
}

function isLater({ closedMs }: Segment, asOfMs: number): boolean {
  return (closedMs ?? Infinity) > asOfMs;
}

/** What was stored later and may count before the end, in the order in which it was stored. */
async function* recordedAfter(
  store: Recorded,
  segments: readonly Segment[],
  { asOfMs, untilMs }: Pick<AsOfOptions, 'asOfMs' | 'untilMs'>,
): AsyncIterable<Result> {
  for (const segment of segments) {
    if (!isLater(segment, asOfMs) || segment.firstScheduledMs >= untilMs + FARTHEST_MS) continue;
    for await (const { result } of store.chained(await laterPart(store, segment, asOfMs))) {
      if ((result.recordedMs ?? 0) > asOfMs) yield result;
    }
  }
}

/** What came late for one objective. */
export interface LateResults {
  readonly results: number;
  readonly firstDueMs: number;
  readonly lastDueMs: number;
  readonly firstRecordedMs: number;
  readonly lastRecordedMs: number;
}

export interface LateQuery extends AsOfOptions {
  /** Up to when it was recorded, at the latest. */
  readonly byMs: number;
  /** Where the window of each rule's objective begins. */
  readonly fromMs: (rule: Rule) => number;
}

/** What was recorded between two moments and counts within a window, by objective. */
export async function lateBetween(store: Recorded, query: LateQuery): Promise<ReadonlyMap<string, LateResults>> {
  const { byMs, rules, stepMs, untilMs, fromMs } = query;
  const found = new Map<string, LateResults>();
  for await (const result of recordedAfter(store, await store.segments(), query)) {
    const recordedMs = result.recordedMs ?? 0;
    if (recordedMs > byMs) continue;
    for (const rule of rules) {
      const counts = judge(rule, result, stepMs).some(({ atMs }) => atMs >= fromMs(rule) && atMs < untilMs);
      if (counts) found.set(rule.id, oneMore(found.get(rule.id), result.scheduledMs, recordedMs));
    }
  }
  return found;
}

function oneMore(before: LateResults | undefined, dueMs: number, recordedMs: number): LateResults {
  if (before === undefined) {
    const [due, recorded] = [
      { firstDueMs: dueMs, lastDueMs: dueMs },
      { firstRecordedMs: recordedMs, lastRecordedMs: recordedMs },
    ];
    return { results: 1, ...due, ...recorded };
  }
  return {
    results: before.results + 1,
    firstDueMs: Math.min(before.firstDueMs, dueMs),
    lastDueMs: Math.max(before.lastDueMs, dueMs),
    firstRecordedMs: Math.min(before.firstRecordedMs, recordedMs),
    lastRecordedMs: Math.max(before.lastRecordedMs, recordedMs),
  };
}

/** From the first result of a segment on that was recorded later: a handful of looks instead of thousands of rows. */
async function laterPart(
  store: Recorded,
  { firstSeq, lastSeq }: Segment,
  asOfMs: number,
): Promise<Pick<Segment, 'firstSeq' | 'lastSeq'>> {
  let [from, to] = [firstSeq, lastSeq + 1];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const recordedMs = await recordedAt(store, middle);
    if (recordedMs > asOfMs) to = middle;
    else from = middle + 1;
  }
  return { firstSeq: from, lastSeq };
}

async function recordedAt(store: Recorded, seq: number): Promise<number> {
  for await (const { result } of store.chained({ firstSeq: seq, lastSeq: seq })) return result.recordedMs ?? 0;
  return 0;
}

function refused(asOfMs: number, { number, firstScheduledMs, lastScheduledMs }: Segment, why: string): Known {
  const at = (ms: number): string => new Date(ms).toISOString();
  return {
    ok: false,
    message: `what was known at ${at(asOfMs)} cannot be told any more: segment ${number} of raw results (due ${at(firstScheduledMs)} to ${at(lastScheduledMs)}), which ${why}, has expired; ask as of a later moment, or keep raw results longer`,
  };
}

/** Of one step, its splits as they were known. Of a split that is not there, nothing was. */
type Splits = ReadonlyMap<string, Tally>;
type Steps = ReadonlyMap<number, Splits>;

interface Step {
  /** By split, what came late; and, where that cannot simply be taken away, what had come by then. */
  readonly late: Map<string, Judged>;
  known: Map<string, Judged> | null;
}

/** The steps that late results touch, by objective. */
class Touched {
  readonly #options: AsOfOptions;
  readonly #steps = new Map<string, Map<number, Step>>();

  constructor(options: AsOfOptions) {
    this.#options = options;
  }

  get size(): number {
    return [...this.#steps.values()].reduce((sum, steps) => sum + steps.size, 0);
  }

  /** A result that came late. @returns whether it counts anywhere */
  add(result: Result): boolean {
    let counts = false;
    for (const [rule, judged] of this.#judged(result)) {
      counts = true;
      const steps = this.#steps.get(rule.id) ?? new Map<number, Step>();
      this.#steps.set(rule.id, steps);
      const step = steps.get(judged.atMs) ?? { late: new Map<string, Judged>(), known: null };
      steps.set(judged.atMs, step);
      put(step.late, judged);
      // A cluster is squared as a whole: a part of it cannot be taken away without knowing the rest.
      if (judged.cluster !== 0n) step.known ??= new Map<string, Judged>();
    }
    return counts;
  }

  /** Stretches of steps that are to be counted again from all that was recorded in time, those near each other as one. */
  toRecount(): readonly Stretch[] {
    const { stepMs } = this.#options;
    const starts = [...this.#steps.values()].flatMap((steps) =>
      [...steps].flatMap(([atMs, { known }]) => (known === null ? [] : [atMs])),
    );
    const stretches: { fromMs: number; toMs: number }[] = [];
    for (const atMs of new Set(starts.toSorted((a, b) => a - b))) {
      const last = stretches.at(-1);
      if (last !== undefined && atMs - last.toMs < 2 * FARTHEST_MS) last.toMs = atMs + stepMs;
      else stretches.push({ fromMs: atMs, toMs: atMs + stepMs });
    }
    return stretches;
  }

  recount(result: Result, { fromMs, toMs }: Stretch): void {
    for (const [rule, judged] of this.#judged(result)) {
      if (judged.atMs < fromMs || judged.atMs >= toMs) continue;
      const known = this.#steps.get(rule.id)?.get(judged.atMs)?.known;
      if (known !== null && known !== undefined) put(known, judged);
    }
  }

  async stepsAsKnown(store: StoreReader): Promise<ReadonlyMap<string, Steps>> {
    const { stepMs } = this.#options;
    const found = new Map<string, Map<number, Splits>>();
    for (const [objective, steps] of this.#steps) {
      const own = new Map<number, Splits>();
      found.set(objective, own);
      for (const [atMs, { late, known }] of steps) {
        if (known !== null) {
          own.set(atMs, new Map([...known].map(([split, { tally }]) => [split, tally])));
          continue;
        }
        const now = await store.tallies({ objective, fromMs: atMs, toMs: atMs + stepMs, bySplit: true });
        own.set(atMs, withoutLate(now, late));
      }
    }
    return found;
  }

  *#judged(result: Result): Iterable<[Rule, Judged]> {
    const { rules, stepMs, untilMs } = this.#options;
    for (const rule of rules) {
      for (const judged of judge(rule, result, stepMs)) if (judged.atMs < untilMs) yield [rule, judged];
    }
  }
}

function put(into: Map<string, Judged>, judged: Judged): void {
  const before = into.get(judged.split);
  into.set(judged.split, before === undefined ? judged : mergeJudged(before, judged));
}

function withoutLate(rows: readonly TallyRow[], late: ReadonlyMap<string, Judged>): Splits {
  const left = new Map<string, Tally>();
  for (const { atMs: _at, split, ...tally } of rows) {
    const gone = late.get(split);
    const rest = gone === undefined ? tally : subtractTallies(tally, gone.tally);
    if (!isZero(rest)) left.set(split, rest);
  }
  return left;
}

class Then implements StoreReader {
  readonly #store: StoreReader;
  readonly #asOfMs: number;
  readonly #stepMs: number;
  readonly #steps: ReadonlyMap<string, Steps>;

  constructor(store: StoreReader, { asOfMs, stepMs }: AsOfOptions, steps: ReadonlyMap<string, Steps>) {
    this.#store = store;
    this.#asOfMs = asOfMs;
    this.#stepMs = stepMs;
    this.#steps = steps;
  }

  async tallies(query: TallyQuery): Promise<readonly TallyRow[]> {
    const { objective, fromMs, toMs } = query;
    const steps = new Map([...(this.#steps.get(objective) ?? [])].filter(([atMs]) => atMs >= fromMs && atMs < toMs));
    if (steps.size === 0) return this.#store.tallies(query);
    const now = await this.#store.tallies({ objective, fromMs, toMs, bySplit: true });
    const then = [...steps].flatMap(([atMs, splits]) =>
      [...splits].map(([split, tally]) => ({ atMs, split, ...tally })),
    );
    return summed([...now.filter(({ atMs }) => !steps.has(atMs)), ...then], query);
  }

  async rollups({ reads }: Parameters<StoreReader['rollups']>[0]): ReturnType<StoreReader['rollups']> {
    // Nothing becomes known any more: whoever asks again is told of no change.
    const { mark, rows } = await this.#store.rollups({ reads, since: null });
    const all: (readonly RollupRow[])[] = [];
    for (const [index, read] of reads.entries()) all.push(await this.#corrected(read, rows[index] ?? []));
    return { mark, rows: all, changed: [] };
  }

  results(query: Parameters<StoreReader['results']>[0]): AsyncIterable<Result> {
    const recordedBefore = Math.min(query.recordedBefore ?? Infinity, this.#asOfMs + 1);
    return this.#store.results({ ...query, recordedBefore });
  }

  events(query: Parameters<StoreReader['events']>[0]): ReturnType<StoreReader['events']> {
    const recordedBefore = Math.min(query.recordedBefore ?? Infinity, this.#asOfMs + 1);
    return this.#store.events({ ...query, recordedBefore });
  }

  /** Hours and days that hold something later are not among them: of these, the results are read. */
  async *measures(query: MeasureQuery): AsyncIterable<MeasuredStretch> {
    const recordedBefore = Math.min(query.recordedBefore ?? Infinity, this.#asOfMs + 1);
    yield* this.#store.measures?.({ ...query, recordedBefore }) ?? [];
  }

  /** A point is of its moment: it is written down when it is made. */
  budgets(query: Parameters<StoreReader['budgets']>[0]): ReturnType<StoreReader['budgets']> {
    return this.#store.budgets({ ...query, toMs: Math.min(query.toMs, this.#asOfMs + 1) });
  }

  async #corrected(read: RollupRead, rows: readonly RollupRow[]): Promise<readonly RollupRow[]> {
    const { objective, span } = read;
    const rowMs = SPAN_STEPS[span] * this.#stepMs;
    const startOf = (atMs: number): number => Math.floor(atMs / rowMs) * rowMs;
    const [fromMs, toMs] = [startOf(read.fromMs), read.toMs];
    const all = this.#steps.get(objective) ?? new Map<number, Splits>();
    const steps = [...all].filter(([atMs]) => startOf(atMs) >= fromMs && startOf(atMs) < toMs);
    if (steps.length === 0) return rows;
    const isTouched = new Set(steps.map(([atMs]) => startOf(atMs)));
    const corrected =
      span === 'hour'
        ? hoursAsKnown(
            rows.filter(({ atMs }) => isTouched.has(atMs)),
            steps,
            this.#stepMs,
          )
        : await this.#daysAsKnown(
            objective,
            rows.filter(({ atMs }) => isTouched.has(atMs)),
            steps.map(([atMs]) => atMs),
          );
    return inOrder([...rows.filter(({ atMs }) => !isTouched.has(atMs)), ...corrected]);
  }

  async #daysAsKnown(
    objective: string,
    days: readonly RollupRow[],
    touched: readonly number[],
  ): Promise<readonly RollupRow[]> {
    const hourMs = SPAN_STEPS.hour * this.#stepMs;
    const dayMs = SPAN_STEPS.day * this.#stepMs;
    const hours = [...new Set(touched.map((atMs) => Math.floor(atMs / hourMs) * hourMs))];
    const parts = new Map(days.map((row) => [`${row.atMs} ${row.split}`, { row, hours: stepsIn(row.steps) }]));
    for (const atMs of hours) {
      const dayAtMs = Math.floor(atMs / dayMs) * dayMs;
      const index = Math.round((atMs - dayAtMs) / hourMs);
      for (const part of parts.values()) if (part.row.atMs === dayAtMs) part.hours.delete(index);
      const { rows } = await this.rollups({
        reads: [{ objective, span: 'hour', fromMs: atMs, toMs: atMs + 1 }],
        since: null,
      });
      for (const { split, steps } of rows[0] ?? []) {
        const sum = sumTallies(unpack(steps, atMs, this.#stepMs));
        parts.get(`${dayAtMs} ${split}`)?.hours.set(index, packStep(index, sum));
      }
    }
    return kept([...parts.values()].map(({ row, hours }) => ({ ...row, steps: joined(hours) })));
  }
}

function hoursAsKnown(
  rows: readonly RollupRow[],
  steps: readonly (readonly [number, Splits])[],
  stepMs: number,
): readonly RollupRow[] {
  const hourMs = SPAN_STEPS.hour * stepMs;
  return kept(
    rows.map((row) => {
      const parts = stepsIn(row.steps);
      for (const [atMs, splits] of steps) {
        if (atMs < row.atMs || atMs >= row.atMs + hourMs) continue;
        const index = Math.round((atMs - row.atMs) / stepMs);
        const tally = splits.get(row.split);
        if (tally === undefined) parts.delete(index);
        else parts.set(index, packStep(index, tally));
      }
      return { ...row, steps: joined(parts) };
    }),
  );
}

/** What nothing was counted in has no row. */
function kept(rows: readonly RollupRow[]): readonly RollupRow[] {
  return rows.filter(({ steps }) => steps.length > 0);
}
