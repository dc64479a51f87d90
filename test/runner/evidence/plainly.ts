/** What a bundle says, read and computed by other means than ours: plain sums and definitions. */
import { MINUTE } from './filled.ts';

/** Another reading of the format, as docs/evidence.md tells it: sums of the eleven figures, in their order, of minutes from one on. */
export function plainSums(ndjson: string, sinceMs = 0): readonly bigint[] {
  const sums = Array.from({ length: 11 }, () => 0n);
  for (const line of ndjson.trimEnd().split('\n')) {
    const [hourMs, , base64]: readonly [number, string, string] = JSON.parse(line);
    const bytes = [...Buffer.from(base64 ?? '', 'base64')];
    const next = (): bigint => {
      let [value, shift] = [0n, 0n];
      for (;;) {
        const byte = BigInt(bytes.shift() ?? 0);
        value |= (byte & 127n) << shift;
        if (byte < 128n) return value;
        shift += 7n;
      }
    };
    while (bytes.length > 0) {
      const isWanted = hourMs + Number(next()) * MINUTE >= sinceMs;
      const mask = next();
      sums.forEach((sum, bit) => {
        const figure = (mask >> BigInt(bit)) & 1n ? next() : 0n;
        if (isWanted) sums[bit] = sum + figure;
      });
    }
  }
  return sums;
}

export function boundsOf(value: unknown): { readonly lower: number; readonly upper: number } {
  const cells = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const [lower, upper] = [Number(cells.get('lower')), Number(cells.get('upper'))];
  return { lower, upper };
}

/** How likely `from` to `to` successes of n are, each with probability p: term after term. */
export function tail(n: number, p: number, from: number, to: number): number {
  let [sum, logChoose] = [0, 0];
  for (let k = 0; k <= n; k += 1) {
    if (k > 0) logChoose += Math.log(n - k + 1) - Math.log(k);
    if (k >= from && k <= to) sum += Math.exp(logChoose + k * Math.log(p) + (n - k) * Math.log1p(-p));
  }
  return sum;
}
