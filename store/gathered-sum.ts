import type { Judged } from './judge.ts';

/** What `mergeJudged` of many shares in one step and split gives, added up in place: there are thousands of them a second. */
export class Sum {
  readonly objective: string;
  readonly #split: string;
  readonly #atMs: number;
  #good = 0;
  #bad = 0;
  #excluded = 0;
  #faults = 0;
  #goodWeight = 0n;
  #badWeight = 0n;
  #excludedWeight = 0n;
  #faultWeight = 0n;
  #squaredWeight = 0n;
  #borderline = 0;
  #bounded = 0;
  #cluster = 0n;

  constructor(objective: string, split: string, atMs: number) {
    this.objective = objective;
    this.#split = split;
    this.#atMs = atMs;
  }

  add({ tally, cluster }: Judged): void {
    this.#good += tally.good;
    this.#bad += tally.bad;
    this.#excluded += tally.excluded;
    this.#faults += tally.faults;
    this.#borderline += tally.borderline;
    this.#bounded += tally.bounded;
    // Most are nothing, and a sum of big integers is one more of them to be thrown away.
    if (tally.goodWeight !== 0n) this.#goodWeight += tally.goodWeight;
    if (tally.badWeight !== 0n) this.#badWeight += tally.badWeight;
    if (tally.excludedWeight !== 0n) this.#excludedWeight += tally.excludedWeight;
    if (tally.faultWeight !== 0n) this.#faultWeight += tally.faultWeight;
    if (tally.squaredWeight !== 0n) this.#squaredWeight += tally.squaredWeight;
    if (cluster === 0n) return;
    this.#squaredWeight += 2n * this.#cluster * cluster;
    this.#cluster += cluster;
  }

  get judged(): Judged {
    return {
      atMs: this.#atMs,
      split: this.#split,
      tally: {
        good: this.#good,
        bad: this.#bad,
        excluded: this.#excluded,
        faults: this.#faults,
        goodWeight: this.#goodWeight,
        badWeight: this.#badWeight,
        excludedWeight: this.#excludedWeight,
        faultWeight: this.#faultWeight,
        squaredWeight: this.#squaredWeight,
        borderline: this.#borderline,
        bounded: this.#bounded,
      },
      cluster: this.#cluster,
      problem: null,
    };
  }
}
