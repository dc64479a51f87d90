import type { Command } from './command.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { InfluxError } from '../store/influx/influx-error.ts';
import { LedgerError } from '../store/ledger-error.ts';
import { plainCall } from './plain-call.ts';

/** Parses the words, runs the command, turns what went wrong into one line and an exit code. Never exits by itself. */
export async function runCommandLine(
  words: readonly string[],
  commands: readonly Command[],
  version: string,
  io: Io,
): Promise<number> {
  let debug = words.includes('--debug');
  let masked = (text: string): string => text;
  const keeping: Io = {
    ...io,
    keepSecret(redact) {
      masked = redact;
    },
  };
  try {
    if (words.length === 1 && words[0] === '--version') {
      io.print(version);
      return EXIT.ok;
    }
    const plain = plainCall(words, commands);
    if (plain !== null) return await plain(keeping);
    // Help, mistakes and whatever is not plain: loaded where it is needed, because it takes longer than a short command.
    const { runParsed } = await import('./parser.ts');
    return await runParsed(words, commands, version, keeping, () => {
      debug = true;
    });
  } catch (error) {
    return explain(error, io, debug, masked);
  }
}

/** Of an error and what went wrong while cleaning up after it, the first. (By name: Node 22 has no global of it.) */
function firstOf(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'SuppressedError' || !('suppressed' in error)) return error;
  return firstOf(error.suppressed);
}

function explain(caught: unknown, io: Io, debug: boolean, masked: (text: string) => string): number {
  const error = firstOf(caught);
  if (isInterruption(error, io.stop)) return io.stop.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
  const known = error instanceof CommandError || error instanceof LedgerError || error instanceof InfluxError;
  const message = error instanceof Error ? error.message : String(error);
  io.complain(masked(known ? message : `pulsedrill: unexpected: ${message} (--debug shows where)`));
  if (debug && error instanceof Error) io.complain(masked(error.stack ?? ''));
  return error instanceof CommandError ? error.exitCode : EXIT.prober;
}

/** A wait that ended because it was told to. Anything else that goes wrong on the way out is still news. */
function isInterruption(error: unknown, stop: AbortSignal): boolean {
  if (!stop.aborted) return false;
  return error === stop.reason || (error instanceof Error && error.name === 'AbortError');
}
