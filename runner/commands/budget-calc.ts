import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDuration } from '../../probes/spec.ts';
import { calc, CALC_KINDS, type Figures } from '../../slo/calc.ts';
import type { Args, Command } from '../command.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { jsonOption, toJson } from './open.ts';

interface Item {
  readonly kind: unknown;
  readonly input: unknown;
}

/** The same arithmetic as `budget`, on numbers that somebody gives. Needs neither configuration nor ledger. */
export const budgetCalc: Command = {
  name: 'calc',
  describe: 'What-if: the same arithmetic on numbers given by flags or by a file',
  example: ['budget calc --target 0.999 --window 30d --good 999750 --bad 250', 'exactly 25 %: Yellow'],
  build: (yargs) =>
    jsonOption(yargs)
      .option('target', { type: 'string', describe: 'a decimal such as 0.999' })
      .option('window', { type: 'string', describe: 'a duration such as 30d' })
      .option('good', { type: 'string', describe: 'good events' })
      .option('bad', { type: 'string', describe: 'bad events' })
      .option('excluded', { type: 'number', default: 0, describe: 'events that leave both' })
      .option('last-hour-valid', { type: 'number', describe: 'valid events of the last hour, for burn and exhaustion' })
      .option('last-hour-bad', { type: 'number', describe: 'bad ones among them' })
      .option('counts', {
        type: 'string',
        describe: `a JSON list of {kind, input}, or a document with it as "vectors"; kinds: ${CALC_KINDS.join(', ')}`,
      }),
  run(args, io) {
    const file = args.text('counts');
    const { items, isDocument } =
      file === undefined ? { items: [fromFlags(args)], isDocument: false } : fromFile(file, io);
    const lines: string[] = [];
    const answers: (Figures | null)[] = [];
    const otherKinds = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (isDocument && typeof item.kind === 'string' && !CALC_KINDS.includes(item.kind)) {
        // Known answers are of more kinds than what-ifs; a null keeps the others in their places.
        otherKinds.add(item.kind);
        answers.push(null);
        continue;
      }
      const answer = calc(item);
      if (answer.ok) answers.push(answer.value);
      else {
        const where = file === undefined ? 'budget calc' : `${file}[${index}]`;
        const flagOf = (path: string): string => (file === undefined ? path.replace(/^input\./, '--') : path);
        lines.push(
          ...answer.problems.map(
            ({ path, expected, found }) => `${where}: ${flagOf(path)}: expected ${expected}, got ${found}`,
          ),
        );
      }
    }
    if (lines.length > 0) throw new CommandError(lines.join('\n'), EXIT.usage);
    if (args.flag('json')) io.print(toJson(answers));
    else for (const answer of answers) if (answer !== null) io.print(`${plain(answer)}\n`);
    if (otherKinds.size > 0) io.complain(`${file}: not computed, and null in --json: ${[...otherKinds].join(', ')}`);
    return Promise.resolve(EXIT.ok);
  },
};

function fromFlags(args: Args): Item {
  const need = (name: string): string => {
    const value = args.text(name);
    if (value === undefined) {
      throw new CommandError(`budget calc: expected --${name} (or --counts FILE), got none`, EXIT.usage);
    }
    return value;
  };
  const count = (name: string): number => {
    const text = need(name);
    if (/^\d+$/.test(text)) return Number(text);
    throw new CommandError(
      `budget calc: --${name}: expected a whole number of 0 or more, got ${JSON.stringify(text)}`,
      EXIT.usage,
    );
  };
  const window = need('window');
  const windowMs = parseDuration(window);
  if (windowMs === null) {
    throw new CommandError(
      `budget calc: --window: expected a duration such as "30d", got ${JSON.stringify(window)}`,
      EXIT.usage,
    );
  }
  const valid = args.number('last-hour-valid');
  return {
    kind: 'ratio',
    input: {
      target: need('target'),
      windowHours: windowMs / 3_600_000,
      good: count('good'),
      bad: count('bad'),
      excluded: args.number('excluded') ?? 0,
      last1h: valid === undefined ? null : { valid, bad: args.number('last-hour-bad') ?? 0 },
    },
  };
}

/** @returns `isDocument`: the list stood as `vectors` in a document, as in the policy's known answers */
function fromFile(file: string, io: Io): { readonly items: readonly Item[]; readonly isDocument: boolean } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(resolve(io.folder, file), 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${file}: expected a readable JSON list of {kind, input}, got ${why}`, EXIT.usage, {
      cause: error,
    });
  }
  const vectors: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'vectors') : undefined;
  const list = Array.isArray(parsed) ? parsed : vectors;
  if (!Array.isArray(list)) {
    throw new CommandError(
      `${file}: expected a list of {kind, input}, or a document with such a list as "vectors", got neither`,
      EXIT.usage,
    );
  }
  const items = list.map((item: unknown): Item => {
    const known = typeof item === 'object' && item !== null ? item : {};
    return { kind: Reflect.get(known, 'kind'), input: Reflect.get(known, 'input') };
  });
  return { items, isDocument: list !== parsed };
}

/** One figure a line. */
function plain(figures: Figures): string {
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  return Object.entries(figures)
    .map(([key, value]) => `${key.padEnd(width)}  ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}
