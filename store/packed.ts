/**
 * Many steps of one split in one row: an hour by its minutes, a day by its hours. Each step that counted something is its
 * index in the row, a mask of the figures that are not 0, and those figures, all as LEB128; ascending by index.
 */
import { isEmpty, sumTallies, validEvents, type Tally } from '../slo/tally.ts';
import type { WindowSteps } from '../slo/window-steps.ts';

/** By how often they are there, so that the mask of an ordinary step is one byte. Never reordered: it is how rows are written. */
const FIGURES = [
  'good',
  'goodWeight',
  'squaredWeight',
  'bad',
  'badWeight',
  'faults',
  'faultWeight',
  'excluded',
  'excludedWeight',
  'borderline',
  'bounded',
] as const satisfies readonly (keyof Tally)[];

/** One step's bytes; none of a step that counted nothing. @throws RangeError for what no step can have counted */
export function packStep(index: number, tally: Tally): Uint8Array {
  if (isEmpty(tally)) return new Uint8Array();
  const bytes: number[] = [];
  let mask = 0;
  FIGURES.forEach((figure, bit) => {
    if (BigInt(tally[figure]) !== 0n) mask |= 1 << bit;
  });
  push(bytes, index);
  push(bytes, mask);
  for (const figure of FIGURES) if (BigInt(tally[figure]) !== 0n) push(bytes, tally[figure]);
  return Uint8Array.from(bytes);
}

/** One figure as LEB128. @throws RangeError for what cannot have been counted */
export function push(bytes: number[], value: number | bigint): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
    return;
  }
  let rest = BigInt(value);
  if (rest < 0n) throw new RangeError(`a tally cannot hold ${value}`);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

/** Where each step of a row stands in it, by index. */
export function stepsIn(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const from = reader.at;
    const index = reader.number();
    for (let mask = reader.number(); mask !== 0; mask >>= 1) if ((mask & 1) !== 0) reader.skip();
    found.set(index, bytes.subarray(from, reader.at));
  }
  return found;
}

/** Sets a mark for each step of a row that counted something. @param firstAt place of the row's first step among the marks, which may lie outside of them */
export function markSteps(bytes: Uint8Array, marks: Uint8Array, firstAt: number): void {
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const at = firstAt + reader.number();
    if (at >= 0 && at < marks.length) marks[at] = 1;
    for (let mask = reader.number(); mask !== 0; mask >>= 1) if ((mask & 1) !== 0) reader.skip();
  }
}

/** The row of such steps. */
export function joined(steps: ReadonlyMap<number, Uint8Array>): Uint8Array {
  return Buffer.concat([...steps].toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes));
}

export interface PackedStep extends Tally {
  readonly atMs: number;
}

/** @param fromMs where the row begins @param stepMs how long each of its steps is */
export function unpack(bytes: Uint8Array, fromMs: number, stepMs: number): PackedStep[] {
  const steps: PackedStep[] = [];
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const atMs = fromMs + reader.number() * stepMs;
    const mask = reader.number();
    // Written out, one figure a line, because years of minutes pass through here.
    steps.push({
      atMs,
      good: (mask & 1) === 0 ? 0 : reader.number(),
      goodWeight: (mask & 2) === 0 ? 0n : reader.integer(),
      squaredWeight: (mask & 4) === 0 ? 0n : reader.integer(),
      bad: (mask & 8) === 0 ? 0 : reader.number(),
      badWeight: (mask & 16) === 0 ? 0n : reader.integer(),
      faults: (mask & 32) === 0 ? 0 : reader.number(),
      faultWeight: (mask & 64) === 0 ? 0n : reader.integer(),
      excluded: (mask & 128) === 0 ? 0 : reader.number(),
      excludedWeight: (mask & 256) === 0 ? 0n : reader.integer(),
      borderline: (mask & 512) === 0 ? 0 : reader.number(),
      bounded: (mask & 1024) === 0 ? 0 : reader.number(),
    });
  }
  return steps;
}

/**
 * What the steps of a row come to, or those before one. Added up in numbers, without an object for any step: a sum that is a safe integer came of
 * safe integers, because nothing here is less than 0.
 */
export function sumOf(bytes: Uint8Array, before = Infinity): Tally {
  const sums = FIGURES.map(() => 0);
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    if (reader.number() >= before) break;
    let mask = reader.number();
    for (let figure = 0; mask !== 0; mask >>= 1, figure += 1) {
      if ((mask & 1) !== 0) sums[figure] = (sums[figure] ?? 0) + reader.number();
    }
  }
  if (sums.every(Number.isSafeInteger)) return tallyOf(sums);
  return sumTallies(unpack(bytes, 0, 1).filter(({ atMs: index }) => index < before));
}

function tallyOf(figures: readonly number[]): Tally {
  const [good = 0, goodWeight = 0, squaredWeight = 0, bad = 0, badWeight = 0, faults = 0, ...rest] = figures;
  const [faultWeight = 0, excluded = 0, excludedWeight = 0, borderline = 0, bounded = 0] = rest;
  return {
    good,
    bad,
    excluded,
    faults,
    goodWeight: BigInt(goodWeight),
    badWeight: BigInt(badWeight),
    excludedWeight: BigInt(excludedWeight),
    faultWeight: BigInt(faultWeight),
    squaredWeight: BigInt(squaredWeight),
    borderline,
    bounded,
  };
}

/**
 * Of the same row, what sliding windows look at: months of minutes, of which nothing else is asked. Written out, because it
 * is all that an interpreter has to do of them.
 * @param firstAt place of the row's first step, which may lie outside
 */
export function placeSteps(bytes: Uint8Array, steps: WindowSteps, firstAt: number): void {
  const { count, events, good, bad } = steps;
  let isExact = true;
  for (let at = 0; at < bytes.length;) {
    // Two bytes at most, each.
    let index = bytes[at++] ?? 0;
    if (index >= 0x80) index += ((bytes[at++] ?? 0) - 1) * 0x80;
    let mask = bytes[at++] ?? 0;
    if (mask >= 0x80) mask += ((bytes[at++] ?? 0) - 1) * 0x80;
    const place = firstAt + index;
    const isMeant = place >= 0 && place < count;
    for (let figure = 0; mask !== 0; mask >>= 1, figure += 1) {
      if ((mask & 1) === 0) continue;
      if (!isMeant || figure === SQUARED || figure > BAD_WEIGHT) {
        while ((bytes[at++] ?? 0) >= 0x80);
        continue;
      }
      let byte = bytes[at++] ?? 0;
      let value = byte & 0x7f;
      for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
        byte = bytes[at++] ?? 0;
        value += (byte & 0x7f) * scale;
      }
      if (value > Number.MAX_SAFE_INTEGER) isExact = false;
      if (figure === GOOD_WEIGHT) good[place] = value;
      else if (figure === BAD_WEIGHT) bad[place] = value;
      else events[place] = (events[place] ?? 0) + value;
    }
  }
  if (!isExact)
    for (const step of unpack(bytes, 0, 1))
      steps.set(firstAt + step.atMs, validEvents(step), step.goodWeight, step.badWeight);
}

const [GOOD_WEIGHT, SQUARED, BAD_WEIGHT] = [
  FIGURES.indexOf('goodWeight'),
  FIGURES.indexOf('squaredWeight'),
  FIGURES.indexOf('badWeight'),
];

/** Seven bits a byte: so many bytes are below 2^49, exact in a double. */
const SHORT = 7;

export class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  number(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] ?? 0;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 0x80;
    do {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    return value;
  }

  integer(): bigint {
    return BigInt(this.either());
  }

  /** As a number where that is exact for certain. */
  either(): number | bigint {
    const from = this.at;
    const value = this.number();
    const to = this.at;
    if (to - from <= SHORT) return value;
    let whole = 0n;
    for (let at = to - 1; at >= from; at -= 1) whole = (whole << 7n) | BigInt((this.#bytes[at] ?? 0) & 0x7f);
    return whole;
  }

  skip(): void {
    while ((this.#bytes[this.at++] ?? 0) >= 0x80);
  }
}
