/**
 * What would have been, had an objective been defined otherwise: stored results held against the proposal beside the
 * definition in force. Reads only; nothing of it reaches the record.
 */
import type { Objective } from '../../slo/objective.ts';
import { lastMoment, wholeSteps, type Stretch } from '../../slo/ranges.ts';
import { addTallies, EMPTY_TALLY, validEvents, type Tally } from '../../slo/tally.ts';
import { withHistory } from '../../slo/target-history.ts';
import { rejudge, type Hypothesis, type Rejudged } from '../../store/rejudged.ts';
import { ruleText } from '../../store/rules.ts';
import type { Result } from '../../store/result.ts';
import type { StoreReader } from '../../store/store.ts';
import { targetRecords } from '../../store/target-records.ts';
import { changed, type Change, type Changed } from './change.ts';
import { courseOf, type Course, type CourseOptions } from './course.ts';

export interface ReplayOptions extends Omit<CourseOptions, 'everyMs'> {
  /** Default: as fine as {@link MOST_MOMENTS} allow, a policy minute at best. */
  readonly everyMs?: number;
}

export interface Replay {
  readonly fromMs: number;
  readonly toMs: number;
  readonly everyMs: number;
  readonly before: Course;
  readonly after: Course;
  /** `tallies`: what counts is the same, and was not counted again. `results`: each stored result was judged anew. */
  readonly basis: 'tallies' | 'results';
  /** Where events were not counted at the proposed limit: how many come from sketches, and what is possible at worst and at best. */
  readonly estimate: { readonly events: number; readonly worst: Course; readonly best: Course } | null;
  /** Readings that the proposal cannot judge, and why: they count for nothing in `after`. */
  readonly untold: { readonly readings: number; readonly because: string } | null;
  /** Valid events of the window and the stretch that the record has, and the stored results give: some of them have expired. */
  readonly expired: { readonly recorded: number; readonly stored: number } | null;
}

export type Replayed =
  | { readonly ok: true; readonly replay: Replay }
  | { readonly ok: false; readonly problem: Extract<Changed, { ok: false }> };

/** Judgements of a stretch; a longer one is judged less often. */
const MOST_MOMENTS = 45_000;
const EVERY_MINUTES = [1, 5, 15, 60, 360, 1440];

/** Events of a run may be this far from its due time. */
const FARTHEST_MS = 86_400_000;

export async function replayChange(
  reader: StoreReader,
  objective: Objective,
  change: Change,
  asked: ReplayOptions,
): Promise<Replayed> {
  const { base } = asked;
  const { fromMs, toMs } = wholeSteps(base, asked);
  const options = { ...asked, fromMs, toMs };
  const records = targetRecords(await reader.events({ kind: 'target' })).get(objective.id) ?? [];
  const held = withHistory(objective, records, { stepMs: base.minuteMs, nowMs: lastMoment(toMs) });
  const proposal = changed(held, change);
  if (!proposal.ok) return { ok: false, problem: proposal };
  const everyMs = options.everyMs ?? everyMsOf(options);
  const course = { ...options, everyMs };
  const range = { fromMs, toMs, everyMs };
  if (ruleText(held) === ruleText(proposal.objective)) {
    const before = await courseOf(reader, held, course);
    const after = await courseOf(reader, proposal.objective, course);
    return { ok: true, replay: { ...range, before, after, basis: 'tallies', ...CERTAIN } };
  }
  const proposed = proposal.objective;
  const sides = [
    { name: 'before', rule: held, assume: 'likely' },
    { name: 'after', rule: proposed, assume: 'likely' },
  ] as const;
  using judged = await judgedAnew(reader, sides, options);
  const before = await courseUnder(judged, 'before', held, course);
  const after = await courseUnder(judged, 'after', proposed, course);
  const { estimatedEvents = 0, unjudged = 0, because = null } = judged.doubts.get('after') ?? {};
  const estimate =
    estimatedEvents === 0 ? null : { events: estimatedEvents, ...(await bounds(reader, proposed, options, course)) };
  const untold = because === null ? null : { readings: unjudged, because: because.detail };
  const expired = await expiredOf(reader, judged, held, stretchOf(options, held));
  return { ok: true, replay: { ...range, before, after, basis: 'results', estimate, untold, expired } };
}

/** Read once more, and only where something is estimated: the least and the most that may have been within the limit. */
async function bounds(
  reader: StoreReader,
  proposed: Objective,
  options: ReplayOptions,
  course: CourseOptions,
): Promise<{ readonly worst: Course; readonly best: Course }> {
  const sides = [
    { name: 'fewest', rule: proposed, assume: 'fewest' },
    { name: 'most', rule: proposed, assume: 'most' },
  ] as const;
  using judged = await judgedAnew(reader, sides, options);
  return {
    worst: await courseUnder(judged, 'fewest', proposed, course),
    best: await courseUnder(judged, 'most', proposed, course),
  };
}

const CERTAIN = { estimate: null, untold: null, expired: null } as const;

/** The finest that {@link MOST_MOMENTS} allow. */
export function everyMsOf({ base, fromMs, toMs }: Pick<ReplayOptions, 'base' | 'fromMs' | 'toMs'>): number {
  const minutes = (toMs - fromMs) / base.minuteMs;
  const every = EVERY_MINUTES.find((each) => minutes / each <= MOST_MOMENTS) ?? EVERY_MINUTES.at(-1) ?? 1;
  return every * base.minuteMs;
}

/** All that a window of either definition, or a lookback, may reach into. */
function stretchOf({ base, fromMs, toMs }: ReplayOptions, ...of: readonly Objective[]): Stretch {
  const reach = Math.max(...of.map(({ windowMs, slidingMs }) => windowMs + (slidingMs ?? 0)), 3 * base.dayMs);
  return { fromMs: Math.floor((fromMs - reach) / base.hourMs) * base.hourMs, toMs };
}

interface Side extends Hypothesis {
  readonly rule: Objective;
}

function judgedAnew(reader: StoreReader, sides: readonly Side[], options: ReplayOptions): Promise<Rejudged> {
  const { base, signal } = options;
  const stretch = stretchOf(options, ...sides.map(({ rule }) => rule));
  const probes = new Set(sides.flatMap(({ rule }) => rule.probes));
  return rejudge(resultsOf(reader, probes, stretch), sides, { stepMs: base.minuteMs, signal, ...stretch });
}

async function* resultsOf(
  reader: StoreReader,
  probes: Iterable<string>,
  { fromMs, toMs }: Stretch,
): AsyncIterable<Result> {
  for (const probe of probes) {
    yield* reader.results({ fromMs: fromMs - FARTHEST_MS, toMs: toMs + FARTHEST_MS, probe });
  }
}

/** Null: the stored results give exactly what is on record. */
async function expiredOf(
  reader: StoreReader,
  judged: Rejudged,
  { id }: Objective,
  { fromMs, toMs }: Stretch,
): Promise<Replay['expired']> {
  const groupMs = toMs - fromMs;
  const events = async (of: Pick<StoreReader, 'tallies'>, objective: string): Promise<number> => {
    const rows = await of.tallies({ objective, fromMs, toMs, groupMs });
    return validEvents(rows.reduce<Tally>((sum, row) => addTallies(sum, row), EMPTY_TALLY));
  };
  const [recorded, stored] = [await events(reader, id), await events(judged, 'before')];
  return stored < recorded ? { recorded, stored } : null;
}

/** In memory the sides go by names of their own; what comes of one bears the objective's. */
async function courseUnder(
  judged: Rejudged,
  name: string,
  objective: Objective,
  options: CourseOptions,
): Promise<Course> {
  const course = await courseOf(judged, { ...objective, id: name }, options);
  const { status } = course;
  return { ...course, status: { ...status, objective: { ...status.objective, id: objective.id } } };
}
