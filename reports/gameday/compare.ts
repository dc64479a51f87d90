/** Beside the run before of the same scenario: what became better, what worse, and what nobody can tell. */
import type { JournalEntry } from '../../scenarios/journal.ts';
import { offset, seconds, utc } from '../figures.ts';
import { code, table } from '../markdown.ts';
import { firstMarks, markWord, MARKS, readStory, sinceInjection, type Entry, type Story } from './story.ts';

export function compareTable(story: Story, before: Story | null): string {
  if (before === null) return 'No earlier run of this scenario is in the game-days folder.';
  const marks = MARKS.filter((what) => what !== 'injected' && what !== 'began').flatMap((what) => {
    const [then, now] = [markOf(before, what), markOf(story, what)];
    return then === null && now === null
      ? []
      : [[markWord(what), timeOf(before, then), timeOf(story, now), change(before, then, story, now)]];
  });
  const broken = ({ invariants }: Story): string =>
    invariants.length === 0 ? '–' : String(invariants.filter(({ ok }) => ok === false).length);
  const alerts = ({ alerts: judged }: Story): string => {
    if (judged === null) return '–';
    const inTime = judged.expected.filter(({ state }) => state === 'in-time').length;
    return `${inTime} of ${judged.expected.length}, ${judged.unexpected.length} unexpected`;
  };
  return table(
    [{ name: 'What' }, { name: `Before: ${code(before.gameday ?? '')}` }, { name: 'Now' }, { name: 'Change' }],
    [
      ['when', utc(before.firstMs), utc(story.firstMs), '–'],
      [
        'verdict',
        verdictOf(before),
        verdictOf(story),
        before.finished?.verdict === story.finished?.verdict ? 'the same' : 'another',
      ],
      ...marks,
      ['alerts expected and in time', alerts(before), alerts(story), '–'],
      ['invariants not kept', broken(before), broken(story), '–'],
    ],
    '',
  );
}

/** "recovered 13.6 s, before 15.1 s", for those in a hurry; null without a run before. */
export function compareText(story: Story, before: Story | null): string | null {
  if (before === null) return null;
  const figure = (['recovered', 'mitigated', 'detected'] as const).find(
    (what) => markOf(before, what) !== null && markOf(story, what) !== null,
  );
  const verdict = `${before.finished?.verdict ?? 'not finished'} (${code(before.gameday ?? '')}, ${utc(before.firstMs)})`;
  if (figure === undefined) return verdict;
  const [then, now] = [markOf(before, figure), markOf(story, figure)];
  return `${verdict}; ${figure} ${timeOf(story, now)}, then ${timeOf(before, then)}: ${change(before, then, story, now)}`;
}

function verdictOf({ finished }: Story): string {
  return finished === null ? 'not finished' : `${finished.verdict}, ${finished.passed ? 'passed' : 'not passed'}`;
}

/** What was measured; what people said counts where nothing was. */
function markOf(story: Story, what: string): Entry<'mark'> | null {
  return firstMarks(story).find((mark) => mark.what === what) ?? null;
}

function timeOf(story: Story, mark: Entry<'mark'> | null): string {
  const since = mark === null ? null : sinceInjection(story, mark);
  return since === null ? 'never' : offset(since);
}

function change(before: Story, then: Entry<'mark'> | null, story: Story, now: Entry<'mark'> | null): string {
  const [a, b] = [
    then === null ? null : sinceInjection(before, then),
    now === null ? null : sinceInjection(story, now),
  ];
  if (a === null || b === null) return a === null ? 'new' : 'gone';
  const difference = b - a;
  if (Math.abs(difference) <= Math.max(50, (then?.uncertaintyMs ?? 0) + (now?.uncertaintyMs ?? 0))) {
    return 'within the uncertainty';
  }
  return `${seconds(Math.abs(difference))} ${difference < 0 ? 'sooner' : 'later'}`;
}

/**
 * Of several journals, the last run of the same scenario that began before this one and broke something.
 * @param others in any order
 */
export function runBefore(
  journal: readonly JournalEntry[],
  others: readonly (readonly JournalEntry[])[],
): readonly JournalEntry[] | null {
  const story = readStory(journal);
  const candidates = others
    .map((entries) => ({ entries, other: readStory(entries) }))
    .filter(
      ({ other }) =>
        other.gameday !== story.gameday &&
        other.started?.scenario === story.started?.scenario &&
        other.finished !== null &&
        (other.injected !== null || other.marks.some(({ what }) => what === 'began')) &&
        other.firstMs < story.firstMs,
    )
    .toSorted((a, b) => b.other.firstMs - a.other.firstMs);
  return candidates[0]?.entries ?? null;
}
