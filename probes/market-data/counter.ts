import { thresholdKey, type CountReading, type Indicator, type Threshold } from '../probe.ts';
import { Sketch } from './sketch.ts';

/** Tightest first: whatever is within one threshold is within all that follow. At one limit, `<` is tighter than `≤`. */
function tightestFirst(thresholds: readonly Threshold[]): readonly Threshold[] {
  return thresholds.toSorted((a, b) => a.ms - b.ms || Number(b.strict) - Number(a.strict));
}

/** What is the same for every step of one indicator. */
export class Shape {
  readonly indicator: Indicator;
  readonly thresholds: readonly Threshold[];
  /** The limits as numbers that `≤` decides: of a strict limit, the largest number below it. */
  readonly limits: Float64Array;
  readonly weigh: CountReading['weigh'];
  /** The stretch of time that each event stands for, ms; null: it stands for itself. */
  readonly eachMs: number | null;

  constructor(
    indicator: Indicator,
    thresholds: readonly Threshold[],
    weigh: CountReading['weigh'],
    eachMs: number | null,
  ) {
    this.indicator = indicator;
    this.thresholds = tightestFirst(thresholds);
    this.limits = Float64Array.from(this.thresholds, ({ ms, strict }) => (strict ? below(ms) : ms));
    this.weigh = weigh;
    this.eachMs = eachMs;
  }

  /** The most generous limit, ms; +∞ without thresholds. */
  get loosestMs(): number {
    return this.thresholds.at(-1)?.ms ?? Infinity;
  }
}

/** Events of one indicator in one tally step, counted exactly within each of many thresholds. */
export class Counter {
  readonly shape: Shape;
  readonly atMs: number;
  valid = 0;
  private readonly limits: Float64Array;
  /** At i: the events that are within threshold i and not within i − 1; at the end: within none. */
  private readonly counts: Float64Array;
  private readonly sketch = new Sketch();

  constructor(shape: Shape, atMs: number) {
    this.shape = shape;
    this.atMs = atMs;
    this.limits = shape.limits;
    this.counts = new Float64Array(shape.limits.length + 1);
  }

  add(ms: number): void {
    this.valid++;
    const { limits, counts } = this;
    let low = 0;
    let high = limits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ms <= (limits[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    counts[low] = (counts[low] ?? 0) + 1;
    this.sketch.add(ms);
  }

  reading(): CountReading {
    const { indicator, thresholds, weigh, eachMs } = this.shape;
    const within: Record<string, number> = {};
    let sum = 0;
    for (const [index, threshold] of thresholds.entries()) {
      sum += this.counts[index] ?? 0;
      within[thresholdKey(threshold)] = sum;
    }
    return {
      type: 'counts',
      indicator,
      atMs: this.atMs,
      valid: this.valid,
      within,
      weigh,
      ...(eachMs === null ? {} : { eachMs }),
      p50Ms: this.sketch.quantile(0.5),
      p99Ms: this.sketch.quantile(0.99),
      maxMs: this.sketch.maxMs,
    };
  }
}

/** The largest double below a positive number. */
function below(ms: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, ms);
  view.setBigUint64(0, view.getBigUint64(0) - 1n);
  return view.getFloat64(0);
}
