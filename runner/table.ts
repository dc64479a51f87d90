import { stripVTControlCharacters } from 'node:util';

/** A plain table for a terminal or a pipe: columns as wide as their widest cell, numbers to the right. */
export interface Column {
  readonly head: string;
  readonly right?: boolean;
}

export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(width(column.head), ...rows.map((row) => width(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? '';
        const pad = ' '.repeat((widths[index] ?? 0) - width(cell));
        return column.right === true ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.head)), ...rows.map(line)].join('\n');
}

/** Characters on the screen; colour codes take no room. */
function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
