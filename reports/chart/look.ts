/** How charts look: sizes in pixels, and for each kind of line a colour, a dash and a symbol of its own. */
import type { Look, Tone } from './spec.ts';

export const WIDTH = 960;
export const LEFT = 78;
export const RIGHT = 168;
export const PLOT = WIDTH - LEFT - RIGHT;
// No quotation marks: the library writes this into an attribute as it stands.
export const FONT = 'Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif';
export const INK = '#1a1a1a';
export const SOFT = '#5a5a5a';
export const RULE = '#e3e3e3';
export const LIMIT = '#a3001d';
export const MARK_ROW = 16;
export const HEADER = 24;
/** A strip with its name above it. */
export const LANE = 36;

interface Style {
  readonly color: string;
  readonly width: number;
  readonly dash: 'solid' | readonly number[];
  readonly symbol: string;
  readonly size: number;
}

export const LOOKS: Readonly<Record<Look, Style>> = {
  main: { color: '#08306b', width: 2, dash: 'solid', symbol: 'circle', size: 5 },
  upper: { color: '#b4530a', width: 1.8, dash: [7, 3], symbol: 'rect', size: 6 },
  extreme: { color: '#6b6b6b', width: 1.2, dash: [2, 2], symbol: 'diamond', size: 7 },
  trouble: {
    color: '#a3001d',
    width: 1.5,
    dash: 'solid',
    symbol: 'path://M0,1L1,0L5,4L9,0L10,1L6,5L10,9L9,10L5,6L1,10L0,9L4,5Z',
    size: 8,
  },
  never: { color: '#a3001d', width: 1.5, dash: 'solid', symbol: 'path://M5,0L10,10L0,10Z', size: 9 },
  beyond: { color: '#08306b', width: 1.5, dash: 'solid', symbol: 'path://M0,0L10,0L5,10Z', size: 9 },
};

export const TONES: Readonly<Record<Tone, { readonly fill: string; readonly edge: string; readonly ink: string }>> = {
  good: { fill: '#dcebdc', edge: '#8fb08f', ink: INK },
  bad: { fill: '#a3001d', edge: '#a3001d', ink: '#ffffff' },
  unknown: { fill: '#ffffff', edge: '#9a9a9a', ink: SOFT },
  fault: { fill: '#4a4a4a', edge: '#1a1a1a', ink: '#ffffff' },
  mode: { fill: '#c6d6ea', edge: '#08306b', ink: INK },
};

export const NEVER = 'never happened (upper edge)';
