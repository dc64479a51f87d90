/** 2⁵ buckets to an octave: a quantile is the middle of its bucket, off by at most 1/64 of itself (1.6 %). */
const BITS = 5;
/** Octaves 2⁻¹⁰ ms (a microsecond) to 2³² ms (49 days); values outside go to the outermost bucket. */
const LOWEST = -10;
const HIGHEST = 32;
const BUCKETS = (HIGHEST - LOWEST) << BITS;

const float = new Float64Array(1);
/** The same eight bytes: the high word of a double holds its exponent and the first bits of its fraction. */
const words = new Uint32Array(float.buffer);
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;
const SHIFT = 20 - BITS;
const OFFSET = (1023 + LOWEST) << BITS;

/** A log-linear histogram of milliseconds; adding costs no logarithm and no allocation. For charts, never for verdicts. */
export class Sketch {
  private readonly counts = new Uint32Array(BUCKETS);
  private total = 0;
  maxMs: number | null = null;

  add(ms: number): void {
    this.total++;
    if (this.maxMs === null || ms > this.maxMs) this.maxMs = ms;
    float[0] = ms > 0 ? ms : 0;
    const index = ((words[HIGH] ?? 0) >>> SHIFT) - OFFSET;
    const bucket = index < 0 ? 0 : index >= BUCKETS ? BUCKETS - 1 : index;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }

  /** Nearest rank, within the stated error; null when nothing was added. */
  quantile(q: number): number | null {
    if (this.total === 0) return null;
    const rank = Math.max(1, Math.ceil(q * this.total));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(middle(bucket), this.maxMs ?? Infinity);
    }
    return this.maxMs;
  }
}

function middle(bucket: number): number {
  const octave = 2 ** (LOWEST + (bucket >> BITS));
  const within = (bucket & ((1 << BITS) - 1)) + 0.5;
  return octave * (1 + within / (1 << BITS));
}
