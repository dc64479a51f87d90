/** The courses that reviews draw: burn by the hour, attainment against its target. */
import { renderChart } from '../chart.ts';
import { budgetPercent } from '../figures.ts';
import { broken, evaluationGapMs, type Point } from '../thin.ts';
import type { Review, Reviewed } from './data.ts';

/** Null: too few hours are on record. */
export function burnChart({ fromMs, toMs, base }: Review, { status, hours }: Reviewed): string | null {
  if (hours.filter(({ burn1h, burnNow }) => burn1h !== null || burnNow !== null).length < 2) return null;
  const { id } = status.objective;
  const line = (pick: (hour: Reviewed['hours'][number]) => number | null): readonly Point[] =>
    broken(
      hours.map((hour): Point => [hour.atMs, pick(hour)]),
      2.5 * base.hourMs,
    );
  return renderChart({
    title: `${id}: burn rate by the hour`,
    description: `Burn rate of ${id} over the last hour and the smaller of one and six hours, as recorded each hour`,
    fromMs,
    toMs,
    panels: [
      {
        name: null,
        unit: 'times the rate that spends the whole budget',
        scale: 'linear',
        limits: [{ value: 1, name: '1×: whole budget' }],
        series: [
          { name: 'over 1 h', draw: 'line', look: 'extreme', points: line(({ burn1h }) => burn1h) },
          { name: 'smaller of 1 h and 6 h', draw: 'line', look: 'main', points: line(({ burnNow }) => burnNow) },
        ],
      },
    ],
  });
}

/** What failed of the window, in percent, against what is allowed: from zero, so that small shares can be read. */
export function attainmentChart({ fromMs, toMs, base }: Review, { status, points }: Reviewed): string | null {
  const failed = points.flatMap(({ atMs, attainmentPct }): readonly Point[] =>
    attainmentPct === null ? [] : [[atMs, 100 - attainmentPct]],
  );
  if (failed.length < 2) return null;
  const { id, target } = status.objective;
  return renderChart({
    title: `${id}: what failed`,
    description: `Share of ${id} that failed, of the window before each moment, percent, against what its target allows`,
    fromMs,
    toMs,
    panels: [
      {
        name: 'failed, of the window before each moment',
        unit: 'percent',
        scale: 'linear',
        limits: [{ value: 100 - Number(target) * 100, name: `allowed: ${budgetPercent(target)}` }],
        series: [
          {
            name: 'failed',
            draw: 'line',
            look: 'main',
            points: broken(failed, evaluationGapMs({ fromMs, toMs }, base.scale)),
          },
        ],
      },
    ],
  });
}
