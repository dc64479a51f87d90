/** The seam that every kind of source stands behind: one query over a span of steps, one number a step and split. */
import { MOST_SPLITS } from '../../store/influx/cardinality.ts';
import type { BoundQuery } from '../config/configuration.ts';

/** Whole steps, counted from the epoch; half-open, real milliseconds. */
export interface StepSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** Split → start of the step → the number, as it was written. A step that is not there has no samples. */
export type Samples = ReadonlyMap<string, ReadonlyMap<number, string>>;

export type Answer =
  | { readonly ok: true; readonly samples: Samples }
  /** One line, for people: why nothing can be counted. */
  | { readonly ok: false; readonly reason: string };

export interface TelemetrySource extends AsyncDisposable {
  readonly id: string;
  /** Never rejects. Ends within the source's timeout, or as soon as the signal aborts. */
  ask(query: string, span: StepSpan, split: BoundQuery['split'], signal: AbortSignal): Promise<Answer>;
}

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [startMs: number, text: string])[];
}

/** One series where an objective is not split; else one for each value of the label that it is split by. */
export function samplesOf(series: readonly Series[], split: BoundQuery['split']): Answer {
  const [first, second] = series;
  if (split === null) {
    if (second === undefined) return { ok: true, samples: new Map(first === undefined ? [] : [['', pointsOf(first)]]) };
    return { ok: false, reason: `${series.length} series where one is expected (${labelsText(first)}, …): sum them` };
  }
  // Each value becomes a series of its own wherever tallies are shipped to.
  if (series.length > MOST_SPLITS) {
    return {
      ok: false,
      reason: `${series.length} values of ${split} where at most ${MOST_SPLITS} are expected: sum by fewer`,
    };
  }
  const samples = new Map<string, ReadonlyMap<number, string>>();
  for (const each of series) {
    const value = each.labels[split];
    if (value === undefined || value === '') {
      return { ok: false, reason: `a series without the label ${split} (${labelsText(each)}): sum by (${split})` };
    }
    if (samples.has(value)) {
      return { ok: false, reason: `several series of the ${split} ${JSON.stringify(value)}: sum by (${split})` };
    }
    samples.set(value, pointsOf(each));
  }
  return { ok: true, samples };
}

function pointsOf({ points }: Series): ReadonlyMap<number, string> {
  return new Map(points);
}

function labelsText(series: Series | undefined): string {
  const text = Object.entries(series?.labels ?? {})
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ');
  return text === '' ? 'no labels' : text.slice(0, 80);
}
