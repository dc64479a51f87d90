/** What a game-day cost: the budget that was spent while it ran, on its own line. */
import { consumed } from '../slo/budget.ts';
import { decimal, toNumber } from '../slo/decimal.ts';
import type { Status } from '../slo/status.ts';
import { sumTallies, validEvents, validWeight } from '../slo/tally.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { BudgetSpent as Spent, JournalEntry } from '../scenarios/journal.ts';
import type { StoreReader } from '../store/store.ts';
import { readStory } from './gameday/story.ts';

export type { BudgetSpent as Spent } from '../scenarios/journal.ts';

export interface Exercise {
  readonly gameday: string;
  readonly title: string;
  readonly verdict: string | null;
  /** Whole tally steps, from the first injection to the end of the exercise. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly spent: readonly Spent[];
}

export interface ExerciseQuery {
  readonly reader: Pick<StoreReader, 'tallies'>;
  readonly statuses: readonly Status[];
  readonly base: TimeBase;
  readonly journal: readonly JournalEntry[];
}

/** Null when nothing was ever injected: then nothing was spent. */
export async function collectExercise({ reader, statuses, base, journal }: ExerciseQuery): Promise<Exercise | null> {
  const story = readStory(journal);
  if (story.injected === null || story.gameday === null) return null;
  const component = story.started?.component ?? null;
  const stretch = await spentBetween({ reader, statuses, base }, story.injected.atMs, story.lastMs, component);
  const title = story.started?.title ?? story.gameday;
  return { gameday: story.gameday, title, verdict: story.finished?.verdict ?? null, ...stretch };
}

/** What was spent from the first injection to the end of an exercise, in whole tally steps. Moments are wall clock, ms. */
export async function spentBetween(
  { reader, statuses, base }: Omit<ExerciseQuery, 'journal'>,
  injectedMs: number,
  endedMs: number,
  component: string | null,
): Promise<Pick<Exercise, 'fromMs' | 'toMs' | 'spent'>> {
  const fromMs = Math.floor(injectedMs / base.minuteMs) * base.minuteMs;
  const toMs = (Math.floor(endedMs / base.minuteMs) + 1) * base.minuteMs;
  const spent: Spent[] = [];
  for (const status of statuses) {
    const found = await spentOn(status, { reader, fromMs, toMs });
    if (found !== null && (found.bad > 0 || status.objective.service === component)) spent.push(found);
  }
  return { fromMs, toMs, spent };
}

async function spentOn(
  status: Status,
  query: { reader: ExerciseQuery['reader']; fromMs: number; toMs: number },
): Promise<Spent | null> {
  const { objective } = status;
  const split = status.worstSplit?.split ?? null;
  const fromMs = Math.max(query.fromMs, status.atMs - objective.windowMs);
  if (objective.unknownBecause !== null || fromMs >= query.toMs) return null;
  const rows = await query.reader.tallies({
    objective: objective.id,
    fromMs,
    toMs: query.toMs,
    ...(split === null ? {} : { bySplit: true }),
  });
  const tally = sumTallies(split === null ? rows : rows.filter((row) => row.split === split));
  if (validEvents(tally) === 0) return null;
  const share = consumed({ bad: tally.badWeight, valid: validWeight(status.tally) }, decimal(objective.target));
  return {
    objective: objective.id,
    split,
    bad: tally.bad,
    valid: validEvents(tally),
    share: share === null ? null : toNumber(share),
  };
}
