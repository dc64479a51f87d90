/** A Prometheus histogram: how many observations lay at or below each bound, ever since the start. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #within: number[];
  #sum = 0;
  #count = 0;

  /** @param bounds upper bounds in seconds, ascending; +Inf is added */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#within = bounds.map(() => 0);
  }

  /** @param seconds Infinity: it never happened. That is counted, and adds nothing to the sum. */
  observe(seconds: number): void {
    this.#count += 1;
    if (Number.isFinite(seconds)) this.#sum += seconds;
    this.bounds.forEach((bound, index) => {
      if (seconds <= bound) this.#within[index] = (this.#within[index] ?? 0) + 1;
    });
  }

  /** The lines of its series, without HELP and TYPE. @param labels such as `venue="primary"`, or '' */
  lines(name: string, labels = ''): string {
    const own = labels === '' ? '' : `{${labels}}`;
    const before = labels === '' ? '' : `${labels},`;
    const buckets = [...this.bounds.map(String), '+Inf'].map(
      (le, index) => `${name}_bucket{${before}le="${le}"} ${this.#within[index] ?? this.#count}\n`,
    );
    return `${buckets.join('')}${name}_sum${own} ${this.#sum}\n${name}_count${own} ${this.#count}\n`;
  }
}
