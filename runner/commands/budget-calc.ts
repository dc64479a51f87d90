import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDuration } from '../../probes/duration.ts';
import { calc, CALC_KINDS, type Figures } from '../../slo/calc.ts';
import type { Args, Command } from '../command.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { jsonOption, toJson } from './open.ts';

const HOUR_MS = 3_600_000;

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
      .option('excluded', { type: 'string', default: '0', describe: 'events that leave both' })
      .option('last-hour-valid', { type: 'string', describe: 'valid events of the last hour, for burn and exhaustion' })
      .option('last-hour-bad', { type: 'string', describe: 'bad ones among them; default: 0' })
      .option('counts', {
        type: 'string',
        describe: `a JSON list of {kind, input}, or a document with it as "vectors"; kinds: ${CALC_KINDS.join(', ')}`,
      }),
  run(args, io) {
    const file = args.text('counts');
    const { items, isDocument } =
      file === undefined ? { items: [fromFlags(args)], isDocument: false } : fromFile(file, io);
    const lines = file === undefined ? [...flagProblems(args)] : [];
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
        for (const { path, expected, found } of answer.problems) {
          if (file !== undefined) lines.push(`${file}[${index}]: ${path}: expected ${expected}, got ${found}`);
          // One that was not given is told as such above.
          else if (found !== 'nothing') lines.push(`budget calc: ${flagOf(path)}: expected ${expected}, got ${found}`);
        }
      }
    }
    if (lines.length > 0) throw new CommandError(lines.join('\n'), EXIT.usage);
    if (args.flag('json')) io.print(toJson(answers));
    else for (const answer of answers) if (answer !== null) io.print(`${plain(answer)}\n`);
    if (otherKinds.size > 0) io.complain(`${file}: not computed, and null in --json: ${[...otherKinds].join(', ')}`);
    return Promise.resolve(EXIT.ok);
  },
};

const NEEDED = ['target', 'window', 'good', 'bad'];

/** What is wrong with the flags besides what the arithmetic itself refuses. */
function flagProblems(args: Args): readonly string[] {
  const missing = NEEDED.filter((name) => args.text(name) === undefined);
  const window = args.text('window');
  const lines = missing.map((name) => `budget calc: expected --${name} (or --counts FILE), got none`);
  if (window !== undefined && windowMsOf(args) === null) {
    lines.push(`budget calc: --window: expected a duration such as "30d", got ${JSON.stringify(window)}`);
  }
  if (args.text('last-hour-bad') !== undefined && args.text('last-hour-valid') === undefined) {
    lines.push('budget calc: expected --last-hour-valid beside --last-hour-bad, got none');
  }
  return lines;
}

function windowMsOf(args: Args): number | null {
  const ms = parseDuration(args.text('window'));
  return ms === null || ms <= 0 ? null : ms;
}

/** What is no number stays as it was typed, and is refused with the rest. */
function fromFlags(args: Args): Item {
  const count = (name: string): unknown => {
    const text = args.text(name);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
  };
  const windowMs = windowMsOf(args) ?? HOUR_MS;
  const isHourGiven = args.text('last-hour-valid') !== undefined;
  return {
    kind: 'ratio',
    input: {
      target: args.text('target'),
      windowHours: windowMs / HOUR_MS,
      good: count('good'),
      bad: count('bad'),
      excluded: count('excluded'),
      last1h: isHourGiven ? { valid: count('last-hour-valid'), bad: count('last-hour-bad') ?? 0 } : null,
    },
  };
}

/** `input.last1h.valid` → `--last-hour-valid`. */
function flagOf(path: string): string {
  return path.replace(/^input\./, '--').replace('--last1h.', '--last-hour-');
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
