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
  let drawn = 0;
  let last: readonly Row[] = [];

  const erase = (): string => (drawn === 0 ? '' : `\u001B[${drawn}A\u001B[0J`);
  const paint = (text: string): string => (io.isTerminal ? `\u001B[${PAINT[text] ?? '0'}m${text}\u001B[0m` : text);

  function draw(): string {
    if (!io.isTerminal || last.length === 0) return '';
    const text = table(
      [
        { head: 'service' },
        { head: 'budget' },
        { head: 'consumed', right: true },
        { head: 'sampling' },
        { head: 'measured', right: true },
      ],
      last.map((row) => [row.service, paint(row.colour), row.consumed, row.sampling, row.measured]),
    );
    drawn = text.split('\n').length + 1;
    return `\n${text}`;
  }

  return {
    say(text) {
      const seconds = (elapsedMs() / 1000).toFixed(1).padStart(6);
      const before = erase();
      drawn = 0;
      const line = `${seconds} s  ${text}`;
      const live = draw();
      io.print(`${before}${line}${live}`);
    },
    show(rows) {
      last = rows;
      if (!io.isTerminal) return;
      const before = erase();
      drawn = 0;
      io.print(`${before}${draw().slice(1)}`);
      drawn -= 1;
    },
    [Symbol.dispose]() {
      last = [];
    },
  };
}
