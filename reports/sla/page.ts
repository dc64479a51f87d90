/** The evidence as a page: an answer in plain words first, then every figure it rests on. */
import { governing } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import { utc, span, consumedPercent, plural, latency, count } from '../figures.ts';
import { code, image, list, page, table, text } from '../markdown.ts';
import { causeCounts, reasonText, type Miss } from '../causes.ts';
import { mostFirst } from '../measured/order.ts';
import type { Measured } from '../measurements.ts';
import { measuredText, periodFor, periodTable, shortPeriod } from '../measured-period.ts';
import { attained, indicatorName, promise } from '../objective-text.ts';
import { fileNames, type RenderedFile, type RenderedReport } from '../rendered.ts';
import { scaleWarning } from '../scale-warning.ts';
import { checkSection, restatementSection } from '../evidence/document.ts';
import { budgetChart, budgetCourse, latencyChart } from './charts.ts';
import { assumptions, definitions } from './definitions.ts';
import { answerTable, executionTable } from './order-tables.ts';
import { exclusionTable, withoutTable } from './exclusion-tables.ts';
import { incidentSection } from './incidents.ts';
import { overloadText } from './overloads.ts';
import type { Change, SlaReport } from './report.ts';
import { coverageTable, exerciseTable } from './run-tables.ts';
import { burnTable, confidenceTable, excludedTable, splitTable, windowTable } from './detail-tables.ts';
import { requiredText, versionTable } from './version-table.ts';
import { causeTable, objectiveTable, unknownTable } from './tables.ts';

export function renderSla(report: SlaReport): RenderedReport {
  const nameFile = fileNames();
  const files: RenderedFile[] = [];
  const draw = (prefix: string, id: string, description: string, content: string): string => {
    const name = nameFile(prefix, id, 'svg');
    files.push({ name, content });
    return image(description, name);
  };
  const { statuses } = report;
  const split = splitTable(statuses);
  const windows = windowTable(report);
  const excluded = excludedTable(statuses);
  const versions = versionTable(statuses);
  const markdown = page([
    `# Service-level evidence: ${text(report.environment)}`,
    scaleWarning(report.scale),
    answer(report),
    commitments(report),
    masthead(report),
    ...(report.document === undefined ? [] : restatementSection(report.document)),
    '## Objectives',
    objectiveTable(report),
    '“Attained” is good ÷ valid events, with the counts beside it. The 95 % interval tells how far the events could mislead, and whether they are enough to show that the target was kept or missed: see *Definitions*.',
    ...(report.misses.length === 0 ? [] : ['### What made rows miss', causeTable(report.misses)]),
    unknownTable(statuses),
    ...(versions === '' ? [] : ['### Targets and their versions', versions, requiredText(statuses)]),
    ...(report.targetChanges.length === 0 ? [] : ['Put on record in the range:', changes(report.targetChanges, '')]),
    ...(windows === '' ? [] : ['### Live windows of percentile objectives', windows]),
    ...(split === '' ? [] : ['### By endpoint, venue and location', split]),
    ...(excluded === '' ? [] : ['### Availability with and without what is excluded', excluded, EXCLUDED]),
    ...exclusionSection(report),
    '### How sure the figures are',
    confidenceTable(report),
    'Coverage is the share of what was due that gave a trustworthy measurement: of the time of the objective’s window, where events weigh by time, and of runs, those of the window where an event is a run, otherwise (feeds, of which every tick is an event) its probes’ in the range of this report; of telemetry, of the minutes (of a median, the slices) that its source was asked for.',
    '### How much of each window was measured',
    periodTable(report, statuses, { head: 'Objective', name: ({ objective }) => code(objective.id) }),
    'Time in which no prober ran lowers no coverage, because nothing was due; it stands here, by the minutes on record. Of a window that was measured for less than 90 % nothing is said as a whole; where all probes go by a calendar, of one that had more than a tenth behind it before its first measurement.',
    '## Burn rates and exhaustion',
    burnTable(statuses),
    'A burn rate of 1× spends exactly the whole budget over the window. “–”: no valid event in that stretch, or a stretch longer than the window. Exhaustion is in hours of the policy; *roll-off* lets old failures leave the window, *naive* does not.',
    '## Error budget over time',
    budgetSection(report, draw),
    '## Measurements over time',
    measurementSection(report, draw),
    ...orderSection(report),
    '## Prober coverage',
    coverageTable(report),
    overloadText(report),
    'Coverage is the share of scheduled runs that gave a trustworthy measurement. What the prober itself spoiled or missed is no outage of the service: it leaves the objectives and is counted here.',
    '## Incidents',
    incidentSection(report.incidents),
    '## Changes of colour',
    colourChanges(report.colourChanges),
    '## Changes of sampling',
    changes(report.samplingChanges, 'The sampling rate did not change.'),
    '## Spent by exercises',
    exerciseTable(report.exercises),
    ...(report.exercises.length === 0
      ? []
      : [
          'Exercises count like any other time. The stretch runs from the first injection to the end of the exercise in whole tally steps, and holds whatever else failed in it.',
        ]),
    '## Definitions',
    definitions(report),
    '## Assumptions that wait for a sign-off',
    assumptions(statuses),
    ...(report.document === undefined ? [] : checkSection(report.document)),
  ]);
  return { name: 'sla.md', markdown, files };
}

const EXCLUDED =
  'The objective leaves HTTP 4xx out of both sides of its ratio. A reader whose contract says nothing of them finds here what it would be if each were a failure.';

function exclusionSection({ exclusions, statuses, without }: SlaReport): readonly string[] {
  if (exclusions.length === 0) return [];
  return [
    '### With and without exclusions',
    withoutTable(statuses, without),
    exclusionTable(exclusions),
    'Verdicts, colours, alerts and gates go by the figures with everything. A minute (of telemetry, a slice) that an exclusion covers only in part counts.',
  ];
}

function orderSection({ orders }: SlaReport): readonly string[] {
  if (orders.length === 0) return [];
  return [
    '## Paper orders by venue',
    executionTable(orders),
    'Quantities of different symbols do not add. By notional, each is valued at its order’s price, or at its reference price; *by notional and time* weighs every order by the time that its run stands for, as the fill ratio does.',
    answerTable(orders),
  ];
}

type Draw = (prefix: string, id: string, description: string, content: string) => string;

const range = ({ fromMs, toMs }: SlaReport) => `From ${utc(fromMs)} to ${utc(toMs)}`;

/** The first paragraph: what was promised, and whether it held. */
function answer(report: SlaReport): string {
  const statuses = governing(report.statuses);
  const promised = promisedToCustomers(
    report,
    statuses.filter(({ objective }) => objective.commitment === 'sla'),
  );
  return `${promised} ${internal(statuses)} ${range(report)}, ${text(report.environment)} was probed from ${text(report.location)}.`;
}

function promisedToCustomers(report: SlaReport, commitments: readonly Status[]): string {
  if (commitments.length === 0) return 'No commitment to customers (SLA) is among the objectives of this report.';
  const isShort = ({ met, objective }: Status): boolean => met === true && shortPeriod(report, objective) !== null;
  const short = commitments.filter(isShort).length;
  const held = commitments.filter(({ met }) => met === true).length - short;
  const missed = commitments.filter(({ met }) => met === false).length;
  const unknown = commitments.length - held - short - missed;
  if (commitments.length === 1) {
    const verdict =
      held === 1
        ? 'was held'
        : short === 1
          ? 'was held **as far as it was measured**'
          : missed === 1
            ? 'was **missed**'
            : '**could not be judged**';
    return `The one commitment to customers ${verdict}.`;
  }
  if (held === commitments.length) return `All ${held} commitments to customers were held.`;
  const parts = [
    `${held} held`,
    ...(short > 0 ? [`**${short} held as far as measured**, which is too little of the window to say more`] : []),
    ...(missed > 0 ? [`**${missed} missed**`] : []),
    ...(unknown > 0 ? [`**${unknown} could not be judged**`] : []),
  ];
  return `Of ${commitments.length} commitments to customers, ${parts.join(', ')}.`;
}

function internal(statuses: readonly Status[]): string {
  const others = statuses.filter(({ objective }) => objective.commitment !== 'sla');
  if (others.length === 0) return 'No internal objective was judged.';
  const missed = others.filter(({ met }) => met === false);
  const held = others.filter(({ met }) => met === true);
  const unknown = others.length - missed.length - held.length;
  const names = missed.length === 0 ? '' : ` (${missed.map(({ objective }) => code(objective.id)).join(', ')})`;
  return `Of ${plural(others.length, 'internal objective')}, ${held.length} held, ${missed.length} missed${names} and ${unknown} could not be judged.`;
}

function commitments(report: SlaReport): string {
  const { statuses, misses } = report;
  return list(
    governing(statuses)
      .filter(({ objective }) => objective.commitment === 'sla')
      .map((status) => commitment(report, status) + blame(misses.find((miss) => miss.status === status))),
  );
}

/** The heaviest causes; the table has them all. */
function blame(miss: Miss | undefined): string {
  if (miss === undefined || miss.causes.length === 0) return '';
  const named = miss.causes
    .slice(0, 3)
    .map((cause) => `${code(cause.probe)} ${text(reasonText(cause.reason))} (${causeCounts(cause, miss.status)})`);
  return ` Missed by ${named.join(', ')}${miss.causes.length > 3 ? ' and others' : ''}.`;
}

function commitment(report: SlaReport, status: Status): string {
  const { objective, met, consumed, unknownBecause } = status;
  const promised = `**${text(objective.title)}**, promised ${text(promise(objective))}`;
  if (met === null) return `${promised}: not known, ${text(unknownBecause ?? 'nothing was measured')}.`;
  const doubt = status.statVerdict === 'INCONCLUSIVE' ? '; too few events to be sure' : '';
  const thin = status.enoughEvents
    ? ''
    : `; fewer than ${count(objective.minEvents)} events, to be reviewed by a person`;
  const measured = measuredText(periodFor(report, objective), report.scale);
  const spent = `${consumedPercent(consumed)} of its error budget consumed`;
  return `${promised}: ${met ? (shortPeriod(report, objective) === null ? 'held' : 'held **as far as measured**') : '**missed**'}, ${attained(status)}, ${spent}${doubt}${thin}${measured === '' ? '' : `; of its window ${measured}`}.`;
}

function masthead(report: SlaReport): string {
  return list([
    `Environment ${code(report.environment)}, location ${code(report.location)}`,
    `Charts and lists: ${utc(report.fromMs)} to ${utc(report.toMs)} (${span(report.toMs - report.fromMs)} on the clock)`,
    ...(report.statuses.length === 0 ? [] : [`Objectives judged as of ${utc(report.toMs)}, each over its own window`]),
    wholeText(report),
    ...knownText(report),
    `Written by pulsedrill ${text(report.tool.version)}`,
  ]);
}

/** What a range holds, once: two that meet share nothing, and leave nothing out. */
export function wholeText({ fromMs, toMs, scale }: Pick<SlaReport, 'fromMs' | 'toMs' | 'scale'>): string {
  const steps = scale === 1 ? 'whole minutes' : `whole minutes of the policy (${span(60_000 / scale)} each)`;
  return `Counted in ${steps}: from ${utc(fromMs)} up to ${utc(toMs)}, without the one that begins there`;
}

/** With which the same bytes can be written again. @param more options of the command */
export function knownText({ fromMs, toMs, asOfMs }: SlaReport, more = ''): readonly string[] {
  if (asOfMs === undefined) return [];
  const [from, to, asOf] = [fromMs, toMs, asOfMs].map((ms) => new Date(ms).toISOString());
  const again = code(`pulsedrill report sla${more} --from ${from} --to ${to} --as-of ${asOf}`);
  return [`As known at ${asOf}; what was recorded later is not in it. Written again by ${again}`];
}

function budgetSection(report: SlaReport, draw: Draw): string {
  const of = (course: ReturnType<typeof budgetCourse>) =>
    report.statuses.map(({ objective }) => objective.id).filter((id) => budgetCourse(report, id) === course);
  const named = (ids: readonly string[], said: string) =>
    ids.length === 0 ? '' : `${said}: ${ids.map(code).join(', ')}.`;
  // What nothing is known of has a table of its own.
  const isJudged = (id: string) => report.statuses.some(({ objective, met }) => objective.id === id && met !== null);
  const charts = of('moved').map((id) =>
    draw('sla-budget', id, `Error budget of ${id} that is left, in percent, over time`, budgetChart(report, id)),
  );
  const blocks = [
    ...charts,
    named(of('untouched'), 'Untouched from beginning to end (100 % left), and not drawn'),
    named(of('unknown').filter(isJudged), 'Not drawn, for want of two evaluations in the range'),
  ].filter((block) => block !== '');
  return blocks.join('\n\n') || 'No objective was evaluated in the range.';
}

function measurementSection(report: SlaReport, draw: Draw): string {
  const { measured, leftOut } = report.measurements;
  if (measured.length === 0) return 'Nothing was measured in the range.';
  const blocks = measured.map((each) =>
    [
      `### ${text(each.probe)}: ${indicatorName(each.indicator)}`,
      summary(each),
      draw(
        'sla-measured',
        `${each.probe}-${each.indicator}`,
        `${each.probe}: ${indicatorName(each.indicator)} over time, in milliseconds`,
        latencyChart(report, each),
      ),
    ].join('\n\n'),
  );
  const rest = leftOut.length === 0 ? [] : [`Not drawn, because a page has an end: ${leftOut.map(code).join(', ')}.`];
  return [...blocks, ...rest].join('\n\n');
}

function summary({ total, counted, neverBecause }: Measured): string {
  const upper = counted ? 'worst p99' : 'p95';
  const reasons = mostFirst(Object.entries(neverBecause)).map(([reason, times]) => `${text(reason)} ${count(times)}`);
  const never = total.never === 0 ? '' : `; **${plural(total.never, 'event')} never happened** (${reasons.join(', ')})`;
  return `${plural(total.events, 'event')}; p50 ${about(total.p50Ms)}, ${upper} ${about(total.upperMs)}, longest ${about(total.maxMs)}${never}.`;
}

function about(ms: number | null): string {
  return ms === null ? '–' : latency(ms);
}

function colourChanges(rows: readonly Change[]): string {
  const first = rows.filter(({ isFirstGreen }) => isFirstGreen);
  const later = rows.filter(({ isFirstGreen }) => !isFirstGreen);
  const subjects = [...new Set(first.map(({ subject }) => subject))];
  return [
    ...(subjects.length === 0 ? [] : [`Judged for the first time, and Green: ${subjects.map(code).join(', ')}.`]),
    changes(later, first.length === 0 ? 'No objective changed its colour.' : 'No other objective changed its colour.'),
  ].join('\n\n');
}

function changes(rows: readonly Change[], none: string): string {
  return table(
    [{ name: 'When (UTC)' }, { name: 'Service' }, { name: 'Subject' }, { name: 'Change' }],
    rows.map(({ atMs, service, subject, what }) => [utc(atMs), text(service ?? ''), code(subject), text(what)]),
    none,
  );
}
