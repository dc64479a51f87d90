/** Beside the run before of the same scenario: what became better, what worse, and what nobody can tell. */
import type { EarlierRun, JournalEntry, MarkName } from '../../scenarios/journal.ts';
import { offset, seconds, utc } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { firstMarks } from './moments.ts';
import { markWord, MARKS, readStory, sinceInjection, type Story } from './story.ts';

export function compareTable(story: Story, before: EarlierRun | null): string {
  if (before === null) return 'No earlier run of this scenario is in the game-days folder.';
  const now = earlierOf(story);
  const marks = MARKS.filter((what) => what !== 'injected' && what !== 'began').flatMap((what) => {
    const [a, b] = [markOf(before, what), markOf(now, what)];
    return a === null && b === null ? [] : [[markWord(what), timeOf(a), timeOf(b), change(a, b)]];
  });
  const broken = (run: EarlierRun): string => (run.broken === null ? '–' : String(run.broken));
  const alerts = ({ alerts: judged }: EarlierRun): string =>
    judged === null ? '–' : `${judged.inTime} of ${judged.expected}, ${judged.unexpected} unexpected`;
  return table(
    [{ name: 'What' }, { name: `Before: ${code(before.gameday)}` }, { name: 'Now' }, { name: 'Change' }],
    [
      ['when', utc(before.startedMs), utc(now.startedMs), '–'],
      ['verdict', verdictOf(before), verdictOf(now), before.verdict === now.verdict ? 'the same' : 'another'],
      ...marks,
      ['alerts expected and in time', alerts(before), alerts(now), '–'],
      ['invariants not kept', broken(before), broken(now), '–'],
    ],
    '',
  );
}

/** "recovered 13.6 s, before 15.1 s", for those in a hurry; null without a run before. */
export function compareText(story: Story, before: EarlierRun | null): string | null {
  if (before === null) return null;
  const now = earlierOf(story);
  const figure = (['recovered', 'mitigated', 'detected'] as const).find(
    (what) => markOf(before, what) !== null && markOf(now, what) !== null,
  );
  const verdict = `${text(before.verdict ?? 'not finished')} (${code(before.gameday)}, ${utc(before.startedMs)})`;
  if (figure === undefined) return verdict;
  const [a, b] = [markOf(before, figure), markOf(now, figure)];
  return `${verdict}; ${figure} ${timeOf(b)}, then ${timeOf(a)}: ${change(a, b)}`;
}

/** As much of a run as a later one is compared with. */
export function earlierOf(story: Story): EarlierRun {
  const { gameday, firstMs, finished, alerts, invariants } = story;
  const inTime = alerts?.expected.filter(({ state }) => state === 'in-time').length ?? 0;
  return {
    gameday: gameday ?? '',
    startedMs: firstMs,
    verdict: finished?.verdict ?? null,
    passed: finished?.passed ?? false,
    marks: firstMarks(story).map((mark) => ({
      what: mark.what,
      afterMs: sinceInjection(story, mark),
      uncertaintyMs: mark.uncertaintyMs,
    })),
    alerts: alerts === null ? null : { inTime, expected: alerts.expected.length, unexpected: alerts.unexpected.length },
    broken: invariants.length === 0 ? null : invariants.filter(({ ok }) => ok === false).length,
  };
}

type Mark = EarlierRun['marks'][number];

function verdictOf({ verdict, passed }: EarlierRun): string {
  return verdict === null ? 'not finished' : `${text(verdict)}, ${passed ? 'passed' : 'not passed'}`;
}

/** What was measured; what people said counts where nothing was. */
function markOf({ marks }: EarlierRun, what: MarkName): Mark | null {
  return marks.find((mark) => mark.what === what) ?? null;
}

function timeOf(mark: Mark | null): string {
  const since = mark?.afterMs ?? null;
  return since === null ? 'never' : offset(since);
}

function change(then: Mark | null, now: Mark | null): string {
  const [a, b] = [then?.afterMs ?? null, now?.afterMs ?? null];
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
