import { describe, expect, it } from 'vitest';
import yargs from 'yargs';
import type { Command } from '../../runner/command.ts';
import { COMMANDS } from '../../runner/commands/all.ts';
import { EXIT } from '../../runner/io.ts';
import { read, section } from './markdown.ts';

const text = read('docs/cli.md');

interface Named {
  readonly title: string;
  readonly command: Command;
}

function flatten(commands: readonly Command[], parents: readonly string[] = []): readonly Named[] {
  return commands.flatMap((command) => {
    const names = [...parents, command.name.replace(/ .*/, '')];
    return [{ title: names.join(' '), command }, ...flatten(command.below ?? [], names)];
  });
}

/** The names of a command's own options, as its help lists them. */
async function optionsOf(command: Command): Promise<readonly string[]> {
  const parser = yargs([]).help(false).version(false);
  command.build?.(parser);
  const help = await parser.getHelp();
  return [...help.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)].map(([, name = '']) => name);
}

describe('docs/cli.md', () => {
  it.each(flatten(COMMANDS))('has a section for $title that names each of its options', async ({ title, command }) => {
    const own = section(text, title);
    expect(own, `a heading "${title}"`).not.toBeNull();
    const missing = (await optionsOf(command)).filter((option) => !own?.includes(`--${option}`));
    expect(missing).toEqual([]);
  });

  it('lists each exit code', () => {
    for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^\\| ${code} \\| `, 'm'));
  });

  it('finds the options that it asks for', async () => {
    const run = flatten(COMMANDS).find(({ title }) => title === 'report sla');
    expect(run === undefined ? [] : await optionsOf(run.command)).toEqual([
      'json',
      'format',
      'read',
      'from',
      'to',
      'bundle',
      'as-of',
      'audience',
      'internal',
      'out',
    ]);
  });
});
