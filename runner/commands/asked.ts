/**
 * The commands that a line of words can mean. Each is in the file of its name, and only that one is loaded: `budget` shall not
 * wait for what `gameday` needs. Whatever names none, `--help` and mistakes among them, gets them all.
 */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import type { Command } from '../command.ts';

export async function commandsFor(words: readonly string[]): Promise<readonly Command[]> {
  if (words.length === 1 && words[0] === '--version') return [];
  const name = firstWord(words);
  const own = name === null ? null : await loaded(name);
  return own === null ? (await import('./all.ts')).COMMANDS : [own];
}

/** But for options that stand before it. */
function firstWord([word, ...rest]: readonly string[]): string | null {
  if (word === undefined) return null;
  if (word === '--config') return firstWord(rest.slice(1));
  return word.startsWith('-') ? firstWord(rest) : word;
}

async function loaded(name: string): Promise<Command | null> {
  if (!/^[a-z]+$/.test(name)) return null;
  const file = new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url);
  if (!existsSync(file)) return null;
  const exported: Readonly<Record<string, unknown>> = await import(file.href);
  const commands = Object.values(exported).filter(isCommand);
  return commands.find((command) => command.name.split(' ')[0] === name) ?? null;
}

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'describe' in value && 'example' in value;
}
