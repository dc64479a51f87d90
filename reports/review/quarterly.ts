/** "Leadership reviews SLA adherence, approves budget for reliability initiatives, and signs off on any SLA changes." */
import { SIGN_OFF_ROLES } from '../../slo/objective.ts';
import { consumedPercent, count, plural, shareText, span, utcDay, utcMinute } from '../figures.ts';
import { code, image, list, page, table, text } from '../markdown.ts';
import { measuredText } from '../measured-period.ts';
import { attained, signOffsText, versionText } from '../objective-text.ts';
import { fileNames, type RenderedFile, type RenderedReport } from '../rendered.ts';
import { replayNotes, replayRows } from '../replay/text.ts';
import { scaleWarning } from '../scale-warning.ts';
import { withoutTable } from '../sla/exclusion-tables.ts';
import { attainmentChart } from './charts.ts';
import type { Proposed, Review, Reviewed } from './data.ts';
import { BLANK, dutyTable, incidentTable, marginText, opening, standingText, titleOf } from './parts.ts';

export function renderQuarterly(review: Review, name: string): RenderedReport {
  const { reviewed, base, without, duties, proposed } = review;
  const slas = reviewed.filter(({ status }) => status.objective.commitment === 'sla');
  const others = reviewed.filter(({ status }) => status.objective.commitment !== 'sla');
  const nameFile = fileNames();
  const files: RenderedFile[] = [];
  const charts = slas.flatMap((each) => {
    const content = attainmentChart(review, each);
    if (content === null) return [];
    const file = nameFile(name, each.status.objective.id, 'svg');
    files.push({ name: file, content });
    return [image(`What failed of ${each.status.objective.id} over time, against its target`, file)];
  });
  const markdown = page([
    titleOf('Quarterly SLA review', review),
    scaleWarning(base.scale),
    adherence(review, slas),
    opening(
      review,
      'leadership, with SRE lead, domain owners and product',
      'whether the commitments to customers stand, which reliability work is paid for, and each proposed change, signed below',
    ),
    '## SLA adherence',
    slaTable(review, slas),
    ...(without.length === 0
      ? []
      : [
          'Beside it, without what was agreed to be left out:',
          withoutTable(
            reviewed.map(({ status }) => status),
            without,
          ),
        ]),
    '## Trend',
    trendTable(review, slas),
    ...charts,
    '## Incidents',
    incidentText(review),
    incidentTable(review),
    '## Internal objectives',
    standingText(others),
    serviceTable(others),
    '## Where reliability work is owed',
    dutyTable(duties),
    list([`initiatives proposed, with what they cost: ${BLANK}`, `approved: ${BLANK}`]),
    '## Proposed changes, replayed on the stored history',
    ...(proposed.length === 0
      ? ['None: no change is proposed or announced.']
      : proposed.flatMap((each) => proposal(each, review))),
    '## Sign-off',
    signOffTable(proposed),
  ]);
  return { name: `${name}.md`, markdown, files };
}

function adherence({ base }: Review, slas: readonly Reviewed[]): string {
  if (slas.length === 0) return 'No commitment to customers (SLA) is among the objectives.';
  const of = (met: boolean | null) => slas.filter(({ status }) => status.met === met);
  const missed = of(false);
  const short = of(true).filter(({ isShort }) => isShort);
  const parts = [
    `${of(true).length - short.length} of ${plural(slas.length, 'commitment')} to customers held`,
    ...(short.length === 0
      ? []
      : [
          `**${short.length} measured too short to say** (${short.map(({ status, period }) => `${code(status.objective.id)} ${measuredText(period, base.scale)}`).join('; ')})`,
        ]),
    ...(missed.length === 0
      ? []
      : [`**${missed.length} missed** (${missed.map(({ status }) => code(status.objective.id)).join(', ')})`]),
    ...(of(null).length === 0 ? [] : [`${of(null).length} not known`]),
  ];
  return `${parts.join(', ')}.`;
}

function slaTable({ base }: Review, slas: readonly Reviewed[]): string {
  return table(
    [
      { name: 'Commitment' },
      { name: 'Attained (good / valid)' },
      { name: 'Margin', align: 'right' },
      { name: 'Consumed', align: 'right' },
      { name: 'Held now?' },
      { name: 'Measured' },
      { name: 'Held at evaluations' },
    ],
    slas.map(({ status, judged, period, isShort }) => [
      `${code(status.objective.id)} ${text(status.objective.title)}`,
      status.attainment === null ? text(status.unknownBecause ?? '–') : attained(status),
      marginText(status),
      consumedPercent(status.consumed),
      status.met === null ? '–' : status.met ? (isShort ? 'as far as measured' : 'held') : '**missed**',
      period === null || period.sinceMs === null ? '–' : measuredText(period, base.scale) || 'all of its window',
      shareText(judged.met, judged.known),
    ]),
    'No commitment to customers (SLA) is among the objectives.',
  );
}

const PARTS = 3;

/** As the evaluations stood at the end of each third of the period. */
function trendTable({ fromMs, toMs }: Review, slas: readonly Reviewed[]): string {
  const ends = Array.from({ length: PARTS }, (_, index) => fromMs + ((toMs - fromMs) * (index + 1)) / PARTS);
  return table(
    [{ name: 'Commitment' }, { name: 'At the first evaluation' }, ...ends.map((end) => ({ name: utcDay(end) }))],
    slas.map(({ status, points, first }) => [
      code(status.objective.id),
      first === null ? '–' : `${utcMinute(first.atMs)}: ${pointText(first)}`,
      ...ends.map((end) => pointText(points.findLast(({ atMs }) => atMs <= end) ?? null)),
    ]),
    'No commitment was evaluated in the period.',
  );
}

function pointText(point: Reviewed['first']): string {
  if (point?.attainmentPct == null || point.consumedPct === null) return '–';
  return `${point.attainmentPct.toFixed(3)} %, ${consumedPercent(point.consumedPct / 100)} consumed (${count(point.validEvents - point.badEvents)} / ${count(point.validEvents)} events)`;
}

function incidentText({ incidents }: Review): string {
  if (incidents.length === 0) return '';
  const breaches = incidents.filter(({ isBreach }) => isBreach);
  const minutes = (of: Review['incidents']): string => span(of.reduce((sum, { withinMs }) => sum + withinMs, 0));
  return `${plural(incidents.length, 'incident')} took ${minutes(incidents)} of the period, ${breaches.length} of them (${minutes(breaches)}) a breach of an SLA.`;
}

function serviceTable(others: readonly Reviewed[]): string {
  const services = Map.groupBy(others, ({ status }) => status.objective.service);
  return table(
    [{ name: 'Service' }, { name: 'Owned by' }, { name: 'Held' }, { name: 'Missed' }, { name: 'Not known' }],
    [...services].map(([service, all]) => {
      const of = (met: boolean | null) =>
        all
          .filter(({ status }) => status.met === met)
          .map(({ status }) => code(status.objective.id))
          .join(', ');
      const owners = [...new Set(all.flatMap(({ status }) => status.objective.owners))];
      return [text(service), text(owners.join(', ')), of(true), of(false), of(null)];
    }),
    'No internal objective is configured.',
  );
}

function proposal(each: Proposed, { base }: Review): readonly string[] {
  const { objective, title, origin, rfc, version, replay, because } = each;
  const agreed =
    version === null ? '' : ` It is announced for ${utcDay(version.fromMs ?? 0)}: ${text(versionText(version))}.`;
  const signed =
    version === null || version.signOffs.length === 0 ? '' : ` Signed by ${text(signOffsText(version.signOffs))}.`;
  return [
    `### ${code(objective)}: ${text(title)}`,
    `${origin === 'announced' ? 'Announced' : 'Proposed'}${rfc === null ? ', **without an RFC**' : ` in ${text(rfc)}`}.${agreed}${signed}`,
    ...(replay === null
      ? [`It could not be replayed: ${text(because ?? 'nothing is stored')}.`]
      : [
          table(
            [{ name: 'Figure' }, { name: 'As it is', align: 'right' }, { name: 'As proposed', align: 'right' }],
            replayRows(replay, base).map(({ what, before, after }) => [
              text(what),
              text(before),
              before === after ? text(after) : `**${text(after)}**`,
            ]),
            '',
          ),
          list(replayNotes(replay, base).map(text)),
        ]),
  ];
}

function signOffTable(proposed: readonly Proposed[]): string {
  return table(
    [{ name: 'What' }, ...SIGN_OFF_ROLES.map((role) => ({ name: role })), { name: 'Date' }],
    [
      ['SLA adherence as above', BLANK, BLANK, BLANK, BLANK],
      ...proposed.map(({ objective, owners, origin }) => [
        `${code(objective)} as ${origin}${owners.length === 0 ? '' : ` (owned by ${text(owners.join(', '))})`}`,
        BLANK,
        BLANK,
        BLANK,
        BLANK,
      ]),
    ],
    '',
  );
}
