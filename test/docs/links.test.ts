import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, documents, localLinks, read, ROOT } from './markdown.ts';

/** Null when it leads somewhere. */
function broken(from: string, target: string): string | null {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : relative(ROOT, join(ROOT, dirname(from), path));
  if (!existsSync(join(ROOT, file))) return `${from}: ${target}: no such file`;
  if (anchor === undefined || anchors(read(file)).has(anchor)) return null;
  return `${from}: ${target}: no such heading`;
}

describe('the documents', () => {
  it.each(documents())('%s links only to what exists', (document) => {
    const links = localLinks(read(document));
    expect(links.map((target) => broken(document, target)).filter((problem) => problem !== null)).toEqual([]);
  });

  it('has every decision in their list, each with context, decision, consequences and alternatives', () => {
    const decisions = documents().filter((path) => /^docs\/decisions\/\d{4}-/.test(path));
    const listed = localLinks(read('docs/decisions/README.md')).map((name) => `docs/decisions/${name}`);
    expect(listed).toEqual(decisions);
    for (const path of decisions) {
      const words = [...read(path).matchAll(/^\*\*(\w+)\.\*\*/gm)].map(([, word]) => word);
      expect({ path, words }).toEqual({ path, words: ['Context', 'Decision', 'Consequences', 'Alternatives'] });
    }
  });
});
