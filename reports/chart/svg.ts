/**
 * Makes the library's SVG fit to keep: ids that count instances of the process become ids of the chart, hover styles and
 * editor attributes go, and a title and a description come in for readers who cannot see it.
 */
export function cleanSvg(
  svg: string,
  { idPrefix, title, description }: { idPrefix: string; title: string; description: string },
): string {
  const plain = withoutStyles(svg)
    .replaceAll(/ (?:class|pointer-events|ecmeta_[a-z_]+)="[^"]*"/g, '')
    .replaceAll(/(id="|url\(#)zr\d+-/g, `$1${idPrefix}-`)
    .replaceAll(/\n{2,}/g, '\n');
  const opening = plain.indexOf('>') + 1;
  const root = plain.slice(0, opening).replace('<svg ', '<svg role="img" ');
  return `${root}\n<title>${escaped(title)}</title>\n<desc>${escaped(description)}</desc>${plain.slice(opening)}\n`;
}

/** Style sheets never nest. */
function withoutStyles(svg: string): string {
  const [first = '', ...rest] = svg.split('<style');
  return first + rest.map((part) => part.slice(part.indexOf('</style>') + '</style>'.length)).join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
