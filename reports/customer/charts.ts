/** What failed of each commitment over time, against what was allowed; incidents and exclusions as strips above. */
import type { Status } from '../../slo/status.ts';
import { renderChart, type Lane } from '../chart.ts';
import { budgetPercent } from '../figures.ts';
import { broken, evaluationGapMs, type Point } from '../thin.ts';
import { isAbout } from '../../slo/exclusion.ts';
import type { ReportedIncident } from '../sla/incidents.ts';
import type { SlaReport } from '../sla/report.ts';

/** Null: it was evaluated too seldom to draw a line. */
export function failedChart(
  report: SlaReport,
  { objective }: Status,
  incidents: readonly ReportedIncident[],
): string | null {
  const points = (report.budgets.find((each) => each.objective === objective.id)?.points ?? []).flatMap(
    ({ atMs, attainmentPct }): readonly Point[] => (attainmentPct === null ? [] : [[atMs, 100 - attainmentPct]]),
  );
  if (points.length < 2) return null;
  const gapMs = evaluationGapMs(report, report.scale);
  const own = incidents.filter(({ service }) => service === objective.service);
  const left = report.exclusions.filter((exclusion) => isAbout(exclusion, objective));
  const lanes: readonly Lane[] = [
    ...(own.length === 0
      ? []
      : [
          {
            name: 'Incidents',
            segments: own.map(({ openedMs, resolvedMs }) => ({
              fromMs: openedMs,
              toMs: resolvedMs ?? report.toMs,
              tone: 'fault' as const,
              text: '',
            })),
          },
        ]),
    ...(left.length === 0
      ? []
      : [
          {
            name: 'Agreed to be left out',
            segments: left.map(({ fromMs, toMs }) => ({ fromMs, toMs, tone: 'unknown' as const, text: '' })),
          },
        ]),
  ].map((lane) => ({
    ...lane,
    segments: lane.segments.filter(({ fromMs, toMs }) => toMs > report.fromMs && fromMs < report.toMs),
  }));
  return renderChart({
    title: `${objective.title}: what failed`,
    description: `Share that failed of the measurements of the period before each moment, percent, against the ${budgetPercent(objective.target)} that were allowed`,
    fromMs: report.fromMs,
    toMs: report.toMs,
    lanes,
    panels: [
      {
        name: 'failed, of the period before each moment',
        unit: 'percent',
        scale: 'linear',
        limits: [{ value: 100 - Number(objective.target) * 100, name: `allowed: ${budgetPercent(objective.target)}` }],
        series: [{ name: 'failed', draw: 'line', look: 'main', points: broken(points, gapMs) }],
      },
    ],
  });
}
