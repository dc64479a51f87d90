/** The whole of the command line's grammar, by yargs: every option, help, and what is wrong with words. */
import yargs, { type Argv } from 'yargs';
import { argsOf, type Command } from './command.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { usageText } from './usage.ts';

/** @param askedForTraces called before the command runs, where its errors shall have them. @throws CommandError of words that are not understood */
export async function runParsed(
  words: readonly string[],
  commands: readonly Command[],
  version: string,
  io: Io,
  askedForTraces: () => void,
): Promise<number> {
  let exitCode: number = EXIT.ok;
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
        if (parsed['debug'] === true) askedForTraces();
        if (command.run !== undefined) exitCode = await command.run(argsOf(parsed), io);
      },
    );

  await commands.reduce(add, parser).parseAsync();
  return exitCode;
}

/** The names of the options that were known where parsing stopped: those that have a description, and all of ours do. */
function optionsOf(usage: unknown): readonly string[] {
  const ask: unknown = typeof usage === 'object' && usage !== null ? Reflect.get(usage, 'getDescriptions') : undefined;
  const texts: unknown = typeof ask === 'function' ? Reflect.apply(ask, usage, []) : undefined;
  return typeof texts === 'object' && texts !== null ? Object.keys(texts) : [];
}
