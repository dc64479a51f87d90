/** The terminal that this process was started from, opened once more: so that writing to it never waits. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { LEAVE, type Terminal } from './live/canvas.ts';

/** Null: there is none, or one that knows no escape sequences. */
export function openTerminal(): Terminal | null {
  const { stdout, env } = process;
  if (!stdout.isTTY || env['TERM'] === undefined || env['TERM'] === '' || env['TERM'] === 'dumb') return null;
  let file: number;
  try {
    // Its own description: the flag must not reach the process's streams, nor those of others at this terminal.
    file = openSync('/dev/tty', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return null;
  }
  let isOpen = true;
  const write = (text: string): number => {
    if (!isOpen) return 0;
    try {
      return writeSync(file, text);
    } catch {
      // Stopped (Ctrl-S), or gone.
      return 0;
    }
  };
  const restore = (): void => {
    if (!isOpen) return;
    write(LEAVE);
    isOpen = false;
    process.off('exit', restore);
    closeSync(file);
  };
  process.on('exit', restore);
  // A pseudo-terminal that nobody has told its size says 0 by 0.
  return { size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }), write, restore };
}
