/** The words in a chart that are not axis labels, as the library's options. */
import { oneLine } from '../markdown.ts';
import { fitted, inert, spread } from './labels.ts';
import { position, type Layout } from './layout.ts';
import { FONT, HEADER, INK, LEFT, LIMIT, PLOT, RIGHT, WIDTH } from './look.ts';

export function panelLabels({ panel, scale, top, height }: Layout): readonly object[] {
  const y = (value: number) => {
    const [low, high] = [position(scale, scale.min), position(scale, scale.max)];
    const share = (position(scale, Math.min(scale.max, Math.max(scale.min, value))) - low) / (high - low);
    return top + height * (1 - share);
  };
  const limits = spread(
    panel.limits.map(({ value, name }) => ({ at: y(value), text: oneLine(name) })),
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

export function label(
  text: string,
  x: number,
  y: number,
  align: 'left' | 'center' | 'right',
  bold: boolean,
  fill = INK,
) {
  // White behind it, so that a line that must pass does not strike the words out.
  const style = {
    text: inert(text),
    align,
    fill,
    font: `${bold ? 'bold ' : ''}12px ${FONT}`,
    backgroundColor: '#ffffff',
    padding: 1,
  };
  return { type: 'text', silent: true, z: 10, x, y, style };
}

export function rule(x: number, y1: number, y2: number) {
  return { type: 'line', silent: true, z: 1, shape: { x1: x, x2: x, y1, y2 }, style: { stroke: INK, lineWidth: 1 } };
}
