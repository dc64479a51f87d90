/** "Review error budget dashboard in SRE sync, assign owners to investigate burn trends." */
import type { Status } from '../../slo/status.ts';
import { burnText, count, plural, shareText, utcMinute } from '../figures.ts';
import { code, image, page, table, text } from '../markdown.ts';
import { fileNames, type RenderedFile, type RenderedReport } from '../rendered.ts';
import { scaleWarning } from '../scale-warning.ts';
import { burnChart } from './charts.ts';
import type { Review, Reviewed } from './data.ts';
import {
  BLANK,
  budgetTable,
  decidedList,
  dutyTable,
  incidentTable,
  itemTable,
  nameOf,
  opening,
  ownersOf,
  standingText,
  titleOf,
} from './parts.ts';

/** A meeting reads no more. */
const MOST_CHARTS = 8;

export function renderWeekly(review: Review, name: string): RenderedReport {
  const { reviewed, items, duties, cadence } = review;
  const matters = reviewed.flatMap((each) => {
    const why = whyAssigned(each);
    return why.length === 0 ? [] : [{ each, why }];
  });
  const nameFile = fileNames();
  const files: RenderedFile[] = [];
  const charts = matters.slice(0, MOST_CHARTS).flatMap(({ each }) => {
    const content = burnChart(review, each);
    if (content === null) return [];
    const file = nameFile(name, each.status.objective.id, 'svg');
    files.push({ name: file, content });
    return [image(`Burn rate of ${each.status.objective.id} by the hour`, file)];
  });
  const markdown = page([
    titleOf('Weekly error-budget review', review),
    scaleWarning(review.base.scale),
    `${standingText(reviewed)} ${needsText(matters.map(({ each }) => each))} ${plural(duties.filter(({ metMs }) => metMs === null).length, 'obligation')} and ${plural(items.filter(({ closed }) => closed === null).length, 'review item')} are open.`,
    opening(review, `SRE sync, with ${ownersOf(reviewed)}`, 'who looks into each objective below, and until when'),
    '## To be assigned',
    table(
      [{ name: 'Objective' }, { name: 'Why' }, { name: 'Owned by' }, { name: 'Assigned to' }, { name: 'Until' }],
      matters.map(({ each, why }) => [
        nameOf(each.status),
        why.join('; '),
        text(each.status.objective.owners.join(', ')),
        BLANK,
        BLANK,
      ]),
      'Nothing: no budget is Yellow or Red, none burned faster than it may for more than an hour, none is unknown.',
    ),
    '## Error budgets',
    budgetTable(reviewed),
    '## Burn trends',
    trendTable(reviewed),
    `Burn rates were recorded in ${shareText(cadence.recorded, cadence.hours)} hours. A rate of 1× spends exactly the whole budget over the window; *now* is the smaller of one and six hours.`,
    ...charts,
    '## Open obligations',
    dutyTable(duties),
    '## Open review items',
    itemTable(items),
    '## Incidents of the week',
    incidentTable(review),
    '## Decided beside the tool',
    decidedList(review),
  ]);
  return { name: `${name}.md`, markdown, files };
}

/** A row that nothing is known of does not burn, and needs somebody all the same. */
function needsText(matters: readonly Reviewed[]): string {
  const unknown = matters.filter(({ status }) => status.colour === 'unknown').length;
  const known = matters.length - unknown;
  if (matters.length === 0) return 'No objective needs an owner.';
  const parts = [
    ...(known === 0
      ? []
      : [`${plural(known, 'objective')} whose ${known === 1 ? 'budget burns or runs' : 'budgets burn or run'} short`]),
    ...(unknown === 0 ? [] : [`${plural(unknown, 'objective')} of which nothing is known`]),
  ];
  return `${parts.join(' and ')} ${matters.length === 1 ? 'needs' : 'need'} an owner.`;
}

/** Empty: nobody has to look. */
function whyAssigned({ status, hours }: Reviewed): readonly string[] {
  const { colour, met, unknownBecause, burnNow, regression } = status;
  const fast = hours.filter(({ burnNow: burn }) => (burn ?? 0) > 1).length;
  return [
    ...(colour === 'unknown' ? [`unknown: ${text(unknownBecause ?? 'nothing was measured')}`] : []),
    ...(met === false ? ['**missed**'] : colour === 'red' ? ['Red'] : colour === 'yellow' ? ['Yellow'] : []),
    ...(burnNow !== null && burnNow > 1 ? [`burns at ${burnText(burnNow)} now`] : []),
    ...(fast > 1 ? [`burned faster than 1× in ${count(fast)} hours`] : []),
    ...(regression === true ? ['more than 2 % worse than its target'] : []),
    ...forecast(status),
  ];
}

function forecast({ alert, sev2Within24h, met }: Status): readonly string[] {
  if (met === false) return [];
  if (sev2Within24h) return ['exhausted in under 24 h'];
  if (alert === null) return [];
  return [alert === 'RED_LT_72H' ? 'exhausted in under 72 h' : 'exhausted in under 7 d'];
}

function trendTable(reviewed: readonly Reviewed[]): string {
  return table(
    [
      { name: 'Objective' },
      { name: 'Worst hour' },
      { name: 'Hours above 1×' },
      { name: 'now', align: 'right' },
      { name: '1d', align: 'right' },
      { name: '3d', align: 'right' },
      { name: 'Trend' },
    ],
    reviewed
      .filter(({ status }) => status.attainment !== null)
      .map(({ status, hours }) => {
        const known = hours.filter(({ burn1h }) => burn1h !== null);
        const worst = known.toSorted((a, b) => (b.burn1h ?? 0) - (a.burn1h ?? 0))[0];
        return [
          code(status.objective.id),
          worst === undefined || worst.burn1h === 0 ? '–' : `${burnText(worst.burn1h)} at ${utcMinute(worst.atMs)}`,
          shareText(known.filter(({ burn1h }) => (burn1h ?? 0) > 1).length, known.length),
          burnText(status.burnNow),
          burnText(status.burn['1d']),
          burnText(status.burn['3d']),
          trendText(status),
        ];
      }),
    'No objective could be judged.',
  );
}

/** The last day against the last three. */
function trendText({ burn }: Status): string {
  const [day, days] = [burn['1d'], burn['3d']];
  if (day === null || days === null) return '–';
  if (day === 0 && days === 0) return 'quiet';
  if (day > days * 1.1) return 'rising';
  return day < days * 0.9 ? 'falling' : 'steady';
}
