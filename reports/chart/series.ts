/** The lines and dots of a panel, and what lies behind them, as the library's options. */
import { oneLine } from '../markdown.ts';
import { inert } from './labels.ts';
import { thin, type Point } from '../thin.ts';
import { position, type Context, type Layout } from './layout.ts';
import { INK, LIMIT, LOOKS, NEVER, RULE } from './look.ts';
import type { Series } from './spec.ts';

/** What lies behind the lines: grid rules, tints, shades, limits, marks. */
export function frameSeries({ chart, fromMs, toMs }: Context, { panel, index, scale }: Layout): readonly object[] {
  const clamp = (ms: number) => Math.min(toMs, Math.max(fromMs, ms));
  const level = (value: number) => position(scale, Math.min(scale.max, Math.max(scale.min, value)));
  const base = { type: 'line', xAxisIndex: index, yAxisIndex: index, data: [], silent: true, symbol: 'none' };
  const lines = { silent: true, symbol: 'none', animation: false, label: { show: false } };
  return [
    {
      ...base,
      z: 0,
      markLine: {
        ...lines,
        z: 0,
        lineStyle: { color: RULE, width: 1, type: 'solid' },
        data: scale.ticks.map((tick) => ({ yAxis: position(scale, tick) })),
      },
      markArea: {
        z: 0,
        silent: true,
        animation: false,
        data: [
          ...(panel.bands ?? [])
            .filter(({ from, upTo }) => upTo > scale.min && from < scale.max)
            .map(({ from, upTo, tint }) => [
              { xAxis: fromMs, yAxis: level(from), itemStyle: { color: tint } },
              { xAxis: toMs, yAxis: level(upTo) },
            ]),
          ...(chart.shades ?? [])
            .filter((shade) => shade.toMs >= fromMs && shade.fromMs <= toMs)
            .map((shade) => [
              { xAxis: clamp(shade.fromMs), itemStyle: { color: 'rgba(0,0,0,0.09)' } },
              { xAxis: clamp(shade.toMs) },
            ]),
        ],
      },
    },
    {
      ...base,
      z: 2,
      markLine: {
        ...lines,
        z: 2,
        lineStyle: { color: LIMIT, width: 1.4, type: [10, 3, 2, 3] },
        data: panel.limits.map(({ value }) => ({ yAxis: level(value) })),
      },
    },
    {
      ...base,
      z: 1,
      markLine: {
        ...lines,
        z: 1,
        lineStyle: { color: INK, width: 1, type: 'solid' },
        data: (chart.marks ?? [])
          .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
          .map(({ atMs }) => ({ xAxis: atMs })),
      },
    },
  ];
}

// A handful of points is drawn with symbols; a crowd only where a point stands alone and no line would show it.
const FEW = 70;

export function seriesOption({ index, scale }: Layout, series: Series): object {
  const look = LOOKS[series.look];
  const points = thin(series.points);
  const axes = { xAxisIndex: index, yAxisIndex: index, name: inert(oneLine(series.name)), silent: true };
  const item = { color: look.color };
  const at = (value: number | null) => (value === null ? null : position(scale, value));
  if (series.draw === 'dots') {
    return {
      ...axes,
      type: 'scatter',
      z: 4,
      symbol: look.symbol,
      symbolSize: look.size,
      symbolKeepAspect: true,
      itemStyle: item,
      data: points.map(([ms, value]) => [ms, at(value)]),
    };
  }
  return {
    ...axes,
    type: 'line',
    z: 3,
    ...(series.draw === 'step' ? { step: 'end' } : {}),
    symbol: look.symbol,
    symbolSize: look.size,
    symbolKeepAspect: true,
    showSymbol: true,
    showAllSymbol: true,
    connectNulls: false,
    lineStyle: { color: look.color, width: look.width, type: look.dash },
    itemStyle: item,
    data: points.map(([ms, value], place) => ({
      value: [ms, at(value)],
      symbol: points.length <= FEW || alone(points, place) ? look.symbol : 'none',
    })),
  };
}

function alone(points: readonly Point[], place: number): boolean {
  return (points[place - 1]?.[1] ?? null) === null && (points[place + 1]?.[1] ?? null) === null;
}

export function neverSeries({ panel, index, scale }: Layout): readonly object[] {
  const moments = panel.never ?? [];
  if (moments.length === 0) return [];
  const points = thin(moments.map((ms) => [ms, scale.max] as const));
  return [
    {
      type: 'scatter',
      name: panel.neverName ?? NEVER,
      xAxisIndex: index,
      yAxisIndex: index,
      z: 4,
      silent: true,
      clip: false,
      symbol: LOOKS.never.symbol,
      symbolSize: LOOKS.never.size,
      symbolKeepAspect: true,
      itemStyle: { color: LOOKS.never.color },
      data: points.map(([ms]) => [ms, position(scale, scale.max)]),
    },
  ];
}
