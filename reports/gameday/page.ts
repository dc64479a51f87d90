/** The record of a game-day: what it showed in the first lines, then how that is known. */
import type { Verdict } from '../../scenarios/journal.ts';
import { consumedPercent, count, offset, seconds, span, utc } from '../figures.ts';
import { code, image, list, page, table, text } from '../markdown.ts';
import { colourWord } from '../objective-text.ts';
import { fileNames, type RenderedReport } from '../rendered.ts';
import { scaleWarning } from '../scale-warning.ts';
import { actionTable, gapList } from './actions.ts';
import { charterTable } from './charter.ts';
import { gamedayChart } from './chart.ts';
import { compareTable } from './compare.ts';
import { alertTable, elsewhereLine } from './alerts.ts';
import { degradedTable, mustTable, stepTable, updateTable } from './found.ts';
import { glance } from './glance.ts';
import { liftedAfterMs } from './moments.ts';
import { recordOf, type GamedayInput, type Kept } from './record.ts';
import { capital, isDrill, readStory, sinceInjection, type Story } from './story.ts';
import { checkTable, conditionTable, faultTable, hypothesisTable, markTable, timelineTable } from './tables.ts';

export function renderGameday(input: GamedayInput): RenderedReport {
  const { journal } = input;
  const story = readStory(journal);
  const kept = recordOf(story, input);
  const id = story.gameday ?? 'unknown';
  const nameFile = fileNames();
  const drawn = gamedayChart(story, kept.series, kept.objectives);
  const chart = drawn === null ? null : { name: nameFile('gameday', `${id}-timeline`, 'svg'), content: drawn.svg };
  const markdown = page([
    `# Game-day: ${text(story.started?.title ?? id)}`,
    scaleWarning(story.started?.timeScale ?? 1),
    verdict(story),
    leftBehind(story),
    glance(story, kept),
    '## Charter and roles',
    charterTable(story, id),
    '## What was seen',
    chart === null
      ? 'Nothing was at hand to draw.'
      : image(`Faults, steady state, marks and what the probes measured over time, game-day ${id}`, chart.name),
    drawn?.caption ?? '',
    kept.series.length === 0 ? 'No measurement of the probes was at hand to draw.' : '',
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
    budget(kept, story),
    '## Beside the run before',
    compareTable(story, kept.before),
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
  const { detectedAfterMs, mitigatedAfterMs = null, recoveredAfterMs } = finished;
  const after = (word: string, ms: number | null): readonly string[] =>
    ms === null ? [] : [`${word} after ${seconds(ms)}`];
  const isNeeded = NEEDS_RECOVERY.includes(finished.verdict);
  const seen = [
    ...(detectedAfterMs === null ? ['detected never'] : after('detected', detectedAfterMs)),
    ...after('mitigated', mitigatedAfterMs),
    ...after('fault lifted', liftedAfterMs(story)),
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

function budget({ spent, spentUntilMs, objectives }: Kept, { started, injected }: Story): string {
  const none =
    injected === null ? 'Nothing was broken, so that it spent nothing.' : 'What the exercise spent was not computed.';
  const bill = table(
    [{ name: 'Objective' }, { name: 'Bad / valid events' }, { name: 'Share of the whole budget', align: 'right' }],
    (spent?.by ?? []).map(({ objective, split, bad, valid, share }) => [
      `${code(objective)}${split === null ? '' : ` ${code(split)}`}`,
      `${count(bad)} / ${count(valid)}`,
      consumedPercent(share),
    ]),
    spent === null ? none : 'No objective was fed while the exercise ran.',
  );
  const soFar = spentUntilMs === null ? '' : ` The exercise went on: this is as of ${utc(spentUntilMs)}.`;
  const stretch =
    spent === null
      ? ''
      : `From the first injection to the end, in whole tally steps: ${utc(spent.fromMs)} to ${utc(spent.toMs)}. Whatever else failed in that time is in it.${soFar}`;
  const own = objectives.filter(({ service }) => service === started?.component);
  const after = table(
    [
      { name: 'Afterwards' },
      { name: 'Attained (good / valid)' },
      { name: 'Budget consumed', align: 'right' },
      { name: 'Colour' },
    ],
    own.map(({ objective, attained, consumed, colour }) => [
      code(objective),
      text(attained),
      consumedPercent(consumed),
      colourWord(colour),
    ]),
    '',
  );
  return [bill, stretch, after].filter((block) => block !== '').join('\n\n');
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
