import yargs, { type Argv } from 'yargs';
import { argsOf, type Command } from './command.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { LedgerError } from '../store/ledger-error.ts';

/** Parses the words, runs the command, turns what went wrong into one line and an exit code. Never exits by itself. */
export async function runCommandLine(
  words: readonly string[],
  commands: readonly Command[],
  version: string,
  io: Io,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  let debug = false;
  const parser = yargs([...words])
    .scriptName('pulsedrill')
    .usage('$0 <command>')
    .version(version)
    .option('config', { type: 'string', requiresArg: true, describe: 'configuration file', global: true })
    .option('debug', { type: 'boolean', describe: 'show stack traces', global: true })
    .help()
    .alias('h', 'help')
    .wrap(Math.min(io.columns, 100))
    .strict()
    .strictCommands()
    .demandCommand(1, 'expected a command; "pulsedrill --help" lists them')
    .recommendCommands()
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string | undefined, error: unknown) => {
      // The parser's own errors are the user's mistakes; any other came from a command.
      throw error instanceof Error && error.name !== 'YError'
        ? error
        : new CommandError(usage(message, words), EXIT.usage);
    });

  const add = (onto: Argv, command: Command): Argv =>
    onto.command(
      command.name,
      command.describe,
      (sub) => {
        const built = (command.build?.(sub) ?? sub).example(`pulsedrill ${command.example[0]}`, command.example[1]);
        const nested = (command.below ?? []).reduce(add, built);
        return command.run === undefined
          ? nested.demandCommand(1, `expected what to do; "pulsedrill ${words[0] ?? ''} --help" lists it`)
          : nested;
      },
      async (parsed) => {
        debug = parsed['debug'] === true;
        if (command.run !== undefined) exitCode = await command.run(argsOf(parsed), io);
      },
    );

  try {
    await commands.reduce(add, parser).parseAsync();
    return exitCode;
  } catch (error) {
    return explain(error, io, debug || words.includes('--debug'));
  }
}

/** What the parser found, in the words of every other message: expected, got, and where to look. */
function usage(message: string | undefined, words: readonly string[]): string {
  const text = message ?? 'expected a command';
  if (text.startsWith('expected')) return text;
  const unknown = /^Unknown (command|argument)s?: (.+)$/.exec(text);
  if (unknown !== null) {
    const what = unknown[1] === 'command' ? 'a command' : 'options and words';
    return `pulsedrill: expected ${what} that it knows, got ${unknown[2]}; --help lists them`;
  }
  const meant = /^Did you mean (.+)\?$/.exec(text);
  if (meant !== null) {
    return `pulsedrill: expected a command that it knows, got ${words.join(' ')}; did you mean "${meant[1]}"?`;
  }
  return `pulsedrill: ${text.charAt(0).toLowerCase()}${text.slice(1)}; --help shows what is expected`;
}

/** Of an error and what went wrong while cleaning up after it, the first. (By name: Node 22 has no global of it.) */
function firstOf(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'SuppressedError' || !('suppressed' in error)) return error;
  return firstOf(error.suppressed);
}

function explain(caught: unknown, io: Io, debug: boolean): number {
  const error = firstOf(caught);
  if (isInterruption(error, io.stop)) return io.stop.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
  const known = error instanceof CommandError || error instanceof LedgerError;
  const message = error instanceof Error ? error.message : String(error);
  io.complain(known ? message : `pulsedrill: unexpected: ${message} (--debug shows where)`);
  if (debug && error instanceof Error) io.complain(error.stack ?? '');
  return error instanceof CommandError ? error.exitCode : EXIT.prober;
}

/** A wait that ended because it was told to. Anything else that goes wrong on the way out is still news. */
function isInterruption(error: unknown, stop: AbortSignal): boolean {
  if (!stop.aborted) return false;
  return error === stop.reason || (error instanceof Error && error.name === 'AbortError');
}
