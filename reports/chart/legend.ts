/** Which line is which: a sample of each with its name, in as many rows as they need. */
import { oneLine } from '../markdown.ts';
import { fitted, textWidth } from './labels.ts';
import { LOOKS, NEVER, WIDTH } from './look.ts';
import { hasSymbols } from './series.ts';
import type { Look, Panel } from './spec.ts';
import { element, straight, words } from './svg.ts';
import { marksPath } from './symbols.ts';

export interface Entry {
  readonly name: string;
  readonly look: Look;
  readonly hasLine: boolean;
  readonly hasSymbol: boolean;
}

interface PlacedEntry extends Entry {
  readonly x: number;
  readonly row: number;
}

const EDGE = 12;
const TOP = 46;
export const LEGEND_ROW = 20;
const SAMPLE = 34;
const GAP = 8;

/** What is drawn, each name once. */
export function entriesOf(panels: readonly Panel[]): readonly Entry[] {
  const entries = panels.flatMap(({ series, never, neverName }): readonly Entry[] => [
    ...series
      .filter(({ points }) => points.length > 0)
      .map((each) => ({
        name: oneLine(each.name),
        look: each.look,
        hasLine: each.draw !== 'dots',
        hasSymbol: hasSymbols(each),
      })),
    ...((never ?? []).length > 0
      ? [{ name: neverName ?? NEVER, look: 'never' as const, hasLine: false, hasSymbol: true }]
      : []),
  ]);
  return [...new Map(entries.toReversed().map((entry) => [entry.name, entry])).values()].toReversed();
}

export function placed(entries: readonly Entry[]): readonly PlacedEntry[] {
  let [x, row] = [EDGE, 0];
  return entries.map((entry) => {
    const name = fitted(entry.name, WIDTH - 2 * EDGE - SAMPLE - 6);
    const width = SAMPLE + 6 + textWidth(name);
    if (x > EDGE && x + width > WIDTH - EDGE) [x, row] = [EDGE, row + 1];
    const place = { ...entry, name, x, row };
    x += width + GAP;
    return place;
  });
}

export function legend(entries: readonly PlacedEntry[]): readonly string[] {
  return entries.flatMap(({ name, look, hasLine, hasSymbol, x, row }) => {
    const { color, width, dash, symbol, size } = LOOKS[look];
    const y = TOP + row * LEGEND_ROW;
    return [
      ...(hasLine ? [straight([x, y], [x + SAMPLE, y], { stroke: color, 'stroke-width': width, ...dash })] : []),
      ...(hasSymbol ? [element('path', { d: marksPath(symbol, size + 2, [[x + SAMPLE / 2, y]]), fill: color })] : []),
      words(name, x + SAMPLE + 6, y),
    ];
  });
}
