/** The charts of the evidence: what was measured over time, and how the budgets went. */
import { renderChart, type Chart, type Limit, type Panel } from '../chart.ts';
import { span } from '../figures.ts';
import type { Bucket, Measured } from '../measurements.ts';
import { indicatorName, limitText } from '../objective-text.ts';
import { broken, type Point } from '../thin.ts';
import type { SlaReport } from './report.ts';

/** A line breaks where three usual distances pass without a measurement. */
const GAP = 3;

export function latencyChart(report: SlaReport, measured: Measured): string {
  const what = `${measured.probe}: ${indicatorName(measured.indicator)}`;
  return renderChart({
    ...frame(report),
    title: what,
    description: `${what} over time in milliseconds, ${legend(measured).join(', ')}`,
    panels: [measuredPanel(measured, limitsOf(report, measured))],
  });
}

/** Range, and the game-days in it. */
function frame(report: SlaReport): Pick<Chart, 'fromMs' | 'toMs' | 'marks' | 'shades'> {
  return {
    fromMs: report.fromMs,
    toMs: report.toMs,
    marks: report.exercises.map(({ fromMs }) => ({ atMs: fromMs, name: 'game-day' })),
    shades: report.exercises.map(({ fromMs, toMs }) => ({ fromMs, toMs })),
  };
}

/** The thresholds that objectives set for this indicator of this probe. */
export function limitsOf(
  { statuses }: Pick<SlaReport, 'statuses'>,
  of: Pick<Measured, 'probe' | 'indicator'>,
): readonly Limit[] {
  const limits = new Map<string, Limit>();
  for (const { objective } of statuses) {
    if (objective.sli.type !== 'threshold' || objective.sli.indicator !== of.indicator) continue;
    if (!objective.probes.includes(of.probe)) continue;
    const name = `limit ${limitText(objective.sli)}`;
    limits.set(name, { value: objective.sli.ms, name });
  }
  return [...limits.values()];
}

function legend({ counted, bucketMs, buckets }: Measured): readonly [string, string, string] | readonly [string] {
  if (!counted && buckets.every(({ events }) => events <= 1)) return ['each run'];
  const per = `per ${span(bucketMs)}`;
  return counted ? [`p50 ${per}`, `worst p99 ${per}`, `max ${per}`] : [`p50 ${per}`, `p95 ${per}`, `max ${per}`];
}

function measuredPanel(measured: Measured, limits: readonly Limit[]): Panel {
  const { buckets, bucketMs } = measured;
  const gapMs = Math.max(usualDistance(buckets) * GAP, bucketMs * 1.5);
  const line = (pick: (bucket: Bucket) => number | null) =>
    broken(
      buckets.map((bucket): Point => [bucket.atMs, pick(bucket)]),
      gapMs,
    );
  const [first, upper, most] = legend(measured);
  return {
    name: `${measured.probe} · ${indicatorName(measured.indicator)}`,
    unit: 'ms',
    scale: 'auto',
    limits,
    never: buckets.filter(({ never }) => never > 0).map(({ atMs }) => atMs),
    series: [
      ...(most === undefined
        ? []
        : [{ name: most, draw: 'line' as const, look: 'extreme' as const, points: line(({ maxMs }) => maxMs) }]),
      ...(upper === undefined
        ? []
        : [{ name: upper, draw: 'line' as const, look: 'upper' as const, points: line(({ upperMs }) => upperMs) }]),
      { name: first, draw: 'line', look: 'main', points: line(({ p50Ms }) => p50Ms) },
    ],
  };
}

function usualDistance(buckets: readonly Bucket[]): number {
  const distances = buckets.slice(1).map(({ atMs }, index) => atMs - (buckets[index]?.atMs ?? atMs));
  return distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
}

const GREEN = '#eef6ee';
const YELLOW = '#fdf6dc';
const RED = '#fbe9e7';

/** What is left of a budget over time; null when fewer than two evaluations are known. */
export function budgetChart(report: SlaReport, objective: string): string | null {
  const points = (report.budgets.find((budget) => budget.objective === objective)?.points ?? []).filter(
    ({ consumedPct }) => consumedPct !== null && Number.isFinite(consumedPct),
  );
  if (points.length < 2) return null;
  const left = points.map(({ atMs, consumedPct }): Point => [atMs, 100 - (consumedPct ?? 0)]);
  return renderChart({
    ...frame(report),
    title: `${objective}: error budget left`,
    description: `Error budget of ${objective} that is left, percent of the whole budget, over time`,
    panels: [
      {
        name: objective,
        unit: '% of the error budget left',
        scale: 'linear',
        limits: [
          { value: 100, name: '100 %: nothing spent' },
          { value: 75, name: '75 %: Yellow from here' },
          { value: 25, name: '25 %: Red below' },
          { value: 0, name: '0 %: exhausted' },
        ],
        bands: [
          { from: 75, upTo: 100, tint: GREEN },
          { from: 25, upTo: 75, tint: YELLOW },
          { from: -1e9, upTo: 25, tint: RED },
        ],
        series: [{ name: 'error budget left', draw: 'step', look: 'main', points: left }],
      },
    ],
  });
}
