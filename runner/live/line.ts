/** Lines of a terminal as data: pieces of text, each with a style, cut to a width before any escape sequence is in them. */
export type Style = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'alarm';

export interface Piece {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Piece[];

export type Paint = (text: string, style: Style) => string;

export function piece(text: string, style: Style = 'plain'): Piece {
  // A control character in what a scenario or a service says must not steer the terminal.
  return { text: text.toWellFormed().replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' '), style };
}

const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}]/u;

/** Cells that a text takes. */
export function cells(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

/** At most `width` cells; what does not fit ends in an ellipsis. */
export function cut(line: Line, width: number): Line {
  let left = width;
  const kept: Piece[] = [];
  for (const { text, style } of line) {
    if (cells(text) <= left) {
      kept.push({ text, style });
      left -= cells(text);
      continue;
    }
    let shown = '';
    for (const character of text) {
      if (cells(`${shown}${character}`) > left - 1) break;
      shown += character;
    }
    return [...kept, { text: `${shown}${left > 0 ? '…' : ''}`, style }];
  }
  return kept;
}

export function painted(line: Line, paint: Paint): string {
  return line.map(({ text, style }) => paint(text, style)).join('');
}

export const LABEL = 12;

/** Items beside a label, as many a row as fit; a row is indented below the label. */
export function flow(label: string, items: readonly Line[], width: number): readonly Line[] {
  const rows: Piece[][] = [];
  let taken = 0;
  for (const item of items) {
    const needed = item.reduce((sum, { text }) => sum + cells(text), 0);
    const last = rows.at(-1);
    if (last === undefined || LABEL + taken + 3 + needed > width) {
      rows.push([...item]);
      taken = needed;
    } else {
      last.push({ text: ' · ', style: 'dim' }, ...item);
      taken += 3 + needed;
    }
  }
  return rows.map((row, index) => [{ text: (index === 0 ? label : '').padEnd(LABEL), style: 'dim' }, ...row]);
}

const CODES: Readonly<Record<Style, string>> = {
  plain: '0',
  bold: '1',
  dim: '2',
  green: '32',
  yellow: '33',
  red: '31',
  alarm: '1;37;41',
};

export const inColour: Paint = (text, style) => (style === 'plain' ? text : `\u001B[${CODES[style]}m${text}\u001B[0m`);
export const plain: Paint = (text) => text;
