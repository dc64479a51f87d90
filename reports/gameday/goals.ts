/** Longest times that the marks may take, and whether they were kept. */
import { seconds, span } from '../figures.ts';
import type { MarkName } from '../../scenarios/journal.ts';
import { firstMarks } from './moments.ts';
import { sinceInjection, type Entry, type Story } from './story.ts';

export interface Goal {
  readonly what: MarkName;
  readonly goalMs: number;
  /** Whoever told it first; null: nobody. */
  readonly mark: Entry<'mark'> | null;
}

/** Of the scenario's goals, and its recovery goal: by the mark that says when the service was well again. */
export function goalsOf(story: Story): readonly Goal[] {
  const { started, finished } = story;
  const marks = firstMarks(story);
  const goals = Object.entries(started?.charter?.goals ?? {});
  const first = (what: string, isMeasured = false): Entry<'mark'> | null =>
    marks
      .filter((mark) => mark.what === what && (!isMeasured || mark.by === undefined))
      .toSorted((a, b) => (sinceInjection(story, a) ?? 0) - (sinceInjection(story, b) ?? 0))[0] ?? null;
  const own = goals.flatMap(([what, goalMs]): readonly Goal[] => {
    const name = MARK_NAMES.find((each) => each === what);
    return name === undefined ? [] : [{ what: name, goalMs, mark: first(name) }];
  });
  const recoveryGoalMs = started?.recoveryGoalMs ?? null;
  if (recoveryGoalMs === null) return own;
  // A service that came back while the fault was there had no need to wait for its end.
  const isMitigated = finished?.verdict === 'recovered-despite-fault' && first('mitigated', true) !== null;
  const what = isMitigated ? 'mitigated' : 'recovered';
  const others = own.filter((each) => each.what !== what);
  const stricter = own.filter((each) => each.what === what).map(({ goalMs }) => goalMs);
  return [...others, { what, goalMs: Math.min(recoveryGoalMs, ...stricter), mark: first(what, true) }];
}

const MARK_NAMES = ['impact', 'alerted', 'detected', 'acknowledged', 'diagnosed', 'mitigated', 'recovered'] as const;

/** Met is met even at the latest possible moment; missed is only missed if the earliest was too late. */
export function againstGoal(sinceMs: number, uncertaintyMs: number, goalMs: number): string {
  const goal = `goal ${span(goalMs)}`;
  if (sinceMs <= goalMs) return `met (${goal})`;
  return sinceMs - uncertaintyMs <= goalMs
    ? `undecided: the ${goal} lies within the uncertainty`
    : `**missed** (${goal})`;
}

export interface Missed {
  readonly what: MarkName;
  readonly afterMs: number | null;
  readonly goalMs: number;
}

/** Missed for certain, or never marked in an exercise that came to its end and where there was something to mark. */
export function missedGoals(story: Story): readonly Missed[] {
  const verdict = story.finished?.verdict ?? null;
  const isSilent = verdict === null || verdict === 'held' || verdict === 'refused' || verdict === 'aborted';
  return goalsOf(story).flatMap(({ what, goalMs, mark }): readonly Missed[] => {
    if (mark === null) return isSilent ? [] : [{ what, goalMs, afterMs: null }];
    const afterMs = sinceInjection(story, mark);
    return afterMs === null || afterMs - mark.uncertaintyMs <= goalMs ? [] : [{ what, goalMs, afterMs }];
  });
}

/** "met", in a word, for those in a hurry. */
export function goalsText(story: Story): string | null {
  const goals = goalsOf(story);
  if (goals.length === 0) return null;
  const missed = missedGoals(story);
  if (missed.length === 0) {
    const isMet = ({ mark, goalMs }: Goal): boolean =>
      mark !== null && (sinceInjection(story, mark) ?? Number.POSITIVE_INFINITY) <= goalMs;
    const word = goals.every(isMet) ? 'met' : 'not missed';
    return `${goals.length} of ${goals.length} ${word}`;
  }
  const said = missed.map(({ what, afterMs }) => `${what} ${afterMs === null ? 'never' : seconds(afterMs)}`);
  return `**${missed.length} of ${goals.length} missed** (${said.join(', ')})`;
}
