/** A page for somebody outside: what was promised, whether it was kept, and how that is known. No figure is computed here. */
import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import { checkSection, restatementSection } from '../evidence/document.ts';
import { plural, span, utc, utcRange } from '../figures.ts';
import { image, list, page, text } from '../markdown.ts';
import { measuredText, periodFor, periodTable, shortPeriod } from '../measured-period.ts';
import { attained, policySpan, promise } from '../objective-text.ts';
import { fileNames, type RenderedFile, type RenderedReport } from '../rendered.ts';
import { scaleWarning } from '../scale-warning.ts';
import { latencyChart } from '../sla/charts.ts';
import { exclusionTable, withoutTable } from '../sla/exclusion-tables.ts';
import type { ReportedIncident } from '../sla/incidents.ts';
import { knownText, wholeText } from '../sla/page.ts';
import type { SlaReport } from '../sla/report.ts';
import { failedChart } from './charts.ts';
import { creditOf, creditTable } from './credit.ts';
import {
  coverageTable,
  figureTable,
  incidentTable,
  methodTable,
  promiseTable,
  refusedTable,
  verdictOf,
} from './tables.ts';
import { explained, reviewTexts } from './words.ts';

export interface CustomerOptions {
  /** Also what was not promised to customers. */
  readonly internal: boolean;
}

export function renderCustomer(report: SlaReport, { internal }: CustomerOptions = { internal: false }): RenderedReport {
  const all = governing(report.statuses);
  const statuses = all.filter(({ objective }) => internal || objective.commitment === 'sla');
  const without = report.without.filter(({ objective }) => statuses.some((each) => each.objective.id === objective.id));
  const services = new Set(statuses.map(({ objective }) => objective.service));
  const incidents = report.incidents.filter(({ service }) => service !== null && services.has(service));
  const exclusions = report.exclusions.filter(
    (each) =>
      each.services.some((service) => services.has(service)) ||
      each.objectives.some((id) => statuses.some(({ objective }) => objective.id === id)),
  );
  const refused = refusedTable(report, statuses);
  const flagged = statuses.flatMap((status) =>
    reviewTexts(status, shortText(report, status)).map((words) => `${text(status.objective.title)}: ${words}`),
  );
  const charts = drawn(report, statuses, incidents);
  const assumed = statuses.flatMap(({ objective }) =>
    objective.assumptions.map((each) => `${text(objective.title)}: ${text(each)}`),
  );
  const markdown = page([
    titleOf(report),
    scaleWarning(report.scale),
    summary(report, statuses),
    list(statuses.map((status) => oneByOne(report, status, without))),
    periodText(report, statuses),
    ...(report.document === undefined ? [] : restatementSection(report.document, titlesOf(statuses))),
    '## What was promised',
    promiseTable(statuses, report.scale),
    '## How it was measured',
    methodTable(report, statuses),
    `Everything was measured from ${text(report.location)}, by our own program, which asks as a client would. What it asks and how often is said as it is set up at the time of writing; how many runs there were, and for how long each of them stands, is from the record, and the figures go by that. When a service is unwell it asks more often, which changes no figure.`,
    '## What was measured',
    figureTable(report, statuses),
    coverageTable(report, statuses),
    periodTable(report, statuses, { head: 'Commitment', name: ({ objective }) => text(objective.title) }),
    'Coverage is of the measurements that were due while our program ran. Of time in which it did not run nothing is known, neither that a promise was kept nor that it was missed: how much of the period that is stands in the last table.',
    ...(refused === ''
      ? []
      : [
          '### Refused requests',
          refused,
          'A contract that says nothing of refused requests finds here what the figure would be if each were a failure.',
        ]),
    '## To be reviewed',
    flagged.length === 0 ? 'Nothing: no figure above is flagged.' : list(flagged),
    '## Incidents',
    incidentText(incidents),
    incidentTable(incidents),
    '## Maintenance and other exclusions',
    exclusionTable(exclusions),
    ...(without.length === 0 ? [] : [withoutTable(statuses, without)]),
    ...(exclusions.length === 0
      ? []
      : [
          'Nothing was deleted: the figures above and all verdicts count everything, and these stand beside them. A minute that an exclusion covers only in part counts.',
        ]),
    '## Over time',
    charts.markdown,
    '## Figures for service credits',
    creditTable(statuses, without, { scale: report.scale, verdict: (status) => verdictOf(report, status) }),
    'The figures that a credit clause asks for, cut off (not rounded) at the digits of the promise. *Failed* and *allowed* are of the time that was measured. Which credit follows is for the contract to say, and not stated here.',
    '## What the words mean',
    explained(),
    ...(assumed.length === 0 ? [] : ['## Assumptions that are not agreed yet', list(assumed)]),
    '## About this document',
    about(report, internal),
    ...(report.document === undefined ? [] : checkSection(report.document)),
  ]);
  return { name: 'sla-customer.md', markdown, files: charts.files };
}

function titlesOf(statuses: readonly Status[]): ReadonlyMap<string, string> {
  return new Map(statuses.map(({ objective }) => [objective.id, objective.title]));
}

function titleOf({ environment, isEnvironmentNamed, fromMs, toMs }: SlaReport): string {
  const where = isEnvironmentNamed ? `${text(environment)}, ` : '';
  return `# Service-level report: ${where}${utcRange(fromMs, toMs)}`;
}

function summary(report: SlaReport, statuses: readonly Status[]): string {
  const { fromMs, toMs, scale } = report;
  const promised = statuses.filter(({ objective }) => objective.commitment === 'sla');
  const range = promised.every(({ objective }) => objective.windowMs === toMs - fromMs)
    ? rangeText(fromMs, toMs, scale)
    : `Each over its own period up to ${utc(toMs)} (${periodsOf(promised, scale)}),`;
  if (promised.length === 0) return `${range} nothing was promised to customers among the objectives of this report.`;
  const of = (met: boolean | null) => promised.filter((status) => status.met === met);
  const isShort = ({ objective }: Status): boolean => shortPeriod(report, objective) !== null;
  const [missed, unknown] = [of(false), of(null)];
  const kept = of(true).filter((status) => !isShort(status));
  const short = of(true).filter(isShort);
  const names = (some: readonly Status[]): string => some.map(({ objective }) => text(objective.title)).join(', ');
  if (promised.length === 1) {
    const [only] = short;
    if (only !== undefined) {
      return `${range} the one service-level commitment was kept **as far as it was measured** (${shortText(report, only)}).`;
    }
    const verdict =
      kept.length === 1 ? 'was **kept**' : missed.length === 1 ? 'was **missed**' : 'could **not be judged**';
    return `${range} the one service-level commitment ${verdict}.`;
  }
  if (kept.length === promised.length) {
    return `${range} all ${promised.length} service-level commitments were **kept**.`;
  }
  const parts = [
    `${kept.length} of ${plural(promised.length, 'service-level commitment')} ${kept.length === 1 ? 'was' : 'were'} **kept**`,
    ...(short.length === 0
      ? []
      : [
          `${short.length} ${short.length === 1 ? 'was' : 'were'} kept **as far as measured**, which is too little of the period to say more (${short.map((status) => `${text(status.objective.title)}: ${shortText(report, status)}`).join('; ')})`,
        ]),
    ...(missed.length === 0
      ? []
      : [`${missed.length} ${missed.length === 1 ? 'was' : 'were'} **missed** (${names(missed)})`]),
    ...(unknown.length === 0 ? [] : [`of ${unknown.length} it is **not known** (${names(unknown)})`]),
  ];
  return `${range} ${parts.join(', ')}.`;
}

/** Null: enough of its period was measured. */
function shortText(report: SlaReport, { objective }: Status): string | null {
  const period = shortPeriod(report, objective);
  return period === null ? null : measuredText(period, report.scale);
}

function oneByOne(report: SlaReport, status: Status, without: readonly Status[]): string {
  const { objective, met } = status;
  const measured = measuredText(periodFor(report, objective), report.scale);
  const head = `**${text(objective.title)}**: ${verdictOf(report, status)}. Promised: ${text(promise(objective))}.`;
  if (met === null) return `${head} Nothing can be said: ${text(status.unknownBecause ?? 'nothing was measured')}.`;
  const other = without.find((each) => each.objective.id === objective.id);
  const beyond = met ? null : creditOf(status)?.beyond;
  const thin = status.enoughEvents ? '' : ' There were too few measurements to rely on without a review.';
  return (
    [
      head,
      `Measured: ${attained(status)}.`,
      ...(measured === '' ? [] : [`The period was ${measured}.`]),
      ...(beyond == null || beyond === '–' ? [] : [`Failed beyond what was allowed: ${beyond}.`]),
      ...(other === undefined || other.attainment === null
        ? []
        : [`Without what was agreed to be left out: ${attained(other)}, ${verdictOf(report, other)}.`]),
    ].join(' ') + thin
  );
}

function periodText({ fromMs, toMs, scale }: SlaReport, statuses: readonly Status[]): string {
  const windows = [...new Set(statuses.map(({ objective }) => objective.windowMs))];
  if (windows.length === 0 || (windows.length === 1 && windows[0] === toMs - fromMs)) return '';
  return `Each commitment is judged over its own period, the ${periodsOf(statuses, scale)} before ${utc(toMs)}; charts and lists cover ${utc(fromMs)} to ${utc(toMs)}.`;
}

/** "90 d or 1 d": each that there is, the longest first. */
function periodsOf(statuses: readonly Status[], scale: number): string {
  const windows = new Set(statuses.map(({ objective }) => objective.windowMs));
  return [...windows]
    .toSorted((a, b) => b - a)
    .map((ms) => policySpan(ms, scale))
    .join(' or ');
}

function rangeText(fromMs: number, toMs: number, scale: number): string {
  const said = utcRange(fromMs, toMs);
  return `${said.includes(' to ') ? 'From' : 'On'} ${said} (${policySpan(toMs - fromMs, scale)})`;
}

function incidentText(incidents: readonly ReportedIncident[]): string {
  if (incidents.length === 0) return '';
  const breaches = incidents.filter(({ isBreach }) => isBreach);
  const minutes = (of: readonly ReportedIncident[]): string => span(of.reduce((sum, each) => sum + each.withinMs, 0));
  const broken =
    breaches.length === 0
      ? 'None of them broke a commitment.'
      : `${plural(breaches.length, 'incident')} (${minutes(breaches)}) broke a commitment.`;
  return `${plural(incidents.length, 'incident')}, ${minutes(incidents)} in all. ${broken} An incident goes on until somebody has declared it resolved, which may be later than the last failure.`;
}

function drawn(
  report: SlaReport,
  statuses: readonly Status[],
  incidents: readonly ReportedIncident[],
): { markdown: string; files: readonly RenderedFile[] } {
  const nameFile = fileNames();
  const files: RenderedFile[] = [];
  const draw = (prefix: string, id: string, description: string, content: string): string => {
    const name = nameFile(prefix, id, 'svg');
    files.push({ name, content });
    return image(description, name);
  };
  const blocks = statuses.flatMap((status) => {
    const { objective } = status;
    const failed = failedChart(report, status, incidents);
    const measured = report.measurements.measured.filter(
      ({ probe, indicator }) =>
        objective.sli.type === 'threshold' && objective.sli.indicator === indicator && objective.probes.includes(probe),
    );
    const images = [
      ...(failed === null
        ? []
        : [draw('sla-customer-failed', objective.id, `${objective.title}: share that failed over time`, failed)]),
      ...measured.map((each) =>
        draw(
          'sla-customer-measured',
          `${objective.id}-${each.probe}`,
          `${objective.title}: what was measured over time, in milliseconds`,
          latencyChart({ ...report, statuses: [status] }, each),
        ),
      ),
    ];
    return images.length === 0 ? [] : [`### ${text(objective.title)}`, ...images];
  });
  return { markdown: blocks.length === 0 ? 'There are too few measurements to draw.' : blocks.join('\n\n'), files };
}

function about(report: SlaReport, internal: boolean): string {
  const { environment, isEnvironmentNamed, location, tool, toMs } = report;
  return list([
    `Measured ${isEnvironmentNamed ? `in ${text(environment)}, ` : ''}from ${text(location)}; judged as of ${utc(toMs)}`,
    wholeText(report),
    ...knownText(report, ` --audience customer${internal ? ' --internal' : ''}`),
    `Written by pulsedrill ${text(tool.version)} from its record of measurements`,
  ]);
}
