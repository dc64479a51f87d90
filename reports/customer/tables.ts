/** The tables behind the plain words, narrow enough for a portrait page. */
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { versionAt } from '../../slo/targets.ts';
import { consumedPercent, count, percent, plural, shareText, utcMinute } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import { shortPeriod } from '../measured-period.ts';
import { attained, promise, versionText, windowText } from '../objective-text.ts';
import type { ReportedIncident } from '../sla/incidents.ts';
import type { ReportedProbe, SlaReport } from '../sla/report.ts';
import { sumRatio } from '../sla/run-tables.ts';
import { interval } from '../sla/tables.ts';
import { askedText, countsText, proofText, verdictText } from './words.ts';

/** As it is said of an objective, by how much of its period was measured. */
export function verdictOf(report: SlaReport, { met, objective }: Pick<Status, 'met' | 'objective'>): string {
  return verdictText(met, shortPeriod(report, objective) !== null);
}

export function promiseTable(statuses: readonly Status[], scale: number): string {
  return table(
    [{ name: 'Commitment' }, { name: 'Promise' }, { name: 'Over' }, { name: 'In force' }],
    statuses.map((status) => {
      const { objective, versions, atMs } = status;
      const now = versionAt(objective, atMs);
      const earlier = versions.filter((each) => each !== now);
      const since = now?.fromMs == null ? 'unchanged' : `since ${utcMinute(now.fromMs)}`;
      const word = now?.version == null ? since : `${text(now.version)}, ${since}`;
      const before = earlier.length === 0 ? '' : `; before: ${text(earlier.map(versionText).join(', '))}`;
      return [text(objective.title), text(promise(objective)), windowText(objective, scale), `${word}${before}`];
    }),
    'Nothing was promised among the objectives of this report.',
  );
}

export function methodTable(report: SlaReport, statuses: readonly Status[]): string {
  return table(
    [{ name: 'Commitment' }, { name: 'Measured by' }, { name: 'How often' }, { name: 'What counts' }],
    statuses.map(({ objective }) => {
      const probes = report.probes.filter(({ id }) => objective.probes.includes(id));
      return [
        text(objective.title),
        probes.length === 0 ? measuredBy(objective) : askedBy(probes),
        probes.length === 0 ? '–' : oftenText(probes, report),
        countsText(objective),
      ];
    }),
    '',
  );
}

/** As it is set up now, with what the record has: whoever asked more seldom in the period is seen. */
function oftenText(probes: readonly ReportedProbe[], { measurements }: SlaReport): string {
  const every = [...new Set(probes.map((probe) => probe.every))].map(text).join('; ');
  const own = measurements.runs.filter((runs) => probes.some(({ id }) => id === runs.probe));
  const runs = own.reduce((sum, { cadences }) => sum + Object.values(cadences).reduce((a, b) => a + b, 0), 0);
  return `${every}; ${plural(runs, 'run')} in the range of this report`;
}

function measuredBy({ sli, unknownBecause }: Objective): string {
  if (unknownBecause !== null) return `nothing: ${text(unknownBecause)}`;
  return sli.type === 'telemetry' ? askedText('telemetry') : 'probes that are not configured any more';
}

/** Probes that are named one by one; of more only what they ask is said. */
const MOST_NAMED = 6;

/** By what is asked: "an automated request (`status`; `orders`, to `/orders`)". */
function askedBy(probes: readonly ReportedProbe[]): string {
  const kinds = Map.groupBy(probes, ({ kind }) => askedText(kind));
  return [...kinds].map(([asked, all]) => `${asked} (${namedText(all)})`).join('; ');
}

function namedText(probes: readonly ReportedProbe[]): string {
  if (probes.length <= MOST_NAMED) return probes.map(probeText).join('; ');
  const each = (of: readonly (string | null)[]): readonly string[] =>
    [...new Set(of)].filter((one) => one !== null).toSorted();
  const endpoints = few(each(probes.map(({ endpoint }) => endpoint)).map(code), 'endpoints');
  const venues = few(each(probes.map(({ venue }) => venue)).map(text), 'venues');
  const places = [
    ...(endpoints.length === 0 ? [] : [`to ${endpoints.join(', ')}`]),
    ...(venues.length === 0 ? [] : [`at ${venues.join(', ')}`]),
  ];
  return [plural(probes.length, 'probe'), ...places].join(', ');
}

/** The first of them, and how many more there are: the rest is for the configuration to say. */
function few(all: readonly string[], what: string): readonly string[] {
  return all.length <= MOST_NAMED
    ? all
    : [...all.slice(0, MOST_NAMED), `and ${count(all.length - MOST_NAMED)} more ${what}`];
}

function probeText({ id, endpoint, venue }: ReportedProbe): string {
  const to = endpoint === null ? '' : `, to ${code(endpoint)}`;
  return `${code(id)}${to}${venue === null ? '' : `, at ${text(venue)}`}`;
}

export function figureTable(report: SlaReport, statuses: readonly Status[]): string {
  return table(
    [
      { name: 'Commitment' },
      { name: 'Measured (good / all)' },
      { name: 'Range (95 %)' },
      { name: 'Proven?' },
      { name: 'Kept?' },
    ],
    statuses.map((status) => [
      text(status.objective.title),
      attained(status),
      interval(status.wilson),
      proofText(status, shortPeriod(report, status.objective) !== null),
      verdictOf(report, status),
    ]),
    '',
  );
}

export function coverageTable({ measurements }: SlaReport, statuses: readonly Status[]): string {
  return table(
    [
      { name: 'Commitment' },
      { name: 'Coverage' },
      { name: 'Measurements' },
      { name: 'Left out of both sides' },
      { name: 'Of what was allowed, used', align: 'right' },
    ],
    statuses.map((status) => {
      const { objective, validEvents, tally, coverage, consumed } = status;
      const runs = measurements.runs.filter(({ probe }) => objective.probes.includes(probe));
      return [
        text(objective.title),
        coverage === null ? (runs.length === 0 ? '–' : sumRatio(runs)) : percent(coverage),
        plural(validEvents, 'event'),
        shareText(tally.excluded, validEvents + tally.excluded),
        consumedPercent(consumed),
      ];
    }),
    '',
  );
}

/** A contract that says nothing of HTTP 4xx finds here what it would be with each as a failure. */
export function refusedTable(report: SlaReport, statuses: readonly Status[]): string {
  return table(
    [
      { name: 'Commitment' },
      { name: 'Refused requests (4xx)' },
      { name: 'Measured, left out' },
      { name: 'Measured, as failures' },
    ],
    statuses.flatMap((status) => {
      const { excludedAsBad: asBad, tally, validEvents, objective } = status;
      if (asBad === null || tally.excluded === 0) return [];
      const all = validEvents + tally.excluded;
      return [
        [
          text(objective.title),
          shareText(tally.excluded, all),
          `${attained(status)}, ${verdictOf(report, status)}`,
          `${percent(asBad.attainment)}${objective.weighing === 'time' ? ' by time' : ''} (${count(tally.good)} / ${count(all)} events), ${verdictOf(report, { met: asBad.met, objective })}`,
        ],
      ];
    }),
    '',
  );
}

export function incidentTable(incidents: readonly ReportedIncident[]): string {
  return table(
    [
      { name: 'Incident' },
      { name: 'From – to (UTC)' },
      { name: 'Minutes in the period', align: 'right' },
      { name: 'Broke a commitment' },
      { name: 'Report' },
    ],
    incidents.map((each) => [
      `${code(each.id)} ${text(each.title)}`,
      `${utcMinute(each.openedMs)} – ${each.resolvedMs === null ? 'goes on' : utcMinute(each.resolvedMs)}`,
      (each.withinMs / 60_000).toFixed(1),
      each.isBreach ? '**yes**' : 'no',
      each.report === null ? 'none yet' : `<${encodeURI(each.report)}>`,
    ]),
    'No incident of these services is on record in the period.',
  );
}
