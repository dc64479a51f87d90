import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../runner/commands/all.ts';
import { commandsFor } from '../../../runner/commands/asked.ts';

describe('the commands that a line can mean', () => {
  test.each(COMMANDS.map((command) => [command.name.split(' ')[0] ?? '', command] as const))(
    '%s is found alone, by the file of its name',
    async (name, command) => {
      expect(await commandsFor([name, '--help'])).toEqual([command]);
      expect(await commandsFor(['--config', 'budget', '--debug', name])).toEqual([command]);
    },
  );

  test.each([[[]], [['--help']], [['buget']], [['open']], [['../budget']], [['--config', 'budget']]])(
    'of %j they are all of them',
    async (words) => {
      expect(await commandsFor(words)).toEqual(COMMANDS);
    },
  );
});
