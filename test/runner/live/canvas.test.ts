import { describe, expect, it } from 'vitest';
import { createCanvas } from '../../../runner/live/canvas.ts';

/** What was written, with ESC as a letter; `takes` is how many bytes of a piece it takes. */
function paper() {
  const it = {
    written: [] as string[],
    size: { columns: 80, rows: 5 },
    takes: Number.POSITIVE_INFINITY,
  };
  const terminal = {
    size: () => it.size,
    write(text: string) {
      it.written.push(text.replaceAll('\u001B', 'ESC'));
      return Math.min(it.takes, Buffer.byteLength(text));
    },
    restore: () => undefined,
  };
  return { it, canvas: createCanvas(terminal) };
}

const WHOLE = 'ESC[?2026hESC[2JESC[1;1HaESC[KESC[2;1HbESC[KESC[3;1H> ESC[JESC[?2026l';

describe('the canvas', () => {
  it('writes all lines once, then in one piece only those that have changed, and puts the cursor back', () => {
    const { it: screen, canvas } = paper();
    canvas.draw(['a', 'b'], false);
    canvas.draw(['a', 'b'], false);
    canvas.draw(['a', 'c'], false);
    expect(screen.written).toEqual([WHOLE, 'ESC[?2026hESC7ESC[2;1HcESC[KESC8ESC[?2026l']);
  });

  it('draws all of it again when the terminal has another size, or took only a part', () => {
    const { it: screen, canvas } = paper();
    canvas.draw(['a', 'b'], false);
    screen.size = { columns: 40, rows: 5 };
    canvas.draw(['a', 'b'], false);
    screen.takes = 3;
    canvas.draw(['a', 'c'], false);
    screen.takes = Number.POSITIVE_INFINITY;
    canvas.draw(['a', 'b'], false);
    expect(screen.written).toEqual([WHOLE, WHOLE, 'ESC[?2026hESC7ESC[2;1HcESC[KESC8ESC[?2026l', WHOLE]);
  });

  it('clears the line to type on when somebody has ended it', () => {
    const { it: screen, canvas } = paper();
    canvas.draw(['a', 'b'], false);
    canvas.draw(['a', 'b'], true);
    expect(screen.written[1]).toBe('ESC[?2026hESC[1;1HaESC[KESC[2;1HbESC[KESC[3;1H> ESC[JESC[?2026l');
  });
});
