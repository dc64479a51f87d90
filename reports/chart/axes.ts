/** The two axes of a panel, with their ticks and labels. */
import { tickText } from './axis.ts';
import { levelOf, type Context, type Layout } from './layout.ts';
import { LEFT, PLOT, SOFT } from './look.ts';
import { crisp, straight, words } from './svg.ts';

const TICK = 5;
const LINE = 14;

/** Moments and the axis' name stand below the last panel only. */
export function timeAxisLines({ time, x }: Context, { top, height, last }: Layout): readonly string[] {
  const y = top + height;
  const stroke = { stroke: SOFT };
  const ticks = time.ticks.map((tick) => straight([crisp(x(tick)), y], [crisp(x(tick)), y + TICK], stroke));
  const labels = time.ticks.flatMap((tick) =>
    time
      .label(tick)
      .split('\n')
      .map((text, line) => words(text, x(tick), y + 15 + line * LINE, { anchor: 'middle' })),
  );
  return [
    straight([LEFT, crisp(y)], [LEFT + PLOT, crisp(y)], stroke),
    ...ticks,
    ...(last ? [...labels, words(time.name, LEFT + PLOT / 2, y + 44, { anchor: 'middle', fill: SOFT })] : []),
  ];
}

export function valueAxisLines(layout: Layout): readonly string[] {
  const { scale, top, height } = layout;
  const stroke = { stroke: SOFT };
  return [
    straight([crisp(LEFT), top], [crisp(LEFT), top + height], stroke),
    ...scale.ticks.flatMap((tick) => {
      const y = levelOf(layout, tick);
      return [
        straight([LEFT - TICK, crisp(y)], [LEFT, crisp(y)], stroke),
        words(tickText(tick), LEFT - 8, y, { anchor: 'end' }),
      ];
    }),
  ];
}
