import type { Argv } from 'yargs';
import type { Io } from './io.ts';

/** One command: a file under `commands/`, a line in `commands/all.ts`, a row in docs/cli.md. */
export interface Command {
  readonly name: string;
  readonly describe: string;
  /** Shown in `--help`, after the options. */
  readonly example: readonly [command: string, what: string];
  build?(yargs: Argv): Argv;
  /** @returns the exit code */
  run?(args: Args, io: Io): Promise<number>;
  /** Commands below this one: `budget calc`, `gameday run`. */
  readonly below?: readonly Command[];
}

/** The parsed options, looked up by name and checked as they are read. */
export interface Args {
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
  number(name: string): number | undefined;
}

export function argsOf(parsed: Readonly<Record<string, unknown>>): Args {
  const one = (name: string): unknown => (Array.isArray(parsed[name]) ? parsed[name].at(-1) : parsed[name]);
  return {
    text: (name) => {
      const value = one(name);
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
    },
    texts: (name) => {
      const value = parsed[name];
      return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);
    },
    flag: (name) => one(name) === true,
    number: (name) => (typeof one(name) === 'number' ? Number(one(name)) : undefined),
  };
}
