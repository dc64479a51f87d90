/** When the marks of a game-day were, and which of them are told. */
import type { JournalEntry } from '../../scenarios/journal.ts';
import { MARKS, markWord, sinceInjection, type Entry, type Story } from './story.ts';

/** The lift that a recovery counts from: the last one that left no fault in place. Null while one is in place. */
function settlingLift(marks: readonly Entry<'mark'>[]): Entry<'mark'> | null {
  const there = new Set<string>();
  let settling: Entry<'mark'> | null = null;
  for (const mark of marks) {
    if (mark.what === 'injected') {
      there.add(mark.source);
      settling = null;
    } else if (mark.what === 'lifted' && there.delete(mark.source) && there.size === 0) settling = mark;
  }
  return settling;
}

/** From the first injection to the lift that left nothing in place; journals without marks of it have the figure alone. */
export function liftedAfterMs(story: Story): number | null {
  if (story.left.length > 0) return null;
  if (!story.marks.some(({ what }) => what === 'lifted')) return story.finished?.liftedAfterMs ?? null;
  const lift = settlingLift(story.marks);
  return lift === null ? null : sinceInjection(story, lift);
}

/** One mark of each name, in the order of a game-day: what was measured, and what somebody said of it. */
export function firstMarks(story: Story): readonly Entry<'mark'>[] {
  return MARKS.flatMap((name) => {
    const all = story.marks.filter(({ what }) => what === name);
    const measured = all.filter(({ by }) => by === undefined);
    return [...counting(story, name, measured), ...all.filter(({ by }) => by !== undefined).slice(0, 1)];
  });
}

/** After several faults one after the other it is the last recovery, and the lift before it, that the exercise was about. */
function counting(story: Story, name: string, measured: readonly Entry<'mark'>[]): readonly Entry<'mark'>[] {
  if (name === 'recovered') return measured.slice(-1);
  if (name === 'lifted') return [settlingLift(story.marks) ?? []].flat();
  return measured.slice(0, 1);
}

/** Those marks, and beside them each injection and each lift, in the order in which they were. */
export function toldMarks(story: Story): readonly Entry<'mark'>[] {
  const others = firstMarks(story).filter(({ what }) => what !== 'injected' && what !== 'lifted');
  const acts = story.marks.filter(({ what }) => what === 'injected' || what === 'lifted');
  return [...acts, ...others].toSorted(
    (a, b) =>
      (sinceInjection(story, a) ?? 0) - (sinceInjection(story, b) ?? 0) ||
      MARKS.indexOf(a.what) - MARKS.indexOf(b.what),
  );
}

/** "fault lifted"; of several faults with its name, "fault lifted: disk". */
export function markName({ faults }: Story, { what, source }: Entry<'mark'>): string {
  const isOneOfSeveral = faults.length > 1 && (what === 'injected' || what === 'lifted');
  return isOneOfSeveral ? `${markWord(what)}: ${source}` : markWord(what);
}

/** Wall clock. A mark may be written down later than it was: zero of the marks' clock, and on from there. */
export function momentMs(story: Story, entry: JournalEntry): number {
  const first = story.marks.find(({ what }) => what === 'injected' || what === 'began');
  if (entry.type !== 'mark' || entry.afterMs === undefined || first === undefined) return entry.atMs;
  return Math.round(first.atMs - first.uncertaintyMs + entry.afterMs);
}
