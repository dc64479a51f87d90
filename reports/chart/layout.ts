/** Where a panel stands, and how its values become positions. */
import { valueAxis, type TimeAxis, type ValueAxis } from './axis.ts';
import type { Chart, Panel } from './spec.ts';

export interface Context {
  readonly chart: Chart;
  readonly time: TimeAxis;
  readonly fromMs: number;
  readonly toMs: number;
  /** From a moment to a place. */
  readonly x: (ms: number) => number;
}

export interface Layout {
  readonly panel: Panel;
  readonly index: number;
  readonly scale: ValueAxis;
  readonly top: number;
  readonly height: number;
  readonly last: boolean;
}

export function scaleOf(panel: Panel): ValueAxis {
  const values = panel.series.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []));
  // A little air above a threshold, so that its line is not the frame.
  const bounds = panel.limits.flatMap(({ value }) => (panel.scale === 'auto' ? [value, value * 1.04] : [value]));
  const measured = valueAxis([...values, ...bounds], { auto: false, fromZero: true });
  if (panel.scale === 'linear') return measured;
  // The ordinary value is that of the measurements: a far-away threshold must not flatten them either.
  const ordinary = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (ordinary === undefined) return measured;
  return valueAxis([...values, ...bounds, ...values.map(() => ordinary)], { auto: true, fromZero: true });
}

/** Values are drawn by their logarithm where the scale is one. */
function position(scale: ValueAxis, value: number): number {
  return scale.log ? Math.log10(value) : value;
}

/** How far down a value stands; at the edge of the panel, where it is beyond its scale. */
export function levelOf({ scale, top, height }: Pick<Layout, 'scale' | 'top' | 'height'>, value: number): number {
  const [low, high] = [position(scale, scale.min), position(scale, scale.max)];
  const share = (position(scale, Math.min(scale.max, Math.max(scale.min, value))) - low) / (high - low);
  return top + height * (1 - share);
}
