import { array, assert, asyncProperty, constantFrom, oneof, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../runner/clock.ts';
import type { Args, Command } from '../../runner/command.ts';
import { COMMANDS } from '../../runner/commands/all.ts';
import type { Io } from '../../runner/io.ts';
import { runParsed } from '../../runner/parser.ts';
import { plainCall } from '../../runner/plain-call.ts';

const io: Io = {
  print: () => {},
  write: () => Promise.resolve(true),
  complain: () => {},
  env: {},
  folder: '/',
  isTerminal: false,
  columns: 100,
  stop: new AbortController().signal,
  clock: systemClock,
};

/** Every command as it is, but that it writes down what it was called with. */
function recorded(commands: readonly Command[], called: (command: string, args: Args) => void, above = ''): Command[] {
  return commands.map((command) => {
    const name = `${above} ${command.name}`.trim();
    const run = (args: Args): Promise<number> => {
      called(name, args);
      return Promise.resolve(7);
    };
    const below = command.below === undefined ? {} : { below: recorded(command.below, called, name) };
    return { ...command, ...below, ...('run' in command ? { run } : {}) };
  });
}

const paths = (commands: readonly Command[]): readonly (readonly string[])[] =>
  commands.flatMap(({ name, below = [] }) => [[name], ...paths(below).map((each) => [name, ...each])]);

const NAMES = ['json', 'config', 'debug', 'read', 'excluded', 'target', 'from', 'to', 'out', 'for', 'as-of', 'counts'];
const MORE = ['last-hour-bad', 'service', 'format', 'ticks', 'port', 'wait', 'customer', 'probe', 'objective', 'days'];
const VALUES = [
  'ledger',
  'influx',
  'sre',
  'a b',
  '5',
  '0x10',
  '1e3',
  '-5',
  '',
  '"q"',
  "'",
  'a=b',
  '.',
  '--',
  'true',
  'é',
];

const option = oneof(
  constantFrom(...NAMES, ...MORE).map((name) => [`--${name}`]),
  tuple(constantFrom(...NAMES, ...MORE), constantFrom(...VALUES)).map(([name, value]) => [`--${name}`, value]),
  tuple(constantFrom(...NAMES), constantFrom(...VALUES)).map(([name, value]) => [`--${name}=${value}`]),
  constantFrom('--no-json', '-h', '--help', '--asOf', '-v', 'word', '--version').map((word) => [word]),
);
const line = tuple(constantFrom(...paths(COMMANDS)), array(option, { maxLength: 3 })).map(([path, options]) => [
  ...path,
  ...options.flat(),
]);

/** All that a command could ask of its words. */
function told(args: Args): unknown {
  const names = [...NAMES, ...MORE, 'asOf', 'lastHourBad'];
  return names.map((name) => [name, args.text(name), args.texts(name), args.flag(name), args.number(name)]);
}

describe('a line of words that leaves nothing to interpret', () => {
  it('calls what the parser would call, with the same options, for every command', async () => {
    let plain = 0;
    await assert(
      asyncProperty(line, async (words) => {
        const calls: unknown[] = [];
        const commands = recorded(COMMANDS, (command, args) => calls.push([command, told(args)]));
        const call = plainCall(words, commands);
        if (call === null) return;
        plain += 1;
        const codes = [await call(io), await runParsed(words, commands, '0', io, () => {})];
        expect(codes).toEqual([7, 7]);
        expect(calls).toHaveLength(2);
        expect(calls[0]).toEqual(calls[1]);
      }),
      { numRuns: 1500 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  it.each([
    ['budget'],
    ['budget', '--json'],
    ['budget', '--json', '--config', 'a.yaml', '--read=ledger', '--debug'],
    ['validate', '--config=a.yaml'],
    ['report', 'sla', '--json'],
  ])('is one such as %j %j %j', (...words) => {
    expect(plainCall(words, COMMANDS)).not.toBeNull();
  });

  it.each([
    [[]],
    [['--config', 'a.yaml', 'budget']],
    [['budget', '--help']],
    [['budget', 'clac']],
    [['budget', '--jsn']],
    [['budget', '--json', '--json']],
    [['budget', '--json=true']],
    [['budget', '--config']],
    [['budget', '--config', '--json']],
    [['budget', '--read', 'elsewhere']],
    [['report']],
    [['incident', 'ack', 'inc-1']],
  ])('is none such as %j, which the parser looks at', (words) => {
    expect(plainCall(words, COMMANDS)).toBeNull();
  });
});
