/** Uniform in [0, 1). */
export type Random = () => number;

/**
 * A stream of the sandbox's one seed: sfc32 (Chris Doty-Humphrey's Small Fast Counting generator, 128 bits of state),
 * keyed by the seed and the stream's name. One name, one purpose: drawing a latency never shifts a price.
 */
export function randomStream(seed: number, name: string): Random {
  let a = hash(`${seed}/${name}/a`);
  let b = hash(`${seed}/${name}/b`);
  let c = hash(`${seed}/${name}/c`);
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  // sfc32 asks for a dozen rounds before its output is independent of a poor key.
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

/** FNV-1a with a final avalanche, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
