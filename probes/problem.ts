/** What is wrong in a document its user wrote: where, what was expected, what was found. Every problem at once. */
import type { z } from 'zod';
import { didYouMean, nearest } from './nearest.ts';

export interface Problem {
  /** `probes[2].every`; '' is the document itself. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** Where it stands, from 1; missing where the document has no lines. */
  readonly line?: number;
}

type Path = readonly PropertyKey[];

/** `['probes', 2, 'every']` → `probes[2].every`; keys that are no plain words are quoted. */
export function pathText(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w$-]+$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}

/** `probes[2].every` → `['probes', 2, 'every']`: what `pathText` made of it, taken apart again. */
export function pathKeys(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\w$-]+)/g)].map(([, index, quoted, word]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? String(JSON.parse(quoted)) : (word ?? ''),
  );
}

// What stands before the host of an address may be a password, and messages end in logs.
const CREDENTIALS = /\/\/[^/@\s"]+@/g;

/** A value as it is shown in a message: short, on one line, without the credentials of an address. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  const text = (JSON.stringify(value) ?? typeof value).replaceAll(CREDENTIALS, '//***@');
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** What stands at a path of a document; undefined where nothing does. */
export function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

const TYPE_TEXT: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
  function: 'a function',
};

function expectedText(issue: z.core.$ZodIssue): string {
  // A schema that gave its own message said what it expects; zod's own messages begin with these words.
  if (!/^(Invalid|Unrecognized|Too |Duplicate)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_TEXT[issue.expected] ?? `a ${issue.expected}`;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'a text that is not empty';
      return sizeText(issue.origin, `at least ${issue.minimum}`);
    case 'too_big':
      return sizeText(issue.origin, `at most ${issue.maximum}`);
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap((errors) => errors.slice(0, 1).map(expectedText)))].join(' or ');
    default:
      return issue.message.replace(/^Invalid (input: )?/, '');
  }
}

function sizeText(origin: string, bound: string): string {
  if (origin === 'string') return `a text of ${bound} characters`;
  return origin === 'array' ? `a list of ${bound}` : bound;
}

type Issues = readonly z.core.$ZodIssue[];

/**
 * The branch of a union that the value was meant for: one that objects only to what is inside the value, and knows most
 * of its keys. Null where what is there does not tell: keys are missing, and other branches know as many.
 */
function closestBranch(branches: readonly Issues[], value: unknown): Issues | null {
  const [first, second] = branches
    .filter((issues) =>
      issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.code === 'custom'),
    )
    .map((issues) => ({ issues, strangers: strangersIn(issues), isShort: isMerelyShort(issues, value) }))
    .toSorted((a, b) => a.strangers - b.strangers || a.issues.length - b.issues.length);
  if (first === undefined) return null;
  const isOpen = first.isShort && second?.isShort === true && first.strangers === second.strangers;
  return isOpen ? null : first.issues;
}

function strangersIn(issues: Issues): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
}

/** Nothing that is there is wrong; something is not there. */
function isMerelyShort(issues: Issues, value: unknown): boolean {
  return issues.every(({ code, path }) => code !== 'unrecognized_keys' && valueAt(value, path) === undefined);
}

/** The keys that a schema knows at a path, for suggestions; empty where they cannot be told. */
function keysAt(schema: unknown, path: Path): readonly string[] {
  if (typeof schema !== 'object' || schema === null || !('def' in schema)) return [];
  const def = schema.def;
  if (typeof def !== 'object' || def === null) return [];
  const [head, ...rest] = path;
  if ('shape' in def && typeof def.shape === 'object' && def.shape !== null) {
    return head === undefined ? Object.keys(def.shape) : keysAt(Reflect.get(def.shape, head), rest);
  }
  if ('options' in def && Array.isArray(def.options)) return def.options.flatMap((option) => keysAt(option, path));
  if ('element' in def) return keysAt(def.element, rest);
  if ('valueType' in def) return keysAt(def.valueType, rest);
  if ('innerType' in def) return keysAt(def.innerType, path);
  if ('in' in def) return keysAt(def.in, path);
  return [];
}

/** What goes with a key that only another form of the same group has. */
function companionsText(schema: unknown, path: Path, key: string): string {
  const forms = formsAt(schema, path);
  const companions = forms.flatMap((form) =>
    form.includes(key) ? form.filter((each) => each !== key && !forms.every((other) => other.includes(each))) : [],
  );
  return `it only beside ${companions.map((each) => JSON.stringify(each)).join(' and ')}`;
}

/** The keys of each form that a group may have there. */
function formsAt(schema: unknown, path: Path): readonly (readonly string[])[] {
  if (typeof schema === 'object' && schema !== null && 'def' in schema) {
    const { def } = schema;
    if (typeof def === 'object' && def !== null) {
      const [head, ...rest] = path;
      if ('options' in def && Array.isArray(def.options) && path.length === 0)
        return def.options.map((option) => keysAt(option, path));
      if ('shape' in def && typeof def.shape === 'object' && def.shape !== null && head !== undefined)
        return formsAt(Reflect.get(def.shape, head), rest);
      if ('innerType' in def) return formsAt(def.innerType, path);
      if ('in' in def) return formsAt(def.in, path);
    }
  }
  return [keysAt(schema, path)];
}

/**
 * @param document what was validated, to show what was found
 * @param schema what validated it, to suggest the key that was meant
 * @param prefix where the validated part stands in its document
 */
export function problemsOf(
  error: z.ZodError,
  document: unknown,
  schema: z.ZodType,
  prefix: Path = [],
): readonly Problem[] {
  /** Keys that are there after all, misspelt: saying that they are missing would tell the same mistake twice. */
  const misspelt = new Set<string>();
  const expand = (issues: readonly z.core.$ZodIssue[], at: Path): readonly Problem[] =>
    issues.flatMap((issue): readonly Problem[] => {
      const path = [...at, ...issue.path];
      if (issue.code === 'unrecognized_keys') {
        const known = keysAt(schema, path);
        return issue.keys.map((key) => {
          const at = pathText([...prefix, ...path, key]);
          if (known.includes(key))
            return { path: at, expected: companionsText(schema, path, key), found: 'it without them' };
          const meant = nearest(key, known);
          if (meant !== null) misspelt.add(pathText([...prefix, ...path, meant]));
          return { path: at, expected: `a known key${didYouMean(key, known)}`, found: JSON.stringify(key) };
        });
      }
      if (issue.code === 'invalid_union') {
        const branch = closestBranch(issue.errors, valueAt(document, path));
        if (branch !== null) return expand(branch, path);
      }
      return [
        {
          path: pathText([...prefix, ...path]),
          expected: expectedText(issue),
          found: foundText(valueAt(document, path)),
        },
      ];
    });
  return expand(error.issues, []).filter(({ path, found }) => found !== 'nothing' || !misspelt.has(path));
}

/** Those about values of which nothing is said yet: what is wrong already breaks rules that nobody meant. */
export function withoutSaid(problems: readonly Problem[], said: readonly Problem[]): readonly Problem[] {
  const paths = new Set(said.map(({ path }) => path));
  return problems.filter(({ path }) => !paths.has(path));
}

/** `pulsedrill.config.yaml: probes[2].every: expected a duration such as "15s", got "15 bananas" (line 12)` */
export function problemLine(source: string, problem: Problem): string {
  const where = problem.path === '' ? source : `${source}: ${problem.path}`;
  const line = problem.line === undefined ? '' : ` (line ${problem.line})`;
  return `${where}: expected ${problem.expected}, got ${problem.found}${line}`;
}
