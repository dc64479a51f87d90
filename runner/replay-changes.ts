/** What `replay` is to change: from flags, or from a file in the form of `objectives.override`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { durationText } from '../probes/duration.ts';
import { didYouMean } from '../probes/nearest.ts';
import { inOrder } from '../probes/place.ts';
import { foundText, problemLine, problemsOf, type Problem } from '../probes/problem.ts';
import { changed, type Change } from '../reports/replay/change.ts';
import type { Objective } from '../slo/objective.ts';
import { readDocument } from './config/file.ts';
import { overrideSchema } from './config/schema.ts';

const changeSchema = overrideSchema.extend({
  weighing: z.enum(['time', 'count', 'quantity', 'notional', 'fraction']).optional(),
});

type ChangeDocument = z.output<typeof changeSchema>;

/** One objective, and what is proposed for it. */
export interface Proposal {
  readonly objective: Objective;
  readonly change: Change;
  /** Where it is proposed; null: nobody said. */
  readonly rfc: string | null;
}

/** `lines`: every problem, one a line. */
export type Proposals =
  | { readonly ok: true; readonly proposals: readonly Proposal[] }
  | { readonly ok: false; readonly lines: readonly string[] };

export interface ProposalOptions {
  readonly objectives: readonly Objective[];
  /** Policy durations are divided by it. */
  readonly scale: number;
}

const FLAGS = ['limit', 'target', 'weighing', 'window'] as const;

/** @param flags by name, as they were typed */
export function proposalsFromFlags(
  flags: Readonly<Record<(typeof FLAGS)[number] | 'objective', string | undefined>>,
  options: ProposalOptions,
): Proposals {
  const { objective: id, ...rest } = flags;
  if (id === undefined) return refuse('replay: expected --objective ID (or --changes FILE), got none');
  if (Object.values(rest).every((value) => value === undefined)) {
    return refuse(`replay: expected what to change: --${FLAGS.join(', --')} (or --changes FILE), got none`);
  }
  const given = Object.fromEntries(Object.entries({ id, ...rest }).filter(([, value]) => value !== undefined));
  const parsed = changeSchema.safeParse(given);
  const line = ({ path, expected, found }: Problem): string =>
    `replay: --${path === 'id' ? 'objective' : path}: expected ${expected}, got ${found}`;
  if (!parsed.success) return refuse(...problemsOf(parsed.error, given, changeSchema).map(line));
  return checked([parsed.data], options, (_index, problem) => line(problem));
}

export async function proposalsFromFile(file: string, folder: string, options: ProposalOptions): Promise<Proposals> {
  if (!existsSync(resolve(folder, file))) {
    return refuse(`${file}: expected a file with a list in the form of objectives.override, got nothing there`);
  }
  const read = await readDocument(file, folder);
  if (!read.ok) return read;
  const schema = z.array(changeSchema, { error: 'a list in the form of objectives.override' }).min(1, {
    error: 'a list of at least one change',
  });
  const parsed = schema.safeParse(read.document);
  const lines = (problems: readonly Problem[]): readonly string[] =>
    inOrder(problems, read.locate).map((problem) => problemLine(read.source, problem));
  if (!parsed.success) return refuse(...lines(problemsOf(parsed.error, read.document, schema)));
  const at = (index: number, { path, ...problem }: Problem): string =>
    lines([{ ...problem, path: path === '' ? `[${index}]` : `[${index}].${path}` }]).join('\n');
  return checked(parsed.data, options, at);
}

const PATHS: Readonly<Record<keyof Change, string>> = {
  limitMs: 'limit',
  target: 'target',
  windowMs: 'window',
  weighing: 'weighing',
  minEvents: 'minEvents',
  burn: 'burn',
};

function checked(
  documents: readonly ChangeDocument[],
  { objectives, scale }: ProposalOptions,
  lineOf: (index: number, problem: Problem) => string,
): Proposals {
  const proposals: Proposal[] = [];
  const lines: string[] = [];
  for (const [index, document] of documents.entries()) {
    const { id, limit, target, window, weighing, minEvents, burn, rfc = null } = document;
    const objective = objectives.find((each) => each.id === id);
    if (objective === undefined) {
      const known = objectives.map((each) => each.id);
      const expected = `the id of an objective${didYouMean(id, known)}`;
      lines.push(lineOf(index, { path: 'id', expected, found: foundText(id) }));
      continue;
    }
    const windowMs = window === undefined ? undefined : window / scale;
    const change: Change = { limitMs: limit, target, windowMs, weighing, minEvents, burn };
    const possible = changed(objective, change);
    if (possible.ok) {
      if (Object.values(change).some((value) => value !== undefined)) proposals.push({ objective, change, rfc });
      else {
        const expected = `a change to ${id}: target, limit, window, weighing, minEvents or burn`;
        lines.push(lineOf(index, { path: '', expected, found: 'none of them' }));
      }
    } else {
      const path = PATHS[possible.path];
      const value: unknown = Reflect.get(document, path);
      const isTime = (path === 'limit' || path === 'window') && typeof value === 'number';
      const found = foundText(isTime ? durationText(value) : value);
      lines.push(lineOf(index, { path, expected: possible.expected, found }));
    }
  }
  return lines.length > 0 ? refuse(...lines) : { ok: true, proposals };
}

function refuse(...lines: readonly string[]): Proposals {
  return { ok: false, lines };
}
