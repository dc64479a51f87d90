/** The little Markdown (GitHub's flavour) that reports are written in. Foreign text goes through `text` or `code`. */

// Everything that could start markup, wherever it stands.
const SPECIAL = /[\\`*_[\]<>|~#]/g;
// Control characters, which neither Markdown nor XML may carry.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]+/g;

/** One line of plain characters: line breaks and control characters become a space, lone surrogates are replaced. */
export function oneLine(value: string): string {
  return value.toWellFormed().replaceAll(CONTROL, ' ').trim();
}

/** Foreign text, so that it reads as it was written and starts no markup. */
export function text(value: string): string {
  return oneLine(value)
    .replaceAll('&', '&amp;')
    .replaceAll(SPECIAL, String.raw`\$&`);
}

/** An identifier or a command, verbatim. Inside a table too. */
export function code(value: string): string {
  const line = oneLine(value);
  if (line === '') return '–';
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line.replaceAll('|', String.raw`\|`)}${pad}${fence}`;
}

export interface Column {
  readonly name: string;
  readonly align?: 'left' | 'right';
}

/** Cells are Markdown already. Without rows there is no table but the sentence `none`. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none;
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => (cell === '' ? '–' : cell)).join(' | ')} |`;
  return [
    line(columns.map(({ name }) => name)),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map((_, index) => row[index] ?? ''))),
  ].join('\n');
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

export function image(description: string, file: string): string {
  return `![${text(description)}](${file})`;
}

/** Blocks with one empty line between them; empty blocks vanish. Ends with a line break. */
export function page(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}
