/** "Domain leads refresh SLO definitions and validate alert thresholds. Update this document with changes and circulate meeting notes." */
import type { Status } from '../../slo/status.ts';
import { announcedVersions, versionAt } from '../../slo/targets.ts';
import { changedOf } from '../../store/target-records.ts';
import {
  attainmentPercent,
  burnText,
  consumedPercent,
  count,
  plural,
  shareText,
  targetPercent,
  utcMinute,
} from '../figures.ts';
import { code, image, list, page, table, text } from '../markdown.ts';
import { promise, unsignedText, versionText, windowText } from '../objective-text.ts';
import { fileNames, type RenderedFile, type RenderedReport } from '../rendered.ts';
import { scaleWarning } from '../scale-warning.ts';
import { attainmentChart } from './charts.ts';
import type { Review, Reviewed } from './data.ts';
import { BLANK, itemTable, marginText, nameOf, opening, ownersOf, pointsText, standingText, titleOf } from './parts.ts';

/** Of those whose margin shrank most. */
const MOST_CHARTS = 6;

export function renderMonthly(review: Review, name: string): RenderedReport {
  const { reviewed, items, base } = review;
  const nameFile = fileNames();
  const files: RenderedFile[] = [];
  const shrunk = reviewed
    .filter((each) => (driftOf(each) ?? 0) < 0)
    .toSorted((a, b) => (driftOf(a) ?? 0) - (driftOf(b) ?? 0));
  const charts = shrunk.slice(0, MOST_CHARTS).flatMap((each) => {
    const content = attainmentChart(review, each);
    if (content === null) return [];
    const file = nameFile(name, each.status.objective.id, 'svg');
    files.push({ name: file, content });
    return [image(`What failed of ${each.status.objective.id} over time, against its target`, file)];
  });
  const unsigned = reviewed.filter(({ status }) => isUnsigned(status)).length;
  const markdown = page([
    titleOf('Monthly review of definitions and thresholds', review),
    scaleWarning(base.scale),
    `${standingText(reviewed)} ${shrunk.length === 0 ? 'No attainment fell.' : `The attainment of ${shrunk.length} fell.`} ${unsigned === 0 ? 'Every definition is signed off.' : `**${plural(unsigned, 'definition')} ${unsigned === 1 ? 'waits' : 'wait'} for a sign-off or rests on an assumption.**`}`,
    opening(
      review,
      `${ownersOf(reviewed)}; SRE prepares`,
      'for each row below whether its definition and its thresholds still hold; a change needs an RFC with the sign-off of SRE lead, domain owner and product',
    ),
    '## Definitions to validate',
    definitionTable(reviewed, base.scale),
    '## Alert thresholds to validate',
    thresholdTable(review),
    'A pair burns when both of its lookbacks are at or above the factor; hours are those of the hourly record. A pair that never burned beside incidents is too coarse, one whose pages nobody acted on is too fine.',
    '## Drift of attainment against target',
    driftTable(reviewed),
    'From the first to the last evaluation of the period, each over the objective’s own window; *margin* is what was attained above what is promised, in percentage points.',
    ...charts,
    '## Changes of targets and rules',
    changeList(review),
    '## Thin data and regressions',
    itemTable(items),
    'An objective that is thin day after day has a minimum that its probes cannot reach, or too few probes.',
    '## Notes of the meeting',
    list([
      `present: ${BLANK}`,
      `definitions changed, with their RFC: ${BLANK}`,
      `thresholds changed: ${BLANK}`,
      `circulated to: ${BLANK}, on ${BLANK}`,
    ]),
  ]);
  return { name: `${name}.md`, markdown, files };
}

function isUnsigned({ objective, atMs }: Status): boolean {
  return objective.assumptions.length > 0 || (versionAt(objective, atMs)?.lacks.length ?? 0) > 0;
}

function definitionTable(reviewed: readonly Reviewed[], scale: number): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Promise' },
      { name: 'Window, event minimum' },
      { name: 'Owned by' },
      { name: 'Version' },
      { name: 'Still right?' },
    ],
    reviewed.map(({ status: { objective, atMs } }) => {
      const version = versionAt(objective, atMs);
      const since = version?.fromMs == null ? 'unchanged' : `since ${utcMinute(version.fromMs)}`;
      const unsigned = version === null ? null : unsignedText(version);
      return [
        nameOf({ objective }),
        text(promise(objective)),
        `${windowText(objective, scale)}, ${count(objective.minEvents)} events`,
        text(objective.owners.join(', ')),
        [
          `${version?.version == null ? '' : `${text(version.version)}, `}${since}`,
          ...(unsigned === null ? [] : [`**${text(unsigned)}**`]),
          ...objective.assumptions.map((each) => `† ${text(each)}`),
        ].join('; '),
        BLANK,
      ];
    }),
    'No objective is configured.',
  );
}

function thresholdTable({ reviewed, alerts }: Review): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Burns at' },
      { name: 'Over' },
      { name: 'Raises' },
      { name: 'Burned in (hours)' },
      { name: 'Pages, tickets of the objective' },
      { name: 'Still right?' },
    ],
    reviewed.flatMap(({ status, hours }) => {
      const own = alerts.filter(({ objective }) => objective === status.objective.id);
      const of = (as: string): number => own.filter((each) => each.as === as).length;
      const raised = `${plural(of('page'), 'page')}, ${plural(of('ticket'), 'ticket')}`;
      return status.pairs.map(({ long, short, factor, severity }) => [
        code(status.objective.id),
        burnText(factor),
        `${long} and ${short}`,
        severity,
        shareText(hours.filter(({ burning }) => burning.includes(`${long} and ${short}`)).length, hours.length),
        raised,
        BLANK,
      ]);
    }),
    'No burn-rate rule applies.',
  );
}

/** In percentage points. */
function driftOf({ first, last }: Reviewed): number | null {
  if (first?.attainmentPct == null || last?.attainmentPct == null) return null;
  return last.attainmentPct - first.attainmentPct;
}

function driftTable(reviewed: readonly Reviewed[]): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Target', align: 'right' },
      { name: 'At first (good / valid)' },
      { name: 'Now (good / valid)' },
      { name: 'Drift', align: 'right' },
      { name: 'Margin', align: 'right' },
      { name: 'Consumed', align: 'right' },
    ],
    reviewed
      .filter(({ status }) => status.attainment !== null)
      .map((each) => {
        const { status, first } = each;
        const drift = driftOf(each);
        return [
          code(status.objective.id),
          targetPercent(status.objective.target),
          first?.attainmentPct == null
            ? '–'
            : `${first.attainmentPct.toFixed(3)} % (${count(first.validEvents - first.badEvents)} / ${count(first.validEvents)})`,
          `${attainmentPercent(status)} (${count(status.tally.good)} / ${count(status.validEvents)})`,
          drift === null ? '–' : pointsText(drift),
          marginText(status),
          consumedPercent(status.consumed),
        ];
      }),
    'No objective could be judged.',
  );
}

function changeList({ targets, reviewed }: Review): string {
  const lines = [
    ...targets.map(
      ({ atMs, subject, body }) => `${utcMinute(atMs)}: ${code(subject)}: ${text(changedOf(body).join(', '))}`,
    ),
    ...reviewed.flatMap(({ status: { objective, atMs } }) =>
      announcedVersions(objective, atMs).map(
        (each) =>
          `announced for ${utcMinute(each.fromMs ?? 0)}: ${code(objective.id)} ${text(versionText(each))}${each.rfc === null ? '' : ` (${text(each.rfc)})`}`,
      ),
    ),
  ];
  return lines.length === 0 ? 'Nothing changed in the period, and nothing is announced.' : list(lines);
}
