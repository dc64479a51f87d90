/** The parts of a Markdown document that tests ask about. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every document for people, relative to the checkout. */
export function documents(): readonly string[] {
  const below = readdirSync(join(ROOT, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  return [...top, ...below].toSorted();
}

export interface Block {
  readonly language: string;
  readonly text: string;
}

export function codeBlocks(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
}

/** Without code blocks, in which a `#` is no heading and a bracket no link. */
function prose(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, '');
}

/** The anchors of a document's headings, by GitHub's rule; a repeated heading gets a number. */
export function anchors(markdown: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, title = ''] of prose(markdown).matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    let unique = slug;
    for (let count = 1; found.has(unique); count += 1) unique = `${slug}-${count}`;
    found.add(unique);
  }
  return found;
}

/** Targets of links and images that are not on the web. */
export function localLinks(markdown: string): readonly string[] {
  const text = prose(markdown).replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The text between a heading and the next of the same or a higher level; null when there is no such heading. */
export function section(markdown: string, title: string): string | null {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === title);
  if (start < 0) return null;
  const level = lines[start]?.indexOf(' ') ?? 0;
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return lines.slice(start, length < 0 ? lines.length : start + 1 + length).join('\n');
}
