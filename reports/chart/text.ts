/** The words in a chart that are not axis labels. */
import { oneLine } from '../markdown.ts';
import { fitted, spread } from './labels.ts';
import { levelOf, type Layout } from './layout.ts';
import { HEADER, INK, LEFT, LIMIT, PLOT, RIGHT, WIDTH } from './look.ts';
import { crisp, straight, words } from './svg.ts';

export function panelLabels(layout: Layout): readonly string[] {
  const { panel, scale, top, height } = layout;
  const limits = spread(
    panel.limits.map(({ value, name }) => ({ at: levelOf(layout, value), text: oneLine(name) })),
    { from: top, to: top + height, apart: 14 },
  );
  const empty = panel.series.every(({ points }) => points.every(([, value]) => value === null));
  return [
    label(
      `${panel.name === null ? '' : `${oneLine(panel.name)} — `}${panel.unit}${scale.log ? ', logarithmic' : ''}`,
      12,
      top - HEADER + 2,
      'left',
      panel.name !== null,
    ),
    ...limits.map(({ at, text }) => label(fitted(text, RIGHT - 12), WIDTH - RIGHT + 6, at - 6, 'left', false, LIMIT)),
    ...(empty && (panel.never ?? []).length === 0
      ? [label('no measurements', LEFT + PLOT / 2, top + height / 2 - 6, 'center', false)]
      : []),
  ];
}

const ANCHORS = { left: 'start', center: 'middle', right: 'end' } as const;

/** @param y the upper edge of the line */
export function label(
  text: string,
  x: number,
  y: number,
  align: keyof typeof ANCHORS,
  bold: boolean,
  fill = INK,
): string {
  return words(text, x, y + 6, { anchor: ANCHORS[align], bold, fill, halo: true });
}

export function rule(x: number, y1: number, y2: number): string {
  return straight([crisp(x), y1], [crisp(x), y2], { stroke: INK });
}
