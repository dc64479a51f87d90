/** Places for labels, so that none lies on another. Widths are estimates on the wide side: the reader's font is unknown. */

const EM = 12;
const WIDE = 0.68;

/** Pixels that a bold text of the charts' size may take. */
export function textWidth(text: string): number {
  return text.length * EM * WIDE;
}

export interface Placed {
  readonly at: number;
  readonly text: string;
  readonly row: number;
}

/**
 * Rows for labels that stand to the right of a vertical line each. A label's row is below those of every earlier label
 * that reaches it, so that neither its text nor its line (which runs down from its row) crosses another's text.
 */
export function stagger<T extends { readonly at: number; readonly text: string }>(
  labels: readonly T[],
  rightEdge: number,
): readonly (T & Placed)[] {
  const placed: (T & Placed)[] = [];
  for (const label of labels.toSorted((a, b) => a.at - b.at)) {
    const reaching = placed.filter((other) => other.at + textWidth(other.text) + 8 > label.at);
    placed.push({
      ...label,
      text: fitted(label.text, rightEdge - label.at),
      row: Math.max(-1, ...reaching.map(({ row }) => row)) + 1,
    });
  }
  return placed;
}

/**
 * The library keeps what it has measured in plain objects by their text: `__proto__` would reach the prototype of every
 * object of the process, and attributes of that into every later drawing. A word joiner, which nobody sees, parts them.
 */
export function inert(text: string): string {
  return text in Object.prototype ? `${text}\u2060` : text;
}

/** The text, or as much of its beginning as fits, and an ellipsis. */
export function fitted(text: string, width: number): string {
  const most = Math.max(4, Math.floor(width / (EM * WIDE)));
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** Moves labels on a vertical edge apart, keeping their order and staying within the edge as long as they fit. */
export function spread<T extends { readonly at: number }>(
  labels: readonly T[],
  { from, to, apart }: { from: number; to: number; apart: number },
): readonly T[] {
  const sorted = labels.toSorted((a, b) => a.at - b.at);
  const down: number[] = [];
  for (const { at } of sorted) down.push(Math.max(at, (down.at(-1) ?? from - apart) + apart));
  let ceiling = to + apart;
  const settled = down.toReversed().map((at) => {
    ceiling = Math.min(at, ceiling - apart);
    return ceiling;
  });
  return sorted.map((label, index) => ({ ...label, at: settled[sorted.length - 1 - index] ?? label.at }));
}
