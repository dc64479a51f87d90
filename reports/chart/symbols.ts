/** The marks of single points. All those of a series are one path. */
import type { Symbol } from './look.ts';
import { decimal } from './svg.ts';

type Place = readonly [x: number, y: number];

/** Outlines in a square of ten by ten. */
const CROSS = [0, 1, 1, 0, 5, 4, 9, 0, 10, 1, 6, 5, 10, 9, 9, 10, 5, 6, 1, 10, 0, 9, 4, 5];
const OUTLINES: Readonly<Record<Exclude<Symbol, 'circle'>, readonly number[]>> = {
  rect: [0, 0, 10, 0, 10, 10, 0, 10],
  diamond: [5, 0, 10, 5, 5, 10, 0, 5],
  cross: CROSS,
  up: [5, 0, 10, 10, 0, 10],
  down: [0, 0, 10, 0, 5, 10],
};

/** @param size of the square that a mark is in the middle of, pixels */
export function marksPath(symbol: Symbol, size: number, places: readonly Place[]): string {
  return places.map((place) => (symbol === 'circle' ? circle(place, size / 2) : outline(symbol, place, size))).join('');
}

function circle([x, y]: Place, radius: number): string {
  const [r, across] = [decimal(radius), decimal(2 * radius)];
  return `M${decimal(x - radius)} ${decimal(y)}a${r} ${r} 0 1 0 ${across} 0a${r} ${r} 0 1 0 -${across} 0`;
}

function outline(symbol: Exclude<Symbol, 'circle'>, [x, y]: Place, size: number): string {
  const corners = OUTLINES[symbol];
  const at = (corner: number, middle: number) => decimal(middle + ((corner - 5) * size) / 10);
  let path = '';
  for (let index = 0; index < corners.length; index += 2) {
    path += `${index === 0 ? 'M' : 'L'}${at(corners[index] ?? 0, x)} ${at(corners[index + 1] ?? 0, y)}`;
  }
  return `${path}Z`;
}
