import { DDSketch } from '@datadog/sketches-js';
import type { SketchBins } from '../probe.ts';

/** A quantile is off by at most this share of itself, whatever was added up to get it. */
export const SKETCH_ERROR = 0.01;
/** The library's part of it; the rest, 1/256, is lost before a duration gets there. */
const LIBRARY_ERROR = 0.006;

/** 2⁷ buckets to an octave: the middle of a bucket is off by at most 1/256 (0.39 %); 1.0039 × 1.006 < 1.01. */
const BITS = 7;
/** Octaves 2⁻¹⁰ ms (a microsecond; what is less is zero) to 2³⁰ ms (12 days; what is more is that). */
const LOWEST = -10;
const HIGHEST = 30;
const BUCKETS = (HIGHEST - LOWEST) << BITS;

const float = new Float64Array(1);
/** The same eight bytes: the high word of a double holds its exponent and the first bits of its fraction. */
const words = new Uint32Array(float.buffer);
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;
const SHIFT = 20 - BITS;
const OFFSET = (1023 + LOWEST) << BITS;

/**
 * Durations in milliseconds as a DDSketch: mergeable, of bounded size. For charts and text, never for verdicts. What is
 * added waits in buckets, which cost no logarithm, and enters the library's sketch by their counts when that is asked.
 */
export class Sketch {
  private readonly sketch = new DDSketch({ relativeAccuracy: LIBRARY_ERROR });
  private readonly waiting = new Uint32Array(BUCKETS);
  private waits = false;
  maxMs: number | null = null;

  add(ms: number): void {
    if (this.maxMs === null || ms > this.maxMs) this.maxMs = ms;
    float[0] = ms > 0 ? ms : 0;
    const index = ((words[HIGH] ?? 0) >>> SHIFT) - OFFSET;
    const bucket = index < 0 ? 0 : index >= BUCKETS ? BUCKETS - 1 : index;
    this.waiting[bucket] = (this.waiting[bucket] ?? 0) + 1;
    this.waits = true;
  }

  merge(other: Sketch): void {
    this.settled().merge(other.settled());
    if (other.maxMs !== null && (this.maxMs === null || other.maxMs > this.maxMs)) this.maxMs = other.maxMs;
  }

  /** Nearest rank, within the stated error; null when nothing was added. */
  quantile(q: number): number | null {
    const sketch = this.settled();
    const { count } = sketch;
    if (count === 0) return null;
    const index = Math.max(1, Math.ceil(q * count)) - 1;
    // The library takes a share of count − 1; half a place more keeps rounding from falling one place short.
    const value = sketch.getValueAtQuantile(Math.min(1, (index + 0.5) / Math.max(1, count - 1)));
    return Math.min(value, Math.max(0, this.maxMs ?? Infinity));
  }

  /** What another sketch of the same error is made from again, by adding the counts up. */
  bins(): SketchBins {
    const { store, mapping, zeroCount } = this.settled();
    const bins: [number, number][] = zeroCount === 0 ? [] : [[0, zeroCount]];
    for (const [index, count] of store.bins.entries()) {
      if (count > 0) bins.push([Number(mapping.value(index + store.offset).toPrecision(6)), count]);
    }
    return { error: SKETCH_ERROR, bins };
  }

  /** Adds what another sketch was kept as. */
  addBins({ bins }: SketchBins): void {
    const sketch = this.settled();
    for (const [ms, count] of bins) {
      sketch.accept(ms, count);
      if (this.maxMs === null || ms > this.maxMs) this.maxMs = ms;
    }
  }

  private settled(): DDSketch {
    if (!this.waits) return this.sketch;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.waiting[bucket] ?? 0;
      if (count > 0) this.sketch.accept(bucket === 0 ? 0 : middle(bucket), count);
    }
    this.waiting.fill(0);
    this.waits = false;
    return this.sketch;
  }
}

function middle(bucket: number): number {
  const octave = 2 ** (LOWEST + (bucket >> BITS));
  const within = (bucket & ((1 << BITS) - 1)) + 0.5;
  return octave * (1 + within / (1 << BITS));
}
