/** How charts look: sizes in pixels, and for each kind of line a colour, a dash and a symbol of its own. */
import type { Look, Tone } from './spec.ts';

export const WIDTH = 960;
export const LEFT = 78;
export const RIGHT = 168;
export const PLOT = WIDTH - LEFT - RIGHT;
export const FONT = 'Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif';
export const INK = '#1a1a1a';
export const SOFT = '#5a5a5a';
export const RULE = '#e3e3e3';
export const LIMIT = '#a3001d';
export const MARK_ROW = 16;
export const HEADER = 24;
/** A strip with its name above it. */
export const LANE = 36;

export type Symbol = 'circle' | 'rect' | 'diamond' | 'cross' | 'up' | 'down';

interface Style {
  readonly color: string;
  readonly width: number;
  readonly dash: { readonly 'stroke-dasharray'?: string };
  readonly symbol: Symbol;
  readonly size: number;
}

export const LOOKS: Readonly<Record<Look, Style>> = {
  main: { color: '#08306b', width: 2, dash: {}, symbol: 'circle', size: 5 },
  upper: { color: '#b4530a', width: 1.8, dash: { 'stroke-dasharray': '7,3' }, symbol: 'rect', size: 6 },
  extreme: { color: '#6b6b6b', width: 1.2, dash: { 'stroke-dasharray': '2,2' }, symbol: 'diamond', size: 7 },
  trouble: { color: '#a3001d', width: 1.5, dash: {}, symbol: 'cross', size: 8 },
  never: { color: '#a3001d', width: 1.5, dash: {}, symbol: 'up', size: 9 },
  beyond: { color: '#08306b', width: 1.5, dash: {}, symbol: 'down', size: 9 },
};

export const TONES: Readonly<Record<Tone, { readonly fill: string; readonly edge: string; readonly ink: string }>> = {
  good: { fill: '#dcebdc', edge: '#8fb08f', ink: INK },
  bad: { fill: '#a3001d', edge: '#a3001d', ink: '#ffffff' },
  unknown: { fill: '#ffffff', edge: '#9a9a9a', ink: SOFT },
  fault: { fill: '#4a4a4a', edge: '#1a1a1a', ink: '#ffffff' },
  mode: { fill: '#c6d6ea', edge: '#08306b', ink: INK },
};

export const NEVER = 'never happened (upper edge)';
