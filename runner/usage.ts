/** What the parser of the command line found, in the words of every other message: where, expected, got, and the mend. */
import { didYouMean } from '../probes/nearest.ts';
import type { Command } from './command.ts';

export interface Misuse {
  /** The parser's own words. */
  readonly message: string | undefined;
  readonly words: readonly string[];
  readonly commands: readonly Command[];
  /** The names of the options that are known where the parser stopped. */
  readonly options: readonly string[];
}

/** One line a mistake. */
export function usageText({ message = 'expected a command', words, commands, options }: Misuse): string {
  if (message.startsWith('expected')) return message;
  const { names, command } = commandOf(words, commands);
  const at = ['pulsedrill', ...names].join(' ');
  const below = command === null ? commands : (command.below ?? []);
  const help = (what: string): string => `"${at} --help" ${what}`;

  const unknown = /^Unknown (?:command|argument)s?: (.+)$/.exec(message)?.[1]?.split(', ');
  if (unknown !== undefined) {
    const found = unknown.filter((name) => !isCamelOf(name, unknown)).map((name) => asWritten(name, words));
    const strangers = found.filter((word) => !word.startsWith('-'));
    // Of a command that nobody knows, nobody knows the options.
    const told = strangers.length > 0 && below.length > 0 ? strangers.slice(0, 1) : found;
    return told
      .map((word) => {
        const got = `got ${JSON.stringify(word)}`;
        if (word.startsWith('-')) {
          const meant = didYouMean(
            word,
            options.map((name) => `--${name}`),
          );
          return `${at}: expected an option that it has${meant}, ${got}; ${help('lists them')}`;
        }
        if (below.length === 0) return `${at}: expected no further word, ${got}; ${help('shows what it takes')}`;
        const meant = didYouMean(word, below.map(nameOf));
        return `${at}: expected a command that it has${meant}, ${got}; ${help('lists them')}`;
      })
      .join('\n');
  }
  const valueless = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (valueless !== undefined) return `${at}: --${valueless}: expected a value, got none; ${help('shows which')}`;
  if (message.startsWith('Not enough non-option arguments') && command !== null) {
    const wanted = command.name.split(' ').slice(1).join(' ');
    return `${at}: expected ${wanted}, got nothing; ${help('shows what it takes')}`;
  }
  return `${at}: ${message.charAt(0).toLowerCase()}${message.slice(1)}; ${help('shows what is expected')}`;
}

/** The command that the words name, as far down as they do. */
function commandOf(
  words: readonly string[],
  commands: readonly Command[],
): { readonly names: readonly string[]; readonly command: Command | null } {
  const names: string[] = [];
  let command: Command | null = null;
  let below = commands;
  for (const word of words) {
    const next = below.find((each) => nameOf(each) === word);
    if (next === undefined) continue;
    names.push(word);
    command = next;
    below = next.below ?? [];
  }
  return { names, command };
}

function nameOf({ name }: Command): string {
  return name.split(' ')[0] ?? name;
}

function camel(name: string): string {
  return name.replaceAll(/-(\w)/g, (_hyphen, letter: string) => letter.toUpperCase());
}

/** The parser names `--dry-run` twice: once more as `dryRun`. */
function isCamelOf(name: string, all: readonly string[]): boolean {
  return all.some((other) => other !== name && camel(other) === name);
}

/** An option as it was typed, without its value; a word as it is. */
function asWritten(name: string, words: readonly string[]): string {
  if (words.includes(name)) return name;
  const typed = words.map((word) => word.split('=')[0] ?? word).filter((word) => word.startsWith('-'));
  const isIt = (word: string): boolean => [name, `no-${name}`].includes(word.replace(/^--?/, ''));
  return typed.find(isIt) ?? (typed.some((word) => /^-\w/.test(word) && word.includes(name)) ? `-${name}` : name);
}
