/**
 * A report as one HTML file: its Markdown and its charts, no script, nothing fetched. What came from outside is text twice
 * over: the Markdown escapes it, and raw HTML in Markdown is not passed on. Equal reports give equal bytes.
 */
import { createHash } from 'node:crypto';
import MarkdownIt, { type Token } from 'markdown-it';
import type { RenderedReport } from '../rendered.ts';
import { inlineSvg } from './inline-svg.ts';
import { styleSheet } from './style.ts';

type Tokens = readonly Token[];

/** More columns than this do not fit across a portrait page. */
const PORTRAIT_COLUMNS = 8;

/** Markdown and charts in one document. */
export function renderHtml(report: RenderedReport): string {
  const markdown = reader(report);
  const tokens = markdown.parse(report.markdown, {});
  const title = titleOf(tokens) ?? report.name;
  const style = styleSheet(title, widest(tokens) > PORTRAIT_COLUMNS);
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${markdown.utils.escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${markdown.renderer.render(tokens, markdown.options, {})}</body>
</html>
`;
}

function reader({ files }: RenderedReport) {
  const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
  const charts = new Map(files.map((file) => [file.name, file]));
  const { rules } = markdown.renderer;
  rules['image'] = (tokens, index) => {
    const token = tokens[index];
    const chart = charts.get(String(token?.attrGet('src')));
    if (chart !== undefined) return inlineSvg(chart);
    return `<em>${markdown.utils.escapeHtml(token?.content ?? '')}</em>`;
  };
  rules['text'] = (tokens, index) => whole(bound(tokens[index]?.content ?? ''), markdown.utils.escapeHtml);
  rules['table_open'] = (tokens, index) => `<div class="table"><table${tableClass(tokens, index)}>\n`;
  rules['table_close'] = () => '</table></div>\n';
  // A style attribute would need a hole in the policy; a class does not.
  for (const cell of ['th', 'td']) {
    rules[`${cell}_open`] = (tokens, index) => {
      const isRight = String(tokens[index]?.attrGet('style')).includes('right');
      return `<${cell}${isRight ? ' class="right"' : ''}>`;
    };
  }
  return markdown;
}

/** A number stays on one line with its unit. */
function bound(words: string): string {
  return words.replaceAll(/(?<=\d) (?=(?:%|ms|s|min|h|d|×|events?|UTC)(?![\p{L}\d]))/gu, '\u00a0');
}

/** No day is torn at its hyphens; and only what no cell can hold (an address, the name of a host) breaks within a word. */
function whole(words: string, escape: (text: string) => string): string {
  return words
    .split(APART)
    .map((part) => {
      if (DAY.test(part)) return `<span class="day">${part}</span>`;
      return LONG.test(part) ? `<span class="long">${escape(part)}</span>` : escape(part);
    })
    .join('');
}

const APART = /((?<![\w-])\d{4}-\d\d-\d\d(?![\w-])|[^\s]{17,})/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const LONG = /^[^\s]{17,}$/;

function tableClass(tokens: Tokens, index: number): string {
  const heads = headsOf(tokens, index);
  const names = [
    ...(heads.length > PORTRAIT_COLUMNS ? ['wide'] : []),
    ...(heads.every((head) => head === '') ? ['bare'] : []),
  ];
  return names.length === 0 ? '' : ` class="${names.join(' ')}"`;
}

/** The texts of a table's head. */
function headsOf(tokens: Tokens, index: number): readonly string[] {
  const end = tokens.findIndex(({ type }, at) => at > index && type === 'thead_close');
  return tokens.slice(index, end).flatMap(({ type, content }) => (type === 'inline' ? [content.trim()] : []));
}

function widest(tokens: Tokens): number {
  const widths = tokens.flatMap(({ type }, index) => (type === 'table_open' ? [headsOf(tokens, index).length] : []));
  return Math.max(0, ...widths);
}

/** The first heading's words, without markup. */
function titleOf(tokens: Tokens): string | null {
  const opening = tokens.findIndex(({ type, tag }) => type === 'heading_open' && tag === 'h1');
  const inline = opening < 0 ? undefined : tokens[opening + 1];
  return inline?.children?.map(({ content }) => content).join('') ?? null;
}
