/** The budgets as a person reads them: a line of figures a row, and below it what to know before trusting them. */
import { durationText } from '../probes/duration.ts';
import { attainmentPercent, burnText, consumedPercent, count, percent, targetPercent } from '../reports/figures.ts';
import type { Objective } from '../slo/objective.ts';
import type { Status } from '../slo/status.ts';
import { flagsOf, hoursText } from './figures.ts';
import { table } from './table.ts';
import { versionNotes } from './target-text.ts';

/** What the table is made to fit into. */
const WIDTH = 160;

export function budgetTable(statuses: readonly Status[], scale: number): string {
  const [head = '', ...lines] = table(
    COLUMNS,
    statuses.map((status) => cells(status, scale)),
  ).split('\n');
  const text = [head, ...statuses.flatMap((status, index) => [lines[index] ?? '', ...detailLines(status)])];
  const notes = statuses.flatMap((status) => [...assumed(status), ...versionNotes(status)]);
  if (notes.length > 0) text.push('', ...notes);
  if (scale !== 1) {
    const month = durationText((30 * 86_400_000) / scale);
    text.push('', `Practice: policy time runs ${scale} times faster (a 30-day window is ${month}).`);
  }
  return text.join('\n');
}

const COLUMNS = [
  { head: 'objective' },
  { head: 'target', right: true },
  { head: 'window', right: true },
  { head: 'colour' },
  { head: 'attained', right: true },
  { head: 'good/valid', right: true },
  { head: '95 % interval', right: true },
  { head: 'consumed', right: true },
  { head: 'burn 1h', right: true },
  { head: '6h', right: true },
  { head: 'exhausted (naive)', right: true },
];

function cells(status: Status, scale: number): readonly string[] {
  const { objective, exhaustion } = status;
  const isUnknown = status.colour === 'unknown';
  return [
    nameOf(objective),
    targetPercent(objective.target),
    durationText(Math.round(objective.windowMs * scale)),
    status.colour.toUpperCase(),
    attainmentPercent(status),
    status.validEvents === 0 ? '–' : `${status.tally.good}/${status.validEvents}`,
    status.wilson === null ? '–' : `${percent(status.wilson.lower)} … ${percent(status.wilson.upper)}`,
    consumedPercent(status.consumed),
    burnText(status.burn['1h']),
    burnText(status.burn['6h']),
    isUnknown ? '–' : `${hoursText(exhaustion.rolloffHours)} (${hoursText(exhaustion.naiveHours)})`,
  ];
}

/** Second figures stand under their row, by what tells them apart. */
function nameOf({ id, beside }: Objective): string {
  return beside === undefined ? id : `  └ ${beside.label}`;
}

const INDENT = '    ';

/** Parted at what belongs together, so that no line is wider than the table. */
function detailLines(status: Status): readonly string[] {
  const lines: string[] = [];
  for (const detail of [...splitTexts(status), ...flagsOf(status)]) {
    const longer = lines.length === 0 ? null : `${lines.at(-1)}; ${detail}`;
    if (longer !== null && longer.length <= WIDTH) lines.splice(-1, 1, longer);
    else lines.push(`${INDENT}${detail}`);
  }
  return lines;
}

/** The figures above are those of the worst split; beside them the row's own, over all of its splits. */
function splitTexts({ own, splits, worstSplit, objective }: Status): readonly string[] {
  if (own === null || worstSplit === null) return [];
  const name = worstSplit.split === '' ? `no ${objective.split ?? 'split'}` : worstSplit.split;
  if (splits.length === 1) return [`only ${objective.split ?? 'split'}: ${name}`];
  const attained = attainmentPercent({ ...own, objective });
  const counts = `${count(own.tally.good)} / ${count(own.validEvents)}`;
  return [
    `worst ${objective.split ?? 'split'}: ${name}; all ${splits.length} together: ${attained} (${counts}), ${consumedPercent(own.consumed)} consumed`,
  ];
}

function assumed({ objective }: Status): readonly string[] {
  return objective.assumptions.map((assumption) => `† ${objective.id}: assumed: ${assumption}`);
}
