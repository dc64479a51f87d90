/**
 * The one place that knows Apache ECharts and how our charts look. A chart is stacked panels over one time axis, drawn to
 * SVG text without a DOM. Lines differ by dash and symbol as well as by colour, so that a black-and-white print reads.
 *
 * Scales, ticks and margin labels are computed here, so that nothing overlaps and equal data gives equal bytes.
 */
import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import {
  GraphicComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { timeAxis, valueAxis } from './chart/axis.ts';
import { timeOption, valueOption } from './chart/axes.ts';
import { fitted, inert, stagger } from './chart/labels.ts';
import { laneGraphics } from './chart/lanes.ts';
import { scaleOf, type Context } from './chart/layout.ts';
import { FONT, HEADER, INK, LANE, LEFT, MARK_ROW, NEVER, PLOT, RIGHT, WIDTH } from './chart/look.ts';
import { frameSeries, neverSeries, seriesOption } from './chart/series.ts';
import type { Chart, Panel } from './chart/spec.ts';
import { cleanSvg } from './chart/svg.ts';
import { label, panelLabels, rule } from './chart/text.ts';
import { oneLine } from './markdown.ts';
import { slug } from './rendered.ts';

export type { Chart, Lane, LaneSegment, Limit, Look, Mark, Panel, Series, Shade } from './chart/spec.ts';

echarts.use([
  BarChart,
  GraphicComponent,
  GridComponent,
  LegendComponent,
  LineChart,
  MarkAreaComponent,
  MarkLineComponent,
  ScatterChart,
  SVGRenderer,
  TitleComponent,
]);

/** SVG text. Equal charts give equal bytes. */
export function renderChart(chart: Chart): string {
  const { fromMs, toMs } = padded(chart.fromMs, chart.toMs);
  const x = (ms: number) => LEFT + ((ms - fromMs) / (toMs - fromMs)) * PLOT;
  const time = timeAxis(fromMs, toMs, 8);
  const marks = stagger(
    (chart.marks ?? [])
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
      .map(({ atMs, name }) => ({ at: x(atMs), text: oneLine(name), atMs })),
    { from: 4, to: WIDTH - 4 },
  );
  const markRows = Math.max(0, ...marks.map(({ row }) => row + 1));
  const panelHeight = chart.panels.length > 2 ? 150 : chart.panels.length === 2 ? 190 : 260;
  const names = legendOf(chart.panels);
  // One line needs no key: its name stands at the axis.
  const only = names.length === 1 ? (names[0] ?? null) : null;
  const lanes = chart.lanes ?? [];
  const lanesTop = (only === null && names.length > 0 ? 66 : 40) + markRows * MARK_ROW;
  const first = lanesTop + (lanes.length === 0 ? 0 : lanes.length * LANE + 8);
  const scales = chart.panels.map(scaleOf);
  const layouts = chart.panels.map((panel, index) => ({
    panel: { ...panel, name: panel.name ?? only },
    index,
    scale: scales[index] ?? valueAxis([], { auto: false, fromZero: true }),
    top: first + HEADER + index * (panelHeight + HEADER + 12),
    height: panelHeight,
    last: index === chart.panels.length - 1,
  }));
  const bottom = first + chart.panels.length * (panelHeight + HEADER + 12) - 12;
  const height = bottom + 66;
  const context: Context = { chart, time, fromMs, toMs };

  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    drawing.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: FONT, color: INK, fontSize: 12 },
      title: {
        // Larger than what is measured by `fitted`.
        text: inert(fitted(oneLine(chart.title), (WIDTH - 24) * (12 / 16))),
        left: 12,
        top: 10,
        padding: 0,
        textStyle: { fontSize: 16, fontWeight: 'bold', color: INK, fontFamily: FONT },
      },
      legend: {
        left: 12,
        top: 38,
        padding: 0,
        itemGap: 40,
        itemWidth: 34,
        show: only === null && names.length > 0,
        data: names,
        textStyle: { fontSize: 12, color: INK, fontFamily: FONT },
        selectedMode: false,
      },
      grid: layouts.map(({ top, height }) => ({ left: LEFT, right: RIGHT, top, height, containLabel: false })),
      xAxis: layouts.map(({ index, last }) => timeOption(context, index, last)),
      yAxis: layouts.map(({ index, scale }) => valueOption(index, scale)),
      series: layouts.flatMap((layout) => [
        ...frameSeries(context, layout),
        ...layout.panel.series.map((series) => seriesOption(layout, series)),
        ...neverSeries(layout),
      ]),
      graphic: [
        ...layouts.flatMap((layout) => panelLabels(layout)),
        ...laneGraphics(lanes, x, lanesTop + 6),
        ...marks.map(({ at, row, text, side }) => {
          const y = lanesTop - (markRows - row) * MARK_ROW + 2;
          return side === 'left' ? label(text, at - 3, y, 'right', true) : label(text, at + 3, y, 'left', true);
        }),
        ...marks.map(({ at, row }) => rule(at, lanesTop - (markRows - row) * MARK_ROW, first + HEADER)),
        ...(layouts.length === 0 ? [label('nothing to draw', WIDTH / 2, 60, 'center', false)] : []),
      ],
    });
    return cleanSvg(drawing.renderToSVGString(), {
      idPrefix: slug(chart.title),
      title: oneLine(chart.title),
      description: oneLine(chart.description),
    });
  } finally {
    drawing.dispose();
  }
}

/** A span of nothing still needs a width to be drawn on. */
function padded(fromMs: number, toMs: number): { fromMs: number; toMs: number } {
  if (Number.isFinite(fromMs) && Number.isFinite(toMs) && toMs > fromMs) return { fromMs, toMs };
  const middle = Number.isFinite(fromMs) ? fromMs : 0;
  return { fromMs: middle - 30_000, toMs: middle + 30_000 };
}

function legendOf(panels: readonly Panel[]): readonly string[] {
  const names = panels.flatMap((panel) => [
    ...panel.series.filter(({ points }) => points.length > 0).map(({ name }) => inert(oneLine(name))),
    ...((panel.never ?? []).length > 0 ? [panel.neverName ?? NEVER] : []),
  ]);
  return [...new Set(names)];
}
