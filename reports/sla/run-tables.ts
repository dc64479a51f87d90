/** The tables about the prober itself: how much it saw, and what its exercises cost. */
import type { Exercise } from '../exercise.ts';
import { consumedPercent, count, shareText, span, utc } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { mostFirst } from '../measured/order.ts';
import type { ProbeRuns } from '../measurements.ts';
import type { SlaReport } from './report.ts';

export function coverageTable({ measurements }: Pick<SlaReport, 'measurements'>): string {
  return table(
    [
      { name: 'Probe' },
      { name: 'Service' },
      { name: 'Coverage (measured / due)' },
      { name: 'Good', align: 'right' },
      { name: 'Bad', align: 'right' },
      { name: 'Excluded', align: 'right' },
      { name: 'Prober faults', align: 'right' },
      { name: 'Skipped', align: 'right' },
      { name: 'Reasons' },
      { name: 'Runs by cadence' },
      { name: 'Longest silence' },
    ],
    measurements.runs.map((run) => [
      code(run.probe),
      text(run.service),
      sumRatio([run]),
      ...[run.good, run.bad, run.excluded, run.faults, run.skipped].map(count),
      counted(run.reasons),
      counted(run.cadences),
      run.longestSilence.ms <= 0 ? '–' : `${span(run.longestSilence.ms)} from ${utc(run.longestSilence.fromMs)}`,
    ]),
    'No probe ran in the range.',
  );
}

export function sumRatio(runs: readonly ProbeRuns[]): string {
  const sum = (of: (run: ProbeRuns) => number) => runs.reduce((total, run) => total + of(run), 0);
  const measured = sum(({ good, bad, excluded }) => good + bad + excluded);
  return `${shareText(measured, measured + sum(({ faults, skipped }) => faults + skipped))} runs`;
}

function counted(counts: Readonly<Record<string, number>>): string {
  return mostFirst(Object.entries(counts))
    .map(([name, times]) => `${text(name)} ${count(times)}`)
    .join(', ');
}

export function exerciseTable(exercises: readonly Exercise[]): string {
  return table(
    [
      { name: 'Game-day' },
      { name: 'When (UTC)' },
      { name: 'Verdict' },
      { name: 'Objective' },
      { name: 'Bad / valid events' },
      { name: 'Share of the whole budget', align: 'right' },
    ],
    exercises.flatMap((exercise) => {
      const head = [
        `${text(exercise.title)} ${code(exercise.gameday)}`,
        `${utc(exercise.fromMs)}, ${span(exercise.toMs - exercise.fromMs)}`,
        text(exercise.verdict ?? 'not finished'),
      ];
      if (exercise.spent.length === 0) return [[...head, 'no objective was fed', '–', '–']];
      return exercise.spent.map(({ objective, split, bad, valid, share }) => [
        ...head,
        `${code(objective)}${split === null ? '' : ` ${code(split)}`}`,
        `${count(bad)} / ${count(valid)}`,
        consumedPercent(share),
      ]);
    }),
    'No exercise ran in the range.',
  );
}
