/** What a chart is, before it is drawn. */
import type { Point } from '../thin.ts';

/** `line` joins points, `step` holds a value until the next one, `dots` are single events. */
export interface Series {
  readonly name: string;
  readonly draw: 'line' | 'step' | 'dots';
  readonly look: Look;
  readonly points: readonly Point[];
}

export type Look = 'main' | 'upper' | 'extreme' | 'trouble' | 'never' | 'beyond';

/** A level to be read against: a threshold, a guard rail. */
export interface Limit {
  readonly value: number;
  readonly name: string;
}

export interface Panel {
  /** What is drawn; null where the chart's title says it. */
  readonly name: string | null;
  /** The unit of the vertical axis; never empty. */
  readonly unit: string;
  readonly series: readonly Series[];
  readonly limits: readonly Limit[];
  /** Moments of events that have no value (an answer that never came): drawn at the upper edge. */
  readonly never?: readonly number[];
  readonly neverName?: string;
  /** `auto`: logarithmic when one value dwarfs the ordinary ones. */
  readonly scale: 'linear' | 'auto';
  /** Tinted ranges of the vertical axis, from the bottom up to `upTo`. */
  readonly bands?: readonly { readonly from: number; readonly upTo: number; readonly tint: string }[];
}

/** A named moment, drawn through all panels. */
export interface Mark {
  readonly atMs: number;
  readonly name: string;
}

/** A shaded stretch of time. */
export interface Shade {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was so from when to when: a strip above the panels, on the same time axis. */
export interface Lane {
  readonly name: string;
  readonly segments: readonly LaneSegment[];
}

export interface LaneSegment extends Shade {
  readonly tone: Tone;
  /** Shown where it fits. */
  readonly text: string;
}

/** Told apart by lightness and frame as well as by colour. */
export type Tone = 'good' | 'bad' | 'unknown' | 'fault' | 'mode';

export interface Chart {
  readonly title: string;
  /** For those who cannot see it. */
  readonly description: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly panels: readonly Panel[];
  readonly marks?: readonly Mark[];
  readonly shades?: readonly Shade[];
  readonly lanes?: readonly Lane[];
}
