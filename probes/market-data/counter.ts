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

  /** @param sums of each threshold, in their order */
  byKey(sums: readonly number[]): Readonly<Record<string, number>> {
    return Object.fromEntries(this.thresholds.map((threshold, index) => [thresholdKey(threshold), sums[index] ?? 0]));
  }
}

/** Where a counter has to tell events apart: at each limit and, where the clock's bound is known, that far around each. */
export class Grid {
  readonly shape: Shape;
  readonly boundMs: number | null;
  /** Ascending, each once; `≤` decides. */
  readonly edges: Float64Array;
  /** Of each threshold, the index of its limit among the edges. */
  readonly at: readonly number[];
  /** Of each threshold, the indices of the last edge that is too low to be borderline and of the last that is. */
  readonly around: readonly (readonly [from: number, to: number])[];

  /** @param boundMs of the clock; null: unknown, and so is what is borderline */
  constructor(shape: Shape, boundMs: number | null) {
    this.shape = shape;
    this.boundMs = boundMs;
    const brinks =
      boundMs === null ? [] : shape.thresholds.map(({ ms }) => [ms - boundMs, below(ms + boundMs)] as const);
    this.edges = new Float64Array(new Set([...shape.limits, ...brinks.flat()])).toSorted();
    this.at = [...shape.limits].map((limit) => this.edges.indexOf(limit));
    this.around = brinks.map(([from, to]) => [this.edges.indexOf(from), this.edges.indexOf(to)]);
  }
}

/** Events of one indicator, counted exactly within each of many thresholds. Counters of one grid can be added up. */
export class Counter {
  readonly shape: Shape;
  valid = 0;
  private readonly grid: Grid;
  private readonly edges: Float64Array;
  /** At i: the events that are at or below edge i and not at or below i − 1; at the end: above all. */
  private readonly counts: Float64Array;
  readonly sketch = new Sketch();

  constructor(grid: Grid) {
    this.shape = grid.shape;
    this.grid = grid;
    this.edges = grid.edges;
    this.counts = new Float64Array(grid.edges.length + 1);
  }

  add(ms: number): void {
    this.valid++;
    const { edges, counts } = this;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ms <= (edges[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    counts[low] = (counts[low] ?? 0) + 1;
    this.sketch.add(ms);
  }

  /** An event that cannot have a duration, and counts as +∞. */
  addNever(): void {
    this.valid++;
  }

  /** An event that has lasted so long already by this machine's clock alone: above every threshold, and borderline to none. */
  addUnended(ms: number): void {
    this.valid++;
    this.sketch.add(ms);
  }

  merge(other: Counter): void {
    if (other.grid !== this.grid) throw new RangeError('counters of different grids cannot be added up');
    this.valid += other.valid;
    for (const [index, count] of other.counts.entries()) this.counts[index] = (this.counts[index] ?? 0) + count;
    this.sketch.merge(other.sketch);
  }

  /** Of each threshold, in their order: how many were within it. */
  within(): readonly number[] {
    const upTo = this.cumulated();
    return this.grid.at.map((edge) => upTo[edge] ?? 0);
  }

  /** Of each threshold, in their order: how many were nearer to it than the bound; null where that is unknown. */
  borderline(): readonly number[] | null {
    if (this.grid.boundMs === null) return null;
    const upTo = this.cumulated();
    // A bound that is lost in the last digit of the limit leaves nothing between the two.
    return this.grid.around.map(([from, to]) => Math.max(0, (upTo[to] ?? 0) - (upTo[from] ?? 0)));
  }

  reading(atMs: number): CountReading {
    const { shape, sketch } = this;
    const { indicator, weigh, eachMs } = shape;
    const borderline = this.borderline();
    return {
      type: 'counts',
      indicator,
      atMs,
      valid: this.valid,
      within: shape.byKey(this.within()),
      borderline: borderline === null ? null : shape.byKey(borderline),
      weigh,
      ...(eachMs === null ? {} : { eachMs }),
      p50Ms: sketch.quantile(0.5),
      p99Ms: sketch.quantile(0.99),
      maxMs: sketch.maxMs,
      ...(sketch.maxMs === null ? {} : { sketch: sketch.bins() }),
    };
  }

  /** At i: the events at or below edge i. */
  private cumulated(): readonly number[] {
    let sum = 0;
    return Array.from(this.counts, (count) => (sum += count));
  }
}

/** What counters of one shape come to, whatever the bounds that they counted with. */
export class Total {
  valid = 0;
  readonly sketch = new Sketch();
  private readonly shape: Shape;
  private sums: readonly number[];

  constructor(shape: Shape) {
    this.shape = shape;
    this.sums = shape.thresholds.map(() => 0);
  }

  add(counter: Counter): void {
    const within = counter.within();
    this.valid += counter.valid;
    this.sums = this.sums.map((sum, index) => sum + (within[index] ?? 0));
    this.sketch.merge(counter.sketch);
  }

  /** thresholdKey → how many were within it. */
  within(): Readonly<Record<string, number>> {
    return this.shape.byKey(this.sums);
  }
}

/** The largest double below a positive number. */
function below(ms: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, ms);
  view.setBigUint64(0, view.getBigUint64(0) - 1n);
  return view.getFloat64(0);
}
