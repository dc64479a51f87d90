/**
 * How our charts look: stacked panels over one time axis, as SVG text. Lines differ by dash and symbol as well as by colour,
 * so that a black-and-white print reads. Scales, ticks and the places of labels are computed, so that nothing overlaps and
 * equal data gives equal bytes.
 */
import { timeAxisLines, valueAxisLines } from './chart/axes.ts';
import { timeAxis } from './chart/axis.ts';
import { fitted, stagger } from './chart/labels.ts';
import { laneStrips } from './chart/lanes.ts';
import { scaleOf, type Context, type Layout } from './chart/layout.ts';
import { entriesOf, legend, LEGEND_ROW, placed } from './chart/legend.ts';
import { HEADER, LANE, LEFT, MARK_ROW, PLOT, WIDTH } from './chart/look.ts';
import { backdrop, drawn, guides, neverDrawn } from './chart/series.ts';
import type { Chart } from './chart/spec.ts';
import { element, picture, words } from './chart/svg.ts';
import { label, panelLabels, rule } from './chart/text.ts';
import { oneLine } from './markdown.ts';
import { slug } from './rendered.ts';

export type { Chart, Lane, LaneSegment, Limit, Look, Mark, Panel, Series, Shade } from './chart/spec.ts';

/** Beside the plot lines are thicker than nothing. */
const CLIP_MARGIN = 3;

/** SVG text. Equal charts give equal bytes. */
export function renderChart(chart: Chart): string {
  const { fromMs, toMs } = padded(chart.fromMs, chart.toMs);
  const x = (ms: number) => LEFT + ((ms - fromMs) / (toMs - fromMs)) * PLOT;
  const context: Context = { chart, time: timeAxis(fromMs, toMs, 8), fromMs, toMs, x };
  const marks = stagger(
    (chart.marks ?? [])
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
      .map(({ atMs, name }) => ({ at: x(atMs), text: oneLine(name), atMs })),
    { from: 4, to: WIDTH - 4 },
  );
  const markRows = Math.max(0, ...marks.map(({ row }) => row + 1));
  const entries = entriesOf(chart.panels);
  // One line needs no key: its name stands at the axis.
  const only = entries.length === 1 ? (entries[0]?.name ?? null) : null;
  const key = only === null ? placed(entries) : [];
  const keyRows = Math.max(0, ...key.map(({ row }) => row + 1));
  const lanes = chart.lanes ?? [];
  const lanesTop = (keyRows > 0 ? 46 + keyRows * LEGEND_ROW : 40) + markRows * MARK_ROW;
  const first = lanesTop + (lanes.length === 0 ? 0 : lanes.length * LANE + 8);
  const panelHeight = chart.panels.length > 2 ? 150 : chart.panels.length === 2 ? 190 : 260;
  const layouts = chart.panels.map((panel, index): Layout => ({
    panel: { ...panel, name: panel.name ?? only },
    index,
    scale: scaleOf(panel),
    top: first + HEADER + index * (panelHeight + HEADER + 12),
    height: panelHeight,
    last: index === chart.panels.length - 1,
  }));
  const height = first + chart.panels.length * (panelHeight + HEADER + 12) - 12 + 66;
  const title = oneLine(chart.title);
  return picture({ width: WIDTH, height, title, description: oneLine(chart.description) }, [
    element('rect', { width: WIDTH, height, fill: '#ffffff' }),
    ...layouts.flatMap((layout) => panelLines(context, layout, `${slug(chart.title)}-c${layout.index}`)),
    ...laneStrips(lanes, x, lanesTop + 6),
    ...marks.map(({ at, row }) => rule(at, lanesTop - (markRows - row) * MARK_ROW, first + HEADER)),
    ...marks.map(({ at, row, text, side }) => {
      const y = lanesTop - (markRows - row) * MARK_ROW + 2;
      return side === 'left' ? label(text, at - 4, y, 'right', true) : label(text, at + 4, y, 'left', true);
    }),
    // Larger than what is measured by `fitted`.
    words(fitted(title, (WIDTH - 24) * (12 / 16)), 12, 18, { bold: true, size: 16 }),
    ...legend(key),
    ...layouts.flatMap(panelLabels),
    ...(layouts.length === 0 ? [label('nothing to draw', WIDTH / 2, 60, 'center', false)] : []),
  ]);
}

/** From the back to the front. */
function panelLines(context: Context, layout: Layout, clip: string): readonly string[] {
  const series = layout.panel.series.flatMap((each) => drawn(context, layout, each, clip));
  const isClipped = series.some((each) => each.includes('clip-path'));
  return [
    ...backdrop(context, layout),
    ...valueAxisLines(layout),
    ...timeAxisLines(context, layout),
    ...guides(context, layout),
    ...(isClipped ? [clipOf(layout, clip)] : []),
    ...series,
    ...neverDrawn(context, layout),
  ];
}

function clipOf({ top, height }: Layout, id: string): string {
  const area = { x: LEFT, y: top - CLIP_MARGIN, width: PLOT, height: height + 2 * CLIP_MARGIN };
  return element('clipPath', { id }, element('rect', area));
}

/** A span of nothing still needs a width to be drawn on. */
function padded(fromMs: number, toMs: number): { fromMs: number; toMs: number } {
  if (Number.isFinite(fromMs) && Number.isFinite(toMs) && toMs > fromMs) return { fromMs, toMs };
  const middle = Number.isFinite(fromMs) ? fromMs : 0;
  return { fromMs: middle - 30_000, toMs: middle + 30_000 };
}
