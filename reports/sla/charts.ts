/** The charts of the evidence: what was measured over time, and how the budgets went. */
import type { BudgetPoint } from '../../store/store.ts';
import { renderChart, type Chart, type Limit, type Look, type Panel, type Series } from '../chart.ts';
import { tickText } from '../chart/axis.ts';
import { span } from '../figures.ts';
import { drawnLimit, limitsOf } from '../limits.ts';
import type { Bucket, Measured } from '../measurements.ts';
import { indicatorName } from '../objective-text.ts';
import { broken, type Point } from '../thin.ts';
import type { SlaReport } from './report.ts';

/** A line breaks where three usual distances pass without a measurement. */
const GAP = 3;

const EACH = 'each run';

export function latencyChart(report: SlaReport, measured: Measured): string {
  const what = `${measured.probe}: ${indicatorName(measured.indicator)}`;
  const panel = measuredPanel(
    measured,
    limitsOf(
      report.statuses.map(({ objective }) => drawnLimit(objective)),
      measured,
    ),
  );
  const lines = [...panel.series, ...panel.limits].map(({ name }) => name).join(', ');
  return renderChart({
    ...frame(report),
    title: what,
    description: `${what} over time in milliseconds: ${lines}`,
    panels: [panel],
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

function measuredPanel(measured: Measured, limits: readonly Limit[]): Panel {
  const { each, buckets, troubles } = measured;
  const never = each === null ? buckets.filter(({ never }) => never > 0) : [];
  return {
    name: null,
    unit: 'milliseconds',
    scale: 'auto',
    limits,
    never: each === null ? never.map(({ atMs }) => atMs) : each.filter(([, ms]) => ms === null).map(([atMs]) => atMs),
    series:
      each === null
        ? bucketed(measured)
        : [singles(each), { name: 'bad run', draw: 'dots', look: 'trouble', points: troubles }],
  };
}

function singles(each: readonly Point[]): Series {
  const points = each.filter(([, ms]) => ms !== null);
  return { name: EACH, draw: 'line', look: 'main', points: broken(points, usualDistance(points) * GAP) };
}

function bucketed({ buckets, bucketMs, counted }: Measured): readonly Series[] {
  const gapMs = Math.max(usualDistance(buckets.map(({ atMs }) => [atMs, 0])) * GAP, bucketMs * 1.5);
  const line = (look: Look, name: string, pick: (bucket: Bucket) => number | null): Series => ({
    name: `${name} per ${span(bucketMs)}`,
    draw: 'line',
    look,
    points: broken(
      buckets.map((bucket): Point => [bucket.atMs, pick(bucket)]),
      gapMs,
    ),
  });
  const upper = counted ? 'worst p99' : 'p95';
  // Of a handful of events both are the same one: one line, and a name that says so.
  const isOne = buckets.every(({ upperMs, maxMs }) => alike(upperMs, maxMs));
  return [
    ...(isOne ? [] : [line('extreme', 'longest', ({ maxMs }) => maxMs)]),
    line('upper', isOne ? `${upper} = longest` : upper, ({ upperMs }) => upperMs),
    line('main', 'p50', ({ p50Ms }) => p50Ms),
  ];
}

/** Nothing of the one would be seen beside the other. */
export function alike(a: number | null, b: number | null): boolean {
  return a === b || (a !== null && b !== null && Math.abs(a - b) <= 0.03 * Math.max(Math.abs(a), Math.abs(b)));
}

function usualDistance(points: readonly Point[]): number {
  const distances = points.slice(1).map(([atMs], index) => atMs - (points[index]?.[0] ?? atMs));
  return distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
}

/**
 * An overspent budget has no floor, and a window that is just filling swings far below. Drawn to scale that would squeeze
 * the guard rails together; so the line stops here, and marks and the legend say that and how far it goes on.
 */
const LOWEST_DRAWN = -100;

const GREEN = '#eef6ee';
const YELLOW = '#fdf6dc';
const RED = '#fbe9e7';

/** `untouched`: evaluated, and nothing of it was ever consumed; a picture of that is a straight line. */
export function budgetCourse(report: SlaReport, objective: string): 'moved' | 'untouched' | 'unknown' {
  const points = evaluated(report, objective);
  if (points.length === 0) return 'unknown';
  if (points.every(({ consumedPct }) => consumedPct === 0)) return 'untouched';
  return points.length === 1 ? 'unknown' : 'moved';
}

function evaluated({ budgets }: SlaReport, objective: string): readonly BudgetPoint[] {
  return (budgets.find((budget) => budget.objective === objective)?.points ?? []).filter(
    ({ consumedPct }) => consumedPct !== null && Number.isFinite(consumedPct),
  );
}

/** What is left of a budget over time. */
export function budgetChart(report: SlaReport, objective: string): string {
  const points = evaluated(report, objective);
  const left = points.map(({ atMs, consumedPct }): Point => [atMs, 100 - (consumedPct ?? 0)]);
  const lowest = left.reduce((least, [, value]) => Math.min(least, value ?? least), 100);
  const beyond = left.filter(([, value]) => value !== null && value < LOWEST_DRAWN);
  return renderChart({
    ...frame(report),
    title: `${objective}: error budget left`,
    description: `Error budget of ${objective} that is left, percent of the whole budget, over time`,
    panels: [
      {
        name: null,
        unit: 'percent of the whole error budget',
        scale: 'linear',
        limits: [
          { value: 100, name: '100 %: untouched' },
          { value: 75, name: '≤ 75 %: Yellow' },
          { value: 25, name: '< 25 %: Red' },
          { value: 0, name: '0 %: exhausted' },
        ],
        bands: [
          { from: 75, upTo: 100, tint: GREEN },
          { from: 25, upTo: 75, tint: YELLOW },
          { from: LOWEST_DRAWN, upTo: 25, tint: RED },
        ],
        series: [
          {
            name: 'error budget left',
            draw: 'step',
            look: 'main',
            points: left.map(([atMs, value]) => [atMs, value === null ? null : Math.max(value, LOWEST_DRAWN)]),
          },
          {
            name: `below the axis, down to ${tickText(Math.floor(lowest))} %`,
            draw: 'dots',
            look: 'beyond',
            points: beyond.map(([atMs]) => [atMs, LOWEST_DRAWN]),
          },
        ],
      },
    ],
  });
}
