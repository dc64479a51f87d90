import yargs, { type Argv } from 'yargs';
import { argsOf, type Command } from './command.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { InfluxError } from '../store/influx/influx-error.ts';
import { LedgerError } from '../store/ledger-error.ts';
import { usageText } from './usage.ts';

/** Parses the words, runs the command, turns what went wrong into one line and an exit code. Never exits by itself. */
export async function runCommandLine(
  words: readonly string[],
  commands: readonly Command[],
  version: string,
  io: Io,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  let debug = false;
  let masked = (text: string): string => text;
  const keeping: Io = {
    ...io,
    keepSecret(redact) {
      masked = redact;
    },
  };
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
    .demandCommand(1, 'expected a command; "pulsedrill --help" lists them')
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string | undefined, error: unknown, help: unknown) => {
      // The parser's own errors are the user's mistakes; any other came from a command.
      throw error instanceof Error && error.name !== 'YError'
        ? error
        : new CommandError(usageText({ message, words, commands, options: optionsOf(help) }), EXIT.usage);
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
        if (command.run !== undefined) exitCode = await command.run(argsOf(parsed), keeping);
      },
    );

  try {
    await commands.reduce(add, parser).parseAsync();
    return exitCode;
  } catch (error) {
    return explain(error, io, debug || words.includes('--debug'), masked);
  }
}

/** The names of the options that were known where parsing stopped: those that have a description, and all of ours do. */
function optionsOf(usage: unknown): readonly string[] {
  const ask: unknown = typeof usage === 'object' && usage !== null ? Reflect.get(usage, 'getDescriptions') : undefined;
  const texts: unknown = typeof ask === 'function' ? Reflect.apply(ask, usage, []) : undefined;
  return typeof texts === 'object' && texts !== null ? Object.keys(texts) : [];
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
