/** What a report becomes: one Markdown document and the charts it points to, all meant for one folder. */
export interface RenderedFile {
  readonly name: string;
  readonly content: string;
}

export interface RenderedReport {
  /** File name of the document. */
  readonly name: string;
  readonly markdown: string;
  readonly files: readonly RenderedFile[];
}

/**
 * Hands out file names made of [a-z0-9-] only, each once: two probes whose ids differ in a character that file systems
 * fold or forbid still get a chart each.
 */
export function fileNames(): (prefix: string, id: string, extension: string) => string {
  const taken = new Set<string>();
  return (prefix, id, extension) => {
    const base = slug(`${prefix}-${id}`);
    let name = base;
    for (let n = 2; taken.has(name); n += 1) name = `${base}-${n}`;
    taken.add(name);
    return `${name}.${extension}`;
  };
}

export function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 80);
  return plain === '' ? 'report' : plain;
}
