/** What a source's numbers say of one step. Pure. */
import type { MedianReading, TelemetryReading } from '../../probes/probe.ts';
import { compare, decimal, fromNumber, multiply, rational, toFixed, toNumber } from '../../slo/decimal.ts';
import type { Samples } from './source.ts';

export type Counted =
  | {
      readonly type: 'counted';
      readonly readings: readonly (TelemetryReading | MedianReading)[];
      readonly remark: string | null;
    }
  /** No samples, or numbers that count nothing. */
  | { readonly type: 'none'; readonly why: string };

/** What was asked, answered; by the name under which it stands in the configuration. */
export type Answers = { readonly good: Samples; readonly valid: Samples } | { readonly median: Samples };

export function countStep(answers: Answers, startMs: number): Counted {
  return 'median' in answers ? medianStep(answers.median, startMs) : ratioStep(answers.good, answers.valid, startMs);
}

/** Nobody counts more of anything in a minute; a number beyond it is a mistake. */
const MOST = 1e12;
/** Digits after the point of a number that is written with an exponent. */
const PLACES = 18;
const PLAIN = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** A count, exactly as it was written, as a plain decimal; or why it is none. */
function countOf(name: string, text: string): { readonly text: string } | { readonly why: string } {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) return { why: `${name} answers ${text === '' ? 'nothing' : text}` };
  if (value < 0) return { why: `${name} answers ${text}, and no count is negative` };
  if (value > MOST) return { why: `${name} answers ${text}, which is no count` };
  return { text: PLAIN.test(text) ? text : toFixed(fromNumber(Math.abs(value)), PLACES) };
}

function ratioStep(good: Samples, valid: Samples, startMs: number): Counted {
  const readings: TelemetryReading[] = [];
  let remark: string | null = null;
  for (const [split, points] of valid) {
    const of = split === '' ? '' : ` of ${split}`;
    const asked = points.get(startMs);
    if (asked === undefined) continue;
    const all = countOf(`valid${of}`, asked);
    if ('why' in all) return { type: 'none', why: all.why };
    const answered = good.get(split)?.get(startMs);
    const isEmpty = Number(all.text) === 0;
    if (answered === undefined && !isEmpty) {
      return {
        type: 'none',
        why: `good${of} has no samples where valid has: if that means none, add "or vector(0)", or fill(0)`,
      };
    }
    const part = countOf(`good${of}`, answered ?? '0');
    if ('why' in part) return { type: 'none', why: part.why };
    if (compare(decimal(part.text), decimal(all.text)) > 0) {
      remark ??= `good${of} is ${part.text} of ${all.text} valid, counted as ${all.text}: count both where an event ends`;
      readings.push({ type: 'telemetry', split, good: all.text, valid: all.text });
    } else readings.push({ type: 'telemetry', split, good: part.text, valid: all.text });
  }
  return readings.length === 0 ? { type: 'none', why: 'no samples' } : { type: 'counted', readings, remark };
}

function medianStep(median: Samples, startMs: number): Counted {
  const readings: MedianReading[] = [];
  for (const [split, points] of median) {
    const text = points.get(startMs);
    // What histogram_quantile says of a slice in which nothing was observed.
    if (text === undefined || text === 'NaN') continue;
    const seconds = countOf('median', text);
    if ('why' in seconds) return { type: 'none', why: seconds.why };
    readings.push({ type: 'median', split, ms: toNumber(multiply(decimal(seconds.text), rational(1000))) });
  }
  return readings.length === 0 ? { type: 'none', why: 'no samples' } : { type: 'counted', readings, remark: null };
}
