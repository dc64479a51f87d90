/** What is wrong in a document its user wrote: where, what was expected, what was found. Every problem at once. */
import leven from 'leven';
import type { z } from 'zod';

export interface Problem {
  /** `probes[2].every`; '' is the document itself. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
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

// What stands before the host of an address may be a password, and messages end in logs.
const CREDENTIALS = /\/\/[^/@\s"]+@/g;

/** A value as it is shown in a message: short, on one line, without the credentials of an address. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  const text = (JSON.stringify(value) ?? typeof value).replaceAll(CREDENTIALS, '//***@');
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function valueAt(document: unknown, path: Path): unknown {
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
      return `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap((errors) => errors.slice(0, 1).map(expectedText)))].join(' or ');
    default:
      return issue.message.replace(/^Invalid (input: )?/, '');
  }
}

/** The branch of a union that the value was meant for: one that objects only to what is inside the value. */
function closestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const inside = branches.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.code === 'custom'),
  );
  return inside.toSorted((a, b) => a.length - b.length)[0] ?? null;
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
  const expand = (issues: readonly z.core.$ZodIssue[], at: Path): readonly Problem[] =>
    issues.flatMap((issue): readonly Problem[] => {
      const path = [...at, ...issue.path];
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => unknownKey([...prefix, ...path, key], key, keysAt(schema, path)));
      }
      if (issue.code === 'invalid_union') {
        const branch = closestBranch(issue.errors);
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
  return expand(error.issues, []);
}

function unknownKey(path: Path, key: string, known: readonly string[]): Problem {
  const closest = known.toSorted((a, b) => leven(a, key) - leven(b, key))[0];
  const meant = closest !== undefined && leven(closest, key) <= 2 ? ` (did you mean "${closest}"?)` : '';
  return { path: pathText(path), expected: `a known key${meant}`, found: JSON.stringify(key) };
}

/** `pulsedrill.config.yaml: probes[2].every: expected a duration such as "15s", got "15 bananas"` */
export function problemLine(source: string, problem: Problem): string {
  const where = problem.path === '' ? source : `${source}: ${problem.path}`;
  return `${where}: expected ${problem.expected}, got ${problem.found}`;
}
