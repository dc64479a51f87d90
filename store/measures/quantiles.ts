/**
 * Quantiles of any number of samples in bounded memory, for charts and text; judgements use exact counts. Samples are counted
 * in bins that grow by 1 %, so that the middle of one is within 0.5 % of anything in it.
 */
import { push, Reader } from '../packed.ts';

const GROWTH = Math.log(1.01);
// Below a microsecond (and for ages that a skewed clock makes negative) there is one bin: the smallest sample stands for it.
const FLOOR = 1e-3;
/** Bins that are made room for at least beside one that is out of reach. */
const ROOM = 32;
const NONE = new Float64Array();

export class Quantiles {
  samples = 0;
  max: number | null = null;
  min: number | null = null;
  /** Samples below the smallest bin. */
  low = 0;
  /** Samples by bin, from bin number `#first` on. */
  #counts = NONE;
  #first = 0;

  add(value: number, weight = 1): void {
    if (!Number.isFinite(value) || weight <= 0) return;
    this.#stretch(weight, value, value);
    if (value < FLOOR) this.low += weight;
    else this.#count(Math.floor(Math.log(value) / GROWTH), weight);
  }

  /** Takes in all samples of another one. */
  merge(other: Quantiles): void {
    this.#stretch(other.samples, other.min, other.max);
    this.low += other.low;
    for (let index = 0; index < other.#counts.length; index += 1) {
      const count = other.#counts[index] ?? 0;
      if (count > 0) this.#count(other.#first + index, count);
    }
  }

  /** By nearest rank, within 0.5 % of the true sample; null without samples. */
  at(q: number): number | null {
    return this.atRank(Math.max(1, Math.ceil(q * this.samples)));
  }

  /** The sample of this rank, from 1 for the smallest; the same precision. */
  atRank(rank: number): number | null {
    if (this.samples === 0 || rank >= this.samples) return this.max;
    let seen = this.low;
    if (seen >= rank) return this.min;
    for (let index = 0; index < this.#counts.length; index += 1) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return this.#within(Math.exp((this.#first + index + 0.5) * GROWTH));
    }
    return this.max;
  }

  /** How many lay below the bins, how many bins there are, and of each its distance from the one before and its samples. */
  pack(bytes: number[]): void {
    const used = [...this.#counts].flatMap((count, index) =>
      count > 0 ? [[this.#first + index, count] as const] : [],
    );
    push(bytes, this.low);
    push(bytes, used.length);
    let before = 0;
    for (const [place, [bin, count]] of used.entries()) {
      push(bytes, place === 0 ? zigzag(bin) : bin - before);
      push(bytes, count);
      before = bin;
    }
  }

  /** Takes in what `pack` wrote. */
  mergePacked(bytes: Uint8Array, min: number | null, max: number | null): void {
    const reader = new Reader(bytes);
    const low = reader.number();
    let samples = low;
    let bin = 0;
    for (let place = 0, bins = reader.number(); place < bins; place += 1) {
      const step = reader.number();
      bin = place === 0 ? unzigzag(step) : bin + step;
      const count = reader.number();
      this.#count(bin, count);
      samples += count;
    }
    this.low += low;
    this.#stretch(samples, min, max);
  }

  #stretch(samples: number, min: number | null, max: number | null): void {
    this.samples += samples;
    if (max !== null) this.max = Math.max(this.max ?? max, max);
    if (min !== null) this.min = Math.min(this.min ?? min, min);
  }

  #count(bin: number, samples: number): void {
    let index = bin - this.#first;
    if (index < 0 || index >= this.#counts.length) {
      this.#makeRoom(bin);
      index = bin - this.#first;
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + samples;
  }

  #makeRoom(bin: number): void {
    const isEmpty = this.#counts.length === 0;
    const room = Math.max(ROOM, Math.ceil(this.#counts.length / 2));
    const first = isEmpty ? bin - room : Math.min(this.#first, bin - room);
    const end = isEmpty ? bin + room : Math.max(this.#first + this.#counts.length, bin + room);
    const counts = new Float64Array(end - first);
    if (!isEmpty) counts.set(this.#counts, this.#first - first);
    this.#counts = counts;
    this.#first = first;
  }

  #within(value: number): number {
    return Math.min(this.max ?? value, Math.max(this.min ?? value, value));
  }
}

/** Bins may be below zero: 0, -1, 1, -2 … as 0, 1, 2, 3 … */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
