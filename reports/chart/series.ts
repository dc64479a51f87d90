/** The lines and dots of a panel, and what lies behind them. */
import { thin, type Point } from '../thin.ts';
import { levelOf, type Context, type Layout } from './layout.ts';
import { INK, LEFT, LIMIT, LOOKS, PLOT, RULE } from './look.ts';
import type { Series } from './spec.ts';
import { crisp, decimal, element, straight } from './svg.ts';
import { marksPath } from './symbols.ts';

/** Grid rules, tints and shades. */
export function backdrop({ chart, fromMs, toMs, x }: Context, layout: Layout): readonly string[] {
  const { panel, scale, top, height } = layout;
  const area = (from: number, to: number, [upper, lower]: readonly [number, number], fill: object) =>
    element('rect', { x: from, y: upper, width: to - from, height: lower - upper, ...fill });
  return [
    ...(panel.bands ?? [])
      .filter(({ from, upTo }) => upTo > scale.min && from < scale.max)
      .map(({ from, upTo, tint }) =>
        area(LEFT, LEFT + PLOT, [levelOf(layout, upTo), levelOf(layout, from)], { fill: tint }),
      ),
    ...scale.ticks.map((tick) => across(levelOf(layout, tick), { stroke: RULE })),
    ...(chart.shades ?? [])
      .filter((shade) => shade.toMs >= fromMs && shade.fromMs <= toMs)
      .map((shade) => {
        const [from, to] = [x(Math.max(shade.fromMs, fromMs)), x(Math.min(shade.toMs, toMs))];
        return area(from, to, [top, top + height], { fill: '#000000', 'fill-opacity': 0.09 });
      }),
  ];
}

/** Marked moments and limits. */
export function guides({ chart, fromMs, toMs, x }: Context, layout: Layout): readonly string[] {
  const { panel, top, height } = layout;
  const marks = (chart.marks ?? []).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  return [
    ...marks.map(({ atMs }) => straight([crisp(x(atMs)), top], [crisp(x(atMs)), top + height], { stroke: INK })),
    ...panel.limits.map(({ value }) =>
      across(levelOf(layout, value), { stroke: LIMIT, 'stroke-width': 1.4, 'stroke-dasharray': '10,3,2,3' }),
    ),
  ];
}

function across(level: number, stroke: Readonly<Record<string, string | number>>): string {
  return straight([LEFT, crisp(level)], [LEFT + PLOT, crisp(level)], stroke);
}

// A handful of points is drawn with symbols; a crowd only where a point stands alone and no line would show it.
const FEW = 70;

export function hasSymbols({ draw, points }: Pick<Series, 'draw' | 'points'>): boolean {
  return draw === 'dots' || points.length <= FEW;
}

type Place = readonly [x: number, y: number];

/** @param clip of what lies within the panel */
export function drawn(context: Context, layout: Layout, series: Series, clip: string): readonly string[] {
  const { color, width, dash, symbol, size } = LOOKS[series.look];
  const points = thin(series.points);
  const isInside = ([ms]: Point) => ms >= context.fromMs && ms <= context.toMs;
  const marked = points.filter(
    (point, place) => isInside(point) && (hasSymbols({ draw: series.draw, points }) || alone(points, place)),
  );
  const places = marked.map((point) => placeOf(context, layout, point)).filter((place) => place !== null);
  const line =
    series.draw === 'dots'
      ? ''
      : linePath(
          points.map((point) => placeOf(context, layout, point)),
          series.draw,
        );
  const stroke = { stroke: color, 'stroke-width': width, 'stroke-linejoin': 'bevel', ...dash };
  const clipped = points.every(isInside) ? {} : { 'clip-path': `url(#${clip})` };
  return [
    ...(line === '' ? [] : [element('path', { d: line, fill: 'none', ...stroke, ...clipped })]),
    ...(places.length === 0 ? [] : [element('path', { d: marksPath(symbol, size, places), fill: color })]),
  ];
}

function placeOf({ x }: Context, layout: Layout, [ms, value]: Point): Place | null {
  return value === null ? null : [x(ms), levelOf(layout, value)];
}

function linePath(places: readonly (Place | null)[], draw: 'line' | 'step'): string {
  let path = '';
  let before: Place | null = null;
  for (const place of places) {
    if (place !== null) {
      const [x, y] = [decimal(place[0]), decimal(place[1])];
      if (before === null) path += `M${x} ${y}`;
      else path += draw === 'step' ? `H${x}V${y}` : `L${x} ${y}`;
    }
    before = place;
  }
  return path;
}

function alone(points: readonly Point[], place: number): boolean {
  return (points[place - 1]?.[1] ?? null) === null && (points[place + 1]?.[1] ?? null) === null;
}

/** At the upper edge, and half of a mark beyond it. */
export function neverDrawn({ fromMs, toMs, x }: Context, { panel, top }: Layout): readonly string[] {
  const moments = (panel.never ?? []).filter((ms) => ms >= fromMs && ms <= toMs);
  if (moments.length === 0) return [];
  const { symbol, size, color } = LOOKS.never;
  const places = thin(moments.map((ms) => [ms, 0] as const)).map(([ms]): Place => [x(ms), top]);
  return [element('path', { d: marksPath(symbol, size, places), fill: color })];
}
