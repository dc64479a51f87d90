import type { RenderedReport } from '../../reports/rendered.ts';

/** What is wrong with a report, whatever it was made of; empty when nothing is. */
export function flawsOf({ markdown, files }: RenderedReport): readonly string[] {
  const names = files.map(({ name }) => name);
  const tables = markdown.split('\n\n').filter((block) => block.startsWith('|'));
  return [
    ...names.filter((name) => !/^[a-z0-9-]+\.svg$/.test(name)).map((name) => `odd file name ${name}`),
    ...names.filter((name) => !markdown.includes(`](${name})`)).map((name) => `${name} is not in the page`),
    ...(new Set(names).size === names.length ? [] : ['two files of one name']),
    ...(/\b(?:NaN|undefined|Infinity)\b/.exec(markdown) ?? []),
    ...tables.filter((block) => !isEven(block)).map((block) => `ragged table: ${block}`),
    ...files.flatMap(({ name, content }) => flawsOfSvg(content).map((flaw) => `${name}: ${flaw}`)),
  ];
}

/** Escaped pipes aside, every row of a table has as many cells as its head. */
function isEven(block: string): boolean {
  const rows = block.split('\n').filter((line) => line !== '');
  return new Set(rows.map((row) => row.replaceAll(String.raw`\|`, '').split('|').length)).size === 1;
}

// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /NaN|undefined|Infinity|null|\bzr\d|ecmeta|<style|[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

export function flawsOfSvg(svg: string): readonly string[] {
  const tags = tagsOf(svg);
  return [
    ...(svg.startsWith('<svg role="img" ') ? [] : ['does not begin as an image']),
    ...forbiddenIn(svg),
    ...(tags === 'balanced' ? [] : [tags]),
  ];
}

/** With what stands around it, so that a rare one can be understood from the message alone. */
function forbiddenIn(svg: string): readonly string[] {
  const found = FORBIDDEN.exec(svg);
  return found === null ? [] : [`${found[0]} in …${svg.slice(Math.max(0, found.index - 120), found.index + 240)}…`];
}

/** Attributes quoted, entities known, every element closed in order: what an XML reader asks for. */
function tagsOf(svg: string): string {
  const open: string[] = [];
  const tag = /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
  for (let at = 0; at < svg.length;) {
    if (svg[at] !== '<') {
      const next = svg.indexOf('<', at);
      const words = svg.slice(at, next < 0 ? svg.length : next);
      if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(words)) return `bare ampersand in ${words}`;
      at += words.length;
      continue;
    }
    tag.lastIndex = at;
    const found = tag.exec(svg);
    if (found === null) return `malformed at ${svg.slice(at, at + 120)}`;
    const [whole, closing, name = '', , single] = found;
    if (closing === '/') {
      if (open.pop() !== name) return `unexpected </${name}>`;
    } else if (single !== '/') open.push(name);
    at += whole.length;
  }
  return open.length === 0 ? 'balanced' : `left open: ${open.join()}`;
}
