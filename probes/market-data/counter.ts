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
    return this.limits.at(-1) ?? Infinity;
  }

  /** Within this, an event is within every threshold, ms; +∞ without thresholds. */
  get tightestMs(): number {
    return this.limits[0] ?? Infinity;
  }
}

/** Events of one indicator, counted exactly within each of many thresholds. Counters of one shape can be added up. */
export class Counter {
  readonly shape: Shape;
  valid = 0;
  /** Events that never ended: valid, and within no threshold. */
  private never = 0;
  private readonly limits: Float64Array;
  /** At i: the events that are within threshold i and not within i − 1; at the end: within none. */
  private readonly counts: Float64Array;
  readonly sketch = new Sketch();

  constructor(shape: Shape) {
    this.shape = shape;
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

  /** An event that cannot have a duration, and counts as +∞. */
  addNever(): void {
    this.valid++;
    this.never++;
  }

  merge(other: Counter): void {
    this.valid += other.valid;
    this.never += other.never;
    for (const [index, count] of other.counts.entries()) this.counts[index] = (this.counts[index] ?? 0) + count;
    this.sketch.merge(other.sketch);
  }

  /** thresholdKey → how many were within it. */
  within(): Readonly<Record<string, number>> {
    const within: Record<string, number> = {};
    let sum = 0;
    for (const [index, threshold] of this.shape.thresholds.entries()) {
      sum += this.counts[index] ?? 0;
      within[thresholdKey(threshold)] = sum;
    }
    return within;
  }

  reading(atMs: number): CountReading {
    const { indicator, weigh, eachMs } = this.shape;
    return {
      type: 'counts',
      indicator,
      atMs,
      valid: this.valid,
      within: this.within(),
      weigh,
      ...(eachMs === null ? {} : { eachMs }),
      p50Ms: this.sketch.quantile(0.5),
      p99Ms: this.sketch.quantile(0.99),
      maxMs: this.sketch.maxMs,
      ...(this.valid === this.never ? {} : { sketch: this.sketch.bins() }),
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
