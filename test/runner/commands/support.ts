/** A command as the command line runs it, with an outside of its own. */
import type { Clock } from '../../../probes/probe.ts';
import { runCommandLine } from '../../../runner/cli.ts';
import { systemClock } from '../../../runner/clock.ts';
import { COMMANDS } from '../../../runner/commands/all.ts';
import type { Io } from '../../../runner/io.ts';

export interface Answered {
  readonly code: number;
  readonly printed: string;
  readonly complained: string;
}

/** @param folder the working directory */
export function command(folder: string, ...words: readonly string[]): Promise<Answered> {
  return commandAt(systemClock, folder, ...words);
}

/** What the command answers when it is what the clock says. */
export async function commandAt(clock: Clock, folder: string, ...words: readonly string[]): Promise<Answered> {
  const printed: string[] = [];
  const complained: string[] = [];
  const io: Io = {
    print: (text) => printed.push(text),
    write: (text) => Promise.resolve(printed.push(text.replace(/\n$/, '')) > 0),
    complain: (text) => complained.push(text),
    env: {},
    folder,
    isTerminal: false,
    columns: 100,
    stop: new AbortController().signal,
    clock,
  };
  const code = await runCommandLine(words, COMMANDS, '0.0.0', io);
  return { code, printed: printed.join('\n'), complained: complained.join('\n') };
}
