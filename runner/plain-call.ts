/**
 * Lines of words that leave nothing to interpret: a command without arguments, and options of its own, each at most once, as
 * `--name` or with one plain value. They mean here what they mean to the parser, which has all others.
 */
import { argsOf, type Command } from './command.ts';
import { EXIT, type Io } from './io.ts';

interface Option {
  readonly type: 'string' | 'boolean' | 'number';
  readonly choices: readonly unknown[] | null;
  readonly initial: unknown;
}

type Options = ReadonlyMap<string, Option>;

/** Every command has these. */
const COMMON: Options = new Map([
  ['config', { type: 'string', choices: null, initial: undefined }],
  ['debug', { type: 'boolean', choices: null, initial: undefined }],
]);

/** What an option can say of itself here; with any other word the parser is asked. */
const UNDERSTOOD = new Set(['type', 'describe', 'choices', 'default', 'requiresArg']);

/** Null: the parser has to look at them. */
export function plainCall(
  words: readonly string[],
  commands: readonly Command[],
): ((io: Io) => Promise<number>) | null {
  const named = commandOf(words, commands);
  if (named === null) return null;
  const { command, options, rest } = named;
  const given = valuesOf(rest, options);
  if (command.run === undefined || given === null) return null;
  const all: Record<string, unknown> = {};
  for (const [name, { initial }] of options) {
    const value = given.get(name) ?? initial;
    if (value === undefined) continue;
    // The parser names an option twice.
    all[name] = value;
    all[name.replaceAll(/-([a-z])/g, (_hyphen, letter: string) => letter.toUpperCase())] = value;
  }
  return async (io) => (await command.run?.(argsOf(all), io)) ?? EXIT.ok;
}

interface Named {
  readonly command: Command;
  readonly options: Options;
  readonly rest: readonly string[];
}

/** An option of a command is one of those below it as well. */
function commandOf([word, ...rest]: readonly string[], commands: readonly Command[], above = COMMON): Named | null {
  const command = commands.find(({ name }) => name === word);
  const own = command === undefined ? null : optionsOf(command);
  if (command === undefined || own === null) return null;
  const options = new Map([...above, ...own]);
  const isLast = rest[0] === undefined || rest[0].startsWith('-');
  return isLast ? { command, options, rest } : commandOf(rest, command.below ?? [], options);
}

/** What a command says of its options. Null: more than is understood here. */
function optionsOf(command: Command): Options | null {
  const found = new Map<string, Option>();
  let isUnderstood = true;
  const recorder: object = new Proxy(
    {},
    {
      get: (_none, method) =>
        method === 'option'
          ? (name: string, about: Readonly<Record<string, unknown>>) => {
              const option = optionOf(about);
              if (option === null) isUnderstood = false;
              else found.set(name, option);
              return recorder;
            }
          : () => {
              isUnderstood = false;
              return recorder;
            },
    },
  );
  const build: unknown = Reflect.get(command, 'build');
  if (typeof build === 'function') Reflect.apply(build, command, [recorder]);
  return isUnderstood ? found : null;
}

function optionOf(about: Readonly<Record<string, unknown>>): Option | null {
  const { type, choices = null, default: initial } = about;
  if (Object.keys(about).some((key) => !UNDERSTOOD.has(key))) return null;
  if (choices !== null && !Array.isArray(choices)) return null;
  const kind = type ?? (choices === null ? null : 'string');
  if (kind !== 'string' && kind !== 'boolean' && kind !== 'number') return null;
  return { type: kind, choices, initial };
}

/** Null: something among them is not plain. */
function valuesOf(words: readonly string[], options: Options): ReadonlyMap<string, unknown> | null {
  const found = new Map<string, unknown>();
  for (let at = 0; at < words.length; at += 1) {
    const [, name = '', , attached] = /^--([a-z][a-z-]*)(=([^]+))?$/.exec(words[at] ?? '') ?? [];
    const option = options.get(name);
    if (option === undefined || found.has(name) || option.type === 'number') return null;
    if (option.type === 'boolean') {
      if (attached !== undefined) return null;
      found.set(name, true);
    } else {
      const value = attached ?? words[(at += 1)];
      if (value === undefined || !isPlain(value) || option.choices?.includes(value) === false) return null;
      found.set(name, value);
    }
  }
  return found;
}

/** No sign that could begin an option, and no quotes, which the parser takes off. */
function isPlain(value: string): boolean {
  return /^[^-'"][^'"]*$/.test(value);
}
