/** Draws lines over each other without flicker: only what has changed is written, in one piece, and never waited for. */
import type { Size } from './picture.ts';

/** A terminal that is written to past the process's own streams. */
export interface Terminal {
  size(): Size;
  /** @returns what was taken; the rest is not kept. Never waits: a terminal that was stopped takes nothing. */
  write(text: string): number;
  /** Gives the terminal back as it was found, whatever happened to it; also when the process ends. Twice is once. */
  restore(): void;
}

const ESC = '\u001B';
/** Another screen, so that the present one comes back; no line wraps, so that none pushes the others about. */
export const ENTER = `${ESC}[?1049h${ESC}[?7l${ESC}[2J`;
export const LEAVE = `${ESC}[?2026l${ESC}[0m${ESC}[?7h${ESC}[?1049l`;

const SAVE = `${ESC}[?2026h${ESC}7`;
const BACK = `${ESC}8${ESC}[?2026l`;
const AT = (row: number): string => `${ESC}[${row};1H`;
/** Every so often all of it, in case something else was written in between. */
const WHOLE_EVERY = 20;

export interface Canvas {
  /** The line to type on stands below the lines. @param isTyped somebody has ended the line that was typed on */
  draw(lines: readonly string[], isTyped: boolean): void;
}

export function createCanvas(terminal: Terminal): Canvas {
  let last: readonly string[] = [];
  let known: Size = { columns: 0, rows: 0 };
  let isTorn = true;
  let frames = 0;

  return {
    draw(lines, isTyped) {
      const size = terminal.size();
      const isNew = size.columns !== known.columns || size.rows !== known.rows;
      const isFresh = isNew || isTyped || isTorn;
      const isWhole = isFresh || frames % WHOLE_EVERY === 0;
      known = size;
      frames += 1;
      const changed = lines.flatMap((line, index) =>
        isWhole || line !== last[index] ? [`${AT(index + 1)}${line}${ESC}[K`] : [],
      );
      last = lines;
      // The cursor stands where somebody types, and only a fresh line moves it.
      const prompt = `${AT(lines.length + 1)}> ${ESC}[J`;
      const text = isFresh
        ? `${ESC}[?2026h${isTyped && !isNew && !isTorn ? '' : `${ESC}[2J`}${changed.join('')}${prompt}${ESC}[?2026l`
        : changed.length === 0
          ? ''
          : `${SAVE}${changed.join('')}${BACK}`;
      if (text !== '') isTorn = terminal.write(text) < Buffer.byteLength(text);
    },
  };
}
