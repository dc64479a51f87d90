/** Draws that replay: the same seed and the same path of names give the same numbers, whatever else happened meanwhile. */

/** Uniform in [0, 1). */
export type Random = () => number;

const GOLDEN = 0x9e3779b9;

/** FNV-1a over UTF-16 code units, finished as in MurmurHash3. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Mulberry32: 32 bits of state, ample for a coin a connection and a delay a chunk. */
export function seededRandom(seed: number, ...path: readonly (string | number)[]): Random {
  let state = hash(JSON.stringify([seed, ...path]));
  return () => {
    state = (state + GOLDEN) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
