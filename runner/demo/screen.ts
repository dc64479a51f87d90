/** What the demo shows: plain lines always; on a terminal also a live table that is drawn over itself. */
import { table } from '../table.ts';
import type { Io } from '../io.ts';

export interface Row {
  readonly service: string;
  readonly colour: string;
  readonly consumed: string;
  readonly sampling: string;
  readonly measured: string;
}

export interface Screen extends Disposable {
  /** A line that stays. */
  readonly say: (text: string) => void;
  /** The table as it is now; drawn only on a terminal. */
  show(rows: readonly Row[]): void;
}

const PAINT: Readonly<Record<string, string>> = { GREEN: '32', YELLOW: '33', RED: '31', UNKNOWN: '90' };

export function openScreen(io: Io, elapsedMs: () => number): Screen {
  /** Lines of the table that stand at the bottom of the terminal, the cursor below them. */
  let drawn = 0;
  let last: readonly Row[] = [];

  const paint = (text: string): string =>
    io.isTerminal && (io.env['NO_COLOR'] ?? '') === '' ? `\u001B[${PAINT[text] ?? '0'}m${text}\u001B[0m` : text;

  /** Replaces the table by the lines that stay and the table as it is now. */
  function draw(lines: readonly string[]): void {
    const erase = drawn === 0 ? '' : `\u001B[${drawn}A\u001B[0J`;
    const shown = io.isTerminal && last.length > 0 ? ['', ...tableText().split('\n')] : [];
    drawn = shown.length;
    const text = [...lines, ...shown].join('\n');
    if (text !== '') io.print(`${erase}${text}`);
  }

  function tableText(): string {
    return table(
      [
        { head: 'service' },
        { head: 'budget' },
        { head: 'consumed', right: true },
        { head: 'sampling' },
        { head: 'measured, runs/min', right: true },
      ],
      last.map((row) => [row.service, paint(row.colour), row.consumed, row.sampling, row.measured]),
    );
  }

  return {
    say(text) {
      draw([`${(elapsedMs() / 1000).toFixed(1).padStart(6)} s  ${text}`]);
    },
    show(rows) {
      last = rows;
      if (io.isTerminal) draw([]);
    },
    [Symbol.dispose]() {
      last = [];
    },
  };
}
