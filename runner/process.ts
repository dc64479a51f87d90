/** The edge: the process's own words, signals and streams are touched here and handed in. */
import { commandsFor } from './commands/asked.ts';
import { runCommandLine } from './cli.ts';
import { systemClock } from './clock.ts';
import { workingFolder } from './folder.ts';
import type { Io } from './io.ts';
import { openTerminal } from './terminal.ts';
import { VERSION } from './version.ts';

const stop = new AbortController();
let asked = 0;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    asked += 1;
    // A second Ctrl-C is a person who has waited long enough; what is durable is durable.
    if (asked > 1) process.exit(name === 'SIGINT' ? 130 : 143);
    stop.abort(name);
  });
}
// Whoever started this one to work for it, and is gone, can be told of nothing any more.
process.on('disconnect', () => stop.abort('SIGTERM'));
process.channel?.unref();
// A reader that went away (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

async function* typed(signal: AbortSignal): AsyncGenerator<string> {
  const { createInterface } = await import('node:readline');
  const reader = createInterface({ input: process.stdin });
  const close = (): void => reader.close();
  signal.addEventListener('abort', close);
  try {
    if (!signal.aborted) yield* reader;
  } finally {
    signal.removeEventListener('abort', close);
    reader.close();
  }
}

const io: Io = {
  print: (text) => process.stdout.write(`${text}\n`),
  write: (text) =>
    new Promise((taken) => {
      process.stdout.write(text, (error) => taken(error === null || error === undefined));
    }),
  complain: (text) => process.stderr.write(`${text}\n`),
  env: process.env,
  folder: workingFolder(process.env, process.cwd()),
  isTerminal: process.stdout.isTTY,
  columns: process.stdout.columns || 100,
  ...(process.stdin.isTTY ? { lines: typed } : {}),
  ...(process.stdout.isTTY ? { terminal: openTerminal } : {}),
  stop: stop.signal,
  clock: systemClock,
};

const words = process.argv.slice(2);
process.exitCode = await runCommandLine(words, await commandsFor(words), VERSION, io);
