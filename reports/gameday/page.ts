/** The record of a game-day: what it showed in the first lines, then how that is known. */
import type { JournalEntry, Verdict } from '../../scenarios/journal.ts';
import type { Status } from '../../slo/status.ts';
import type { Result } from '../../store/result.ts';
import type { Exercise } from '../exercise.ts';
import { consumedPercent, count, offset, seconds, span, utc } from '../figures.ts';
import { code, image, list, page, table, text } from '../markdown.ts';
import { colourWord, attained } from '../objective-text.ts';
import { fileNames, type RenderedReport } from '../rendered.ts';
import { scaleWarning } from '../scale-warning.ts';
import { actionTable, gapList } from './actions.ts';
import { charterTable } from './charter.ts';
import { gamedayChart } from './chart.ts';
import { compareTable } from './compare.ts';
import { alertTable, elsewhereLine } from './alerts.ts';
import { degradedTable, mustTable, stepTable, updateTable } from './found.ts';
import { glance } from './glance.ts';
import { capital, isDrill, readStory, sinceInjection, type Story } from './story.ts';
import { checkTable, conditionTable, faultTable, hypothesisTable, markTable, timelineTable } from './tables.ts';

export interface GamedayInput {
  readonly journal: readonly JournalEntry[];
  /** What the probes measured around the exercise; without them the chart shows the journal alone. */
  readonly results: readonly Result[];
  /** The objectives' states after the exercise. */
  readonly statuses?: readonly Status[];
  /** What it cost: `collectExercise`. */
  readonly exercise?: Exercise | null;
  /** The journal of the run before of the same scenario (`runBefore`); null: there is none. */
  readonly before?: readonly JournalEntry[] | null;
}

export function renderGameday(input: GamedayInput): RenderedReport {
  const { journal, results, statuses = [], exercise = null } = input;
  const story = readStory(journal);
  const before = input.before === undefined || input.before === null ? null : readStory(input.before);
  const id = story.gameday ?? 'unknown';
  const nameFile = fileNames();
  const drawn = gamedayChart(story, results, statuses);
  const chart = drawn === null ? null : { name: nameFile('gameday', `${id}-timeline`, 'svg'), content: drawn.svg };
  const markdown = page([
    `# Game-day: ${text(story.started?.title ?? id)}`,
    scaleWarning(story.started?.timeScale ?? 1),
    verdict(story),
    leftBehind(story),
    glance(story, exercise, before),
    '## Charter and roles',
    charterTable(story, id),
    '## What was seen',
    chart === null
      ? 'Nothing was at hand to draw.'
      : image(`Faults, steady state, marks and what the probes measured over time, game-day ${id}`, chart.name),
    drawn?.caption ?? '',
    results.length === 0 ? 'No measurement of the probes was at hand to draw.' : '',
    '## Marks',
    markTable(story),
    `Durations are monotonic, counted from ${isDrill(story) ? 'the beginning of the drill' : 'the first injection'}. A mark may really have happened earlier by up to its uncertainty: the probe asks only so often.`,
    '## Alerts',
    alertTable(story),
    elsewhereLine(story),
    '## Degraded mode',
    degradedTable(story),
    '## What people were asked',
    stepTable(story),
    '## What must be so',
    mustTable(story),
    '## Steady-state hypothesis',
    hypothesisTable(story),
    '## Faults: what crossed them, and their undoing',
    faultTable(story),
    '## Budget spent',
    budget(exercise, statuses, story),
    '## Beside the run before',
    compareTable(story, before),
    '## Gaps',
    gapList(story),
    '## Actions',
    actionTable(story),
    '## Updates',
    updateTable(story),
    '## What was waited for',
    conditionTable(story),
    '## Checks before the start',
    checkTable(story),
    '## Timeline',
    timelineTable(story, journal),
    '## Notes',
    notes(story),
  ]);
  return { name: nameFile('gameday', id, 'md'), markdown, files: chart === null ? [] : [chart] };
}

const SAID: Readonly<Record<Verdict, string>> = {
  held: 'the steady state held although the fault was there',
  'recovered-despite-fault': 'the service degraded and recovered while the fault was still there',
  'recovered-after-lift': 'the service recovered only after the fault was lifted',
  'not-recovered': 'the service did not recover',
  'no-effect': 'nothing crossed the fault, so nothing was learned',
  aborted: 'the exercise was aborted',
  refused: 'the exercise was refused, nothing was injected',
};

const NEEDS_RECOVERY: readonly Verdict[] = ['recovered-despite-fault', 'recovered-after-lift', 'not-recovered'];

function verdict(story: Story): string {
  const { finished, started } = story;
  if (finished === null) {
    return `**NOT FINISHED.** The journal ends at ${utc(story.lastMs)} without a verdict. Run ${code('pulsedrill gameday recover')} to undo whatever may be left.`;
  }
  const goal = started?.recoveryGoalMs ?? null;
  const { detectedAfterMs, mitigatedAfterMs = null, liftedAfterMs = null, recoveredAfterMs } = finished;
  const after = (word: string, ms: number | null): readonly string[] =>
    ms === null ? [] : [`${word} after ${seconds(ms)}`];
  const isNeeded = NEEDS_RECOVERY.includes(finished.verdict);
  const seen = [
    ...(detectedAfterMs === null ? ['detected never'] : after('detected', detectedAfterMs)),
    ...after('mitigated', mitigatedAfterMs),
    ...after('fault lifted', liftedAfterMs),
    ...(recoveredAfterMs === null && isNeeded ? ['recovered never'] : after('recovered', recoveredAfterMs)),
    ...(goal === null ? [] : [`goal ${span(goal)}`]),
  ].join(', ');
  const timing = story.injected === null ? '' : ` ${capital(seen)} (from injection).`;
  return `**${finished.passed ? 'PASSED' : 'NOT PASSED'}: ${finished.verdict}** — ${sentence(finished.detail === '' ? SAID[finished.verdict] : finished.detail)}${timing}`;
}

function sentence(detail: string): string {
  const shown = text(detail);
  return shown === '' || /[.!?]$/.test(shown) ? shown : `${shown}.`;
}

function leftBehind({ left }: Story): string {
  if (left.length === 0) return '';
  const faults = left.map(({ id, prepared, failures }) => {
    const byHand = prepared?.undo.byHand ?? failures.at(-1)?.byHand;
    return `${code(id)}${byHand === undefined ? '' : `: undo by hand with ${code(byHand)}`}`;
  });
  return `> **A FAULT MAY STILL BE IN PLACE.** No verified lifting is on record for ${faults.join('; ')}.`;
}

function budget(exercise: Exercise | null, statuses: readonly Status[], { started }: Story): string {
  const spent = table(
    [{ name: 'Objective' }, { name: 'Bad / valid events' }, { name: 'Share of the whole budget', align: 'right' }],
    (exercise?.spent ?? []).map(({ objective, split, bad, valid, share }) => [
      `${code(objective)}${split === null ? '' : ` ${code(split)}`}`,
      `${count(bad)} / ${count(valid)}`,
      consumedPercent(share),
    ]),
    exercise === null ? 'What the exercise spent was not computed.' : 'No objective was fed while the exercise ran.',
  );
  const stretch =
    exercise === null
      ? ''
      : `From the first injection to the end, in whole tally steps: ${utc(exercise.fromMs)} to ${utc(exercise.toMs)}. Whatever else failed in that time is in it.`;
  const own = statuses.filter(({ objective }) => objective.service === started?.component);
  const after = table(
    [
      { name: 'Afterwards' },
      { name: 'Attained (good / valid)' },
      { name: 'Budget consumed', align: 'right' },
      { name: 'Colour' },
    ],
    own.map((status) => [
      code(status.objective.id),
      attained(status),
      consumedPercent(status.consumed),
      colourWord(status.colour),
    ]),
    '',
  );
  return [spent, stretch, after].filter((block) => block !== '').join('\n\n');
}

function notes(story: Story): string {
  if (story.notes.length === 0) return 'None.';
  return list(
    story.notes.map((note) => {
      const since = sinceInjection(story, note);
      return `${utc(note.atMs)}${since === null ? '' : ` (${offset(since)})`}: ${text(note.text)}`;
    }),
  );
}
