/** What a report needs beside the story: from the journal itself, or, of an older one, from the ledger. */
import type { EarlierRun, JournalEntry, MeasuredSeries, ObjectiveRecord } from '../../scenarios/journal.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import type { Result } from '../../store/result.ts';
import type { Exercise } from '../exercise.ts';
import { attained } from '../objective-text.ts';
import { drawnLimit } from '../limits.ts';
import { indicatorsOf } from '../sla/collect.ts';
import { earlierOf } from './compare.ts';
import { joined, seriesOf } from './series.ts';
import { readStory, type Entry, type Story } from './story.ts';

export interface GamedayInput {
  readonly journal: readonly JournalEntry[];
  /** What follows is for older journals, which do not say it themselves. What the probes measured around the exercise. */
  readonly results?: readonly Result[];
  /** The objectives' states after the exercise. */
  readonly statuses?: readonly Status[];
  /** What it cost: `collectExercise`. */
  readonly exercise?: Exercise | null;
  /** The journal of the run before of the same scenario (`runBefore`); null: there is none. */
  readonly before?: readonly JournalEntry[] | null;
}

export type Stretch = NonNullable<Entry<'budget'>['spent']>;

export interface Kept {
  readonly series: readonly MeasuredSeries[];
  readonly objectives: readonly ObjectiveRecord[];
  /** Null: nothing was spent, or nobody computed it. */
  readonly spent: Stretch | null;
  /** The exercise went on when this was written down; null: it was over. */
  readonly spentUntilMs: number | null;
  readonly before: EarlierRun | null;
}

export function recordOf(story: Story, input: GamedayInput): Kept {
  const { results = [], statuses = [], exercise = null } = input;
  const { budget, measured, started } = story;
  const counted = results.filter(({ cadence }) => cadence !== 'once');
  const stepMs = timeBase(started?.timeScale ?? 1).minuteMs;
  return {
    series:
      measured.length > 0
        ? joined(measured.flatMap((entry) => entry.series))
        : seriesOf(counted, { stepMs, wanted: indicatorsOf(statuses.map(({ objective }) => objective)) }),
    objectives: budget?.objectives ?? objectiveRecords(statuses),
    spent: budget === null ? stretchOf(exercise) : budget.spent,
    spentUntilMs: budget === null || budget.final ? null : budget.atMs,
    before: earlier(story, input.before ?? null),
  };
}

/** Whether the ledger could add anything to it. */
export function isComplete(story: Story): boolean {
  return story.budget?.final === true && story.before !== null;
}

export function objectiveRecords(statuses: readonly Status[]): readonly ObjectiveRecord[] {
  return statuses.map((status) => ({
    objective: status.objective.id,
    service: status.objective.service,
    ...drawnLimit(status.objective),
    attained: attained(status),
    consumed: status.consumed,
    colour: status.colour,
  }));
}

function stretchOf(exercise: Exercise | null): Stretch | null {
  return exercise === null ? null : { fromMs: exercise.fromMs, toMs: exercise.toMs, by: exercise.spent };
}

function earlier({ before }: Story, journal: GamedayInput['before'] | null): EarlierRun | null {
  if (before !== null) return before.run;
  return journal === null || journal === undefined ? null : earlierOf(readStory(journal));
}
