/**
 * Makes the library's SVG fit to keep: ids that count instances of the process become ids of the chart, hover styles and
 * editor attributes go, style attributes become plain ones (a page that permits no inline style may hold it), and a title
 * and a description come in for readers who cannot see it.
 */
export function cleanSvg(
  svg: string,
  { idPrefix, title, description }: { idPrefix: string; title: string; description: string },
): string {
  const plain = withoutStyles(svg)
    .replaceAll(/ (?:class|pointer-events|ecmeta_[a-z_]+)="[^"]*"/g, '')
    .replaceAll(/ style="([^"]*)"/g, (_, style: string) => asAttributes(style))
    .replaceAll(/(id="|url\(#)zr\d+-/g, `$1${idPrefix}-`)
    .replaceAll(/\n{2,}/g, '\n');
  const opening = plain.indexOf('>') + 1;
  const root = plain.slice(0, opening).replace('<svg ', '<svg role="img" ');
  return `${root}\n<title>${escaped(title)}</title>\n<desc>${escaped(description)}</desc>${plain.slice(opening)}\n`;
}

/** `font: bold 12px Helvetica, Arial` in its parts. */
const FONT = /^font: ?(bold )?(\d+px) (.+)$/;

function asAttributes(style: string): string {
  return style
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [, bold, size, family] = FONT.exec(part) ?? [];
      if (size !== undefined) {
        return `${bold === undefined ? '' : ' font-weight="bold"'} font-size="${size}" font-family="${family}"`;
      }
      const colon = part.indexOf(':');
      return ` ${part.slice(0, colon).trim()}="${part.slice(colon + 1).trim()}"`;
    })
    .join('');
}

/** Style sheets never nest. */
function withoutStyles(svg: string): string {
  const [first = '', ...rest] = svg.split('<style');
  return first + rest.map((part) => part.slice(part.indexOf('</style>') + '</style>'.length)).join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
