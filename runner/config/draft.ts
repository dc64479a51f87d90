/** One element of a document as far as it can be read: rules between elements are judged whatever else is wrong. */
import { safeParse, type z } from 'zod';
import { nearest } from '../../probes/nearest.ts';

type Keyed = Readonly<Record<string, unknown>>;

export interface Draft<T> {
  /** The keys that read, each by itself, with their defaults. */
  readonly fields: Partial<T>;
  /** Whether `fields` says all there is to say of a key: not when it did not read, or may stand there misspelt. */
  readonly isSure: (...keys: readonly string[]) => boolean;
  /** Whether the document gives the key a value, readable or not. */
  readonly has: (key: string) => boolean;
  /** It has keys that the schema does not know: what is missing may be what they were meant to say. */
  readonly hasStrangers: boolean;
}

export function draftOf<S extends z.ZodObject>(schema: S, document: unknown): Draft<z.output<S>> {
  const given = keyed(document) ?? {};
  const known = Object.keys(schema.shape);
  const strangers = Object.keys(given).filter((key) => !known.includes(key));
  const fields: Record<string, unknown> = {};
  const unread = new Set<string>();
  for (const [key, field] of Object.entries<z.core.$ZodType>(schema.shape)) {
    const parsed = safeParse(field, given[key]);
    if (parsed.success && !mayBeMisspelt(key, parsed.data)) fields[key] = parsed.data;
    else unread.add(key);
  }

  /** What a key that nobody knows was meant to say is not known; a default in its place would be a guess. */
  function mayBeMisspelt(key: string, value: unknown): boolean {
    if (given[key] !== undefined || strangers.length === 0) return false;
    return value !== undefined || strangers.some((stranger) => nearest(stranger, [key]) !== null);
  }

  return {
    fields: hasOnly(schema, fields) ? fields : {},
    isSure: (...keys) => keys.every((key) => !unread.has(key)),
    has: (key) => given[key] !== undefined,
    hasStrangers: strangers.length > 0,
  };
}

/** The document as keys and values; null when it is something else. */
export function keyed(document: unknown): Keyed | null {
  return isKeyed(document) ? document : null;
}

function isKeyed(document: unknown): document is Keyed {
  return typeof document === 'object' && document !== null && !Array.isArray(document);
}

/** Each value came out of the schema's own field; TypeScript cannot see it through the loop. */
function hasOnly<S extends z.ZodObject>(schema: S, fields: object): fields is Partial<z.output<S>> {
  return Object.keys(fields).every((key) => key in schema.shape);
}
