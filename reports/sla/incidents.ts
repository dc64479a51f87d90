/** The incidents of the range, and how much of it they took. */
import { incidentsOf, type Incident } from '../../slo/incidents/incident.ts';
import type { IncidentEvent } from '../../slo/incidents/event.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { plural, span, utc } from '../figures.ts';
import { code, table, text } from '../markdown.ts';

export interface ReportedIncident {
  readonly id: string;
  readonly title: string;
  readonly service: string | null;
  readonly severity: string;
  readonly isBreach: boolean;
  readonly openedMs: number;
  /** Null: it went on at the end of the range. */
  readonly resolvedMs: number | null;
  /** How much of it lies in the range. */
  readonly withinMs: number;
  /** After its opening; null: nobody did. */
  readonly acknowledgedAfterMs: number | null;
  readonly missed: readonly string[];
  readonly report: string | null;
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of what paged; tickets are no outage. @param events of the kind `incident`, up to the end of the range */
export function reportedIncidents(events: readonly LedgerEvent[], range: Range): readonly ReportedIncident[] {
  return incidentsOf(events.filter(isIncidentEvent))
    .filter(({ rounds }) => rounds.some(({ severity }) => severity !== 'SEV-3'))
    .filter(({ openedMs, resolved }) => openedMs < range.toMs && (resolved?.atMs ?? range.toMs) >= range.fromMs)
    .toSorted((a, b) => a.openedMs - b.openedMs)
    .map((incident) => reported(incident, range));
}

function isIncidentEvent(event: LedgerEvent): event is LedgerEvent & IncidentEvent {
  return event.kind === 'incident';
}

function reported(incident: Incident, { fromMs, toMs }: Range): ReportedIncident {
  const { id, title, service, severity, isBreach, openedMs, acknowledged, deadlines } = incident;
  const resolvedMs = incident.resolved?.atMs ?? null;
  const firstMs = acknowledged.length === 0 ? null : Math.min(...acknowledged.map(({ atMs }) => atMs));
  return {
    id,
    title,
    service,
    severity,
    isBreach,
    openedMs,
    resolvedMs,
    withinMs: Math.max(0, Math.min(resolvedMs ?? toMs, toMs) - Math.max(openedMs, fromMs)),
    acknowledgedAfterMs: firstMs === null ? null : firstMs - openedMs,
    missed: [...deadlines.values()].filter(({ state }) => state === 'missed').map(({ what }) => what),
    report: incident.reported?.link ?? null,
  };
}

export function incidentSection(incidents: readonly ReportedIncident[]): string {
  if (incidents.length === 0) return 'No incident (SEV-1 or SEV-2) is on record in the range.';
  const breaches = incidents.filter(({ isBreach }) => isBreach);
  const minutes = (of: readonly ReportedIncident[]): string => span(of.reduce((sum, each) => sum + each.withinMs, 0));
  const broken =
    breaches.length === 0
      ? 'none of them a breach of an SLA'
      : `${breaches.length} of them (${minutes(breaches)}) a breach of an SLA`;
  return [
    `${plural(incidents.length, 'incident')} took ${minutes(incidents)} of the range, ${broken}. Incidents of several services may overlap; an incident goes on until it is resolved, not only while requests fail.`,
    table(
      [
        'Incident',
        'About',
        'Severity',
        'From (UTC)',
        'Minutes in the range',
        'Acknowledged after',
        'Missed',
        'Report',
      ].map((name) => ({ name })),
      incidents.map((each) => [
        `${code(each.id)} ${text(each.title)}`,
        each.service === null ? 'the prober' : code(each.service),
        `${each.severity}${each.isBreach ? ', SLA breached' : ''}`,
        utc(each.openedMs),
        `${(each.withinMs / 60_000).toFixed(1)}${each.resolvedMs === null ? ', goes on' : ''}`,
        each.acknowledgedAfterMs === null ? 'not acknowledged' : span(each.acknowledgedAfterMs),
        missedText(each.missed),
        each.report === null ? '' : `<${encodeURI(each.report)}>`,
      ]),
      '',
    ),
  ].join('\n\n');
}

function missedText(missed: readonly string[]): string {
  const counts = Map.groupBy(missed, (what) => what);
  return [...counts].map(([what, all]) => `${text(what)}${all.length === 1 ? '' : ` ${all.length}×`}`).join(', ');
}
