/** The two axes of a panel, as the library's options. */
import { tickText, type ValueAxis } from './axis.ts';
import { position, type Context } from './layout.ts';
import { INK, SOFT } from './look.ts';

export function timeOption({ time, fromMs, toMs }: Context, gridIndex: number, last: boolean) {
  const axis = { customValues: [...time.ticks] };
  return {
    type: 'value',
    gridIndex,
    min: fromMs,
    max: toMs,
    position: 'bottom',
    axisLine: { show: true, onZero: false, lineStyle: { color: SOFT } },
    axisTick: { show: true, ...axis, lineStyle: { color: SOFT } },
    axisLabel: {
      show: last,
      ...axis,
      formatter: (value: number) => time.label(Math.round(value)),
      color: INK,
      fontSize: 12,
      lineHeight: 14,
      hideOverlap: true,
    },
    splitLine: { show: false },
    ...(last
      ? { name: time.name, nameLocation: 'middle', nameGap: 38, nameTextStyle: { color: SOFT, fontSize: 12 } }
      : {}),
  };
}

export function valueOption(gridIndex: number, scale: ValueAxis) {
  const axis = { customValues: scale.ticks.map((tick) => position(scale, tick)) };
  return {
    type: 'value',
    gridIndex,
    min: position(scale, scale.min),
    max: position(scale, scale.max),
    axisLine: { show: true, lineStyle: { color: SOFT } },
    axisTick: { show: true, ...axis, lineStyle: { color: SOFT } },
    axisLabel: {
      ...axis,
      formatter: (value: number) => tickText(scale.log ? nearestTick(scale, 10 ** value) : value),
      color: INK,
      fontSize: 12,
    },
    splitLine: { show: false },
  };
}

function nearestTick(scale: ValueAxis, value: number): number {
  return scale.ticks.reduce((best, tick) => (Math.abs(tick - value) < Math.abs(best - value) ? tick : best), value * 2);
}
