/** Every place of a configuration that takes a secret, found in its schemas: one that is added cannot be forgotten. */
import type { z } from 'zod';
import { KINDS } from '../../probes/kinds.ts';
import { documentSchema } from '../../runner/config/schema.ts';

/** Keys under which a secret stands, or anything that may hold one. */
const SECRET =
  /^(?:headers|secrets|variables|env|set|auth|bearer|username|password|passphrase|token|secret|previousSecret|routingKey|key|webhook|url)$/;

/** They only look like one. */
const EXEMPT: ReadonlyMap<string, string> = new Map([['gamedays.webhook', 'a group']]);

type Type = z.core.$ZodType;

/** `probes<http>.auth.bearer`: without places in lists, with the kind where there are several. */
export function secretPlaces(): readonly string[] {
  const found = new Set<string>();
  walk(documentSchema, '', found);
  for (const { schema } of Object.values(KINDS)) walk(schema, 'probes', found);
  return [...found].filter((path) => isSecret(path) && !EXEMPT.has(path)).toSorted();
}

function isSecret(path: string): boolean {
  const last = path.split('.').at(-1) ?? '';
  return SECRET.test(last);
}

/** The texts of a schema, by their paths. */
function walk(type: Type, path: string, found: Set<string>, depth = 0): void {
  // Templates may hold themselves.
  if (depth > 24) return;
  const { def } = definitionOf(type);
  const on = (inner: unknown, at = path): void => {
    if (isType(inner)) walk(inner, at, found, depth + 1);
  };
  const shape = def['shape'];
  if (typeof shape === 'object' && shape !== null) {
    const own = kindOf(shape);
    const here = own === null || path.endsWith('>') ? path : `${path}<${own}>`;
    for (const [name, field] of Object.entries(shape)) on(field, here === '' ? name : `${here}.${name}`);
    return;
  }
  const inner = [
    def['element'],
    def['valueType'],
    def['innerType'],
    def['in'],
    ...listOf(def['options']),
    ...listOf(def['items']),
  ];
  const parts = inner.filter((each) => isType(each));
  if (parts.length > 0) for (const part of parts) on(part);
  else if (['string', 'custom', 'unknown', 'any'].includes(String(def['type']))) found.add(path);
}

function definitionOf(type: Type): { readonly def: Readonly<Record<string, unknown>> } {
  // oxlint-disable-next-line no-underscore-dangle -- where zod keeps what its own tools read
  return { def: { ...type._zod.def } };
}

function isType(value: unknown): value is Type {
  return typeof value === 'object' && value !== null && '_zod' in value;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function kindOf(shape: object): string | null {
  const kind: unknown = Reflect.get(shape, 'kind');
  if (!isType(kind)) return null;
  const [value] = listOf(definitionOf(kind).def['values']);
  return typeof value === 'string' ? value : null;
}

export interface Planted {
  readonly document: unknown;
  /** Environment variable → its value. */
  readonly environment: Readonly<Record<string, string>>;
  /** Environment variable → where it stands. */
  readonly places: Readonly<Record<string, string>>;
}

/** Puts a secret of its own wherever a document has an `@`. @param letter keeps those of several documents apart */
export function plant(document: unknown, letter: string): Planted {
  const environment: Record<string, string> = {};
  const places: Record<string, string> = {};
  const walkInto = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') {
      return value.replaceAll('@', () => {
        const n = Object.keys(environment).length;
        const name = `CANARY_${letter.toUpperCase()}${n}`;
        // Longer than what messages cut, with what addresses, JSON and HTML write otherwise; both ends are its own.
        const own = `${letter}${(n * 7919 + 1_000_003).toString(16)}`;
        environment[name] = `${own}-canary+/=<"&-${own}`;
        places[name] = path.replaceAll('{}', '');
        return `\${${name}}`;
      });
    }
    if (Array.isArray(value)) return value.map((item) => walkInto(item, path));
    if (typeof value !== 'object' || value === null) return value;
    const kind: unknown = Reflect.get(value, 'kind');
    const here = typeof kind === 'string' ? `${path}<${kind}>` : path;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const at = here === '' ? key : `${here}.${key}`;
        // The keys of a record are nobody's words but its author's.
        return [key, walkInto(item, isRecord(here) ? `${here}{}` : at)];
      }),
    );
  };
  return { document: walkInto(document, ''), environment, places };
}

const RECORDS = /(?:^|\.)(?:headers|secrets|variables|env|set|rules|capture|labels|roles)$/;

function isRecord(path: string): boolean {
  return RECORDS.test(path);
}
