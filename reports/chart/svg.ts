/** SVG as text: elements are strings. Numbers have two decimals at most, so that equal charts give equal bytes. */
import { FONT, INK } from './look.ts';

type Attributes = Readonly<Record<string, string | number>>;

/** @param content well-formed; without: the element is empty */
export function element(name: string, attributes: Attributes, content?: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${plain(value)}"`);
  return `<${name}${written.join('')}${content === undefined ? '/>' : `>${content}</${name}>`}`;
}

function plain(value: string | number): string {
  return typeof value === 'number' ? decimal(value) : escaped(value).replaceAll('"', '&quot;');
}

export function decimal(value: number): string {
  // No "-0".
  return String(Math.round(value * 100) / 100 + 0);
}

export interface Words {
  /** Default: `start`. */
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly bold?: boolean;
  /** Pixels; default: 12. */
  readonly size?: number;
  /** White around the letters, so that a line that must pass does not strike the words out. */
  readonly halo?: boolean;
}

/** @param y the middle of the line */
export function words(text: string, x: number, y: number, look: Words = {}): string {
  const { anchor = 'start', fill = INK, bold = false, size, halo = false } = look;
  return element(
    'text',
    {
      x,
      y,
      'dominant-baseline': 'central',
      ...(anchor === 'start' ? {} : { 'text-anchor': anchor }),
      ...(bold ? { 'font-weight': 'bold' } : {}),
      ...(size === undefined ? {} : { 'font-size': `${size}px` }),
      fill,
      ...(halo ? { stroke: '#ffffff', 'stroke-width': 3, 'paint-order': 'stroke' } : {}),
    },
    escaped(text),
  );
}

/** A straight line of whole pixels' sharpness. */
export function straight(
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
  stroke: Attributes,
) {
  const [d1, d2] = [from, to].map(([x, y]) => `${decimal(x)} ${decimal(y)}`);
  return element('path', { d: `M${d1}L${d2}`, fill: 'none', ...stroke });
}

/** Where a line of a pixel's width fills that pixel. */
export function crisp(place: number): number {
  return Math.round(place) + 0.5;
}

/** The whole picture, with a title and a description for readers who cannot see it. */
export function picture(
  { width, height, title, description }: { width: number; height: number; title: string; description: string },
  parts: readonly string[],
): string {
  const root = {
    role: 'img',
    width,
    height,
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    'font-family': FONT,
    'font-size': '12px',
  };
  const head = [element('title', {}, escaped(title)), element('desc', {}, escaped(description))];
  return `${element('svg', root, `\n${[...head, ...parts].join('\n')}\n`)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
