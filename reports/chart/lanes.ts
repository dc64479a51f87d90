/** Strips above the panels. */
import { oneLine } from '../markdown.ts';
import { fitted, textWidth } from './labels.ts';
import { LANE, LEFT, PLOT, TONES, WIDTH } from './look.ts';
import type { Lane, LaneSegment } from './spec.ts';
import { element, words } from './svg.ts';
import { label } from './text.ts';

const NAME = 16;
const STRIP = 15;
/** Thinner, and nobody would see it. */
const LEAST = 2;
/** What is written into a strip is smaller than what `textWidth` measures, and not bold. */
const SMALL = 1.2;

/** @param x from a moment to a place. @param top of the first lane */
export function laneStrips(lanes: readonly Lane[], x: (ms: number) => number, top: number): readonly string[] {
  return lanes.flatMap(({ name, segments }, index) => {
    const y = top + index * LANE;
    return [
      label(fitted(oneLine(name), WIDTH - LEFT - 12), LEFT, y, 'left', false),
      ...segments.flatMap((segment) => strip(segment, x, y + NAME)),
    ];
  });
}

function strip({ fromMs, toMs, tone, text }: LaneSegment, x: (ms: number) => number, y: number): readonly string[] {
  const edge = LEFT + PLOT;
  const from = Math.min(Math.max(x(fromMs), LEFT), edge - LEAST);
  const width = Math.max(LEAST, Math.min(x(toMs), edge) - from);
  const { fill, edge: stroke, ink } = TONES[tone];
  const said = oneLine(text);
  const room = (width - 8) * SMALL;
  const shown = textWidth(said) <= room ? said : width > 60 ? fitted(said, room) : '';
  return [
    element('rect', { x: from, y, width, height: STRIP, fill, stroke }),
    ...(shown === '' ? [] : [words(shown, from + 4, y + STRIP / 2, { fill: ink, size: 11 })]),
  ];
}
