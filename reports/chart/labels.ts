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
  /** Where the text stands, seen from its line. */
  readonly side: 'left' | 'right';
}

/** Between a text and whatever is beside it. */
const APART = 8;

/**
 * Rows for labels that stand beside a vertical line each: to the right of it or, where the edge is too near for the whole
 * of the text and the other side has more room, to the left. No text lies on another, and no line, which runs down from
 * its label's row, crosses the text of another label on the same side.
 */
export function stagger<T extends { readonly at: number; readonly text: string }>(
  labels: readonly T[],
  edges: { readonly from: number; readonly to: number },
): readonly (T & Placed)[] {
  const sided = labels
    .map((label) => ({ ...label, ...sideOf(label, edges) }))
    // Those on the left first, and from the edge inwards: what is placed later stands below what it meets.
    .toSorted((a, b) => a.side.localeCompare(b.side) || (a.side === 'left' ? b.at - a.at : a.at - b.at));
  const placed: (T & Placed)[] = [];
  for (const label of sided) {
    const met = placed.filter((other) => meets(other, label));
    placed.push({ ...label, row: Math.max(-1, ...met.map(({ row }) => row)) + 1 });
  }
  return placed;
}

function sideOf(
  { at, text }: { readonly at: number; readonly text: string },
  { from, to }: { readonly from: number; readonly to: number },
): Pick<Placed, 'side' | 'text'> {
  const room = { left: at - from, right: to - at };
  const side = textWidth(text) <= room.right || room.right >= room.left ? 'right' : 'left';
  return { side, text: fitted(text, room[side]) };
}

type Sided = Pick<Placed, 'at' | 'text' | 'side'>;

/** From the line to the end of the text. */
export function reach({ at, text, side }: Sided): readonly [from: number, to: number] {
  const width = textWidth(text);
  return side === 'left' ? [at - width, at] : [at, at + width];
}

function meets(one: Sided, other: Sided): boolean {
  const [[from, to], [otherFrom, otherTo]] = [reach(one), reach(other)];
  return from < otherTo + APART && otherFrom < to + APART;
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
