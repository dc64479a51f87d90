/** Values that steps capture, and where later steps name them: `{token}`. */
import type { JSONValue } from 'json-p3';

export const PLACEHOLDER = /\{([A-Za-z_]\w*)\}/g;

export type Captured = ReadonlyMap<string, string | number | boolean>;

export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** Names that nobody captured stay as they are: braces have other meanings. */
export function filled(template: string, values: Captured, encode: (text: string) => string = (text) => text): string {
  if (values.size === 0) return template;
  return template.replaceAll(PLACEHOLDER, (all, name: string) => {
    const value = values.get(name);
    return value === undefined ? all : encode(String(value));
  });
}

/** In every text of a value. A text that is nothing but a name becomes the value itself: a number stays one. */
export function filledJson(value: JSONValue, values: Captured): JSONValue {
  if (typeof value === 'string') {
    const [, whole = ''] = /^\{([A-Za-z_]\w*)\}$/.exec(value) ?? [];
    return values.get(whole) ?? filled(value, values);
  }
  if (Array.isArray(value)) return value.map((item) => filledJson(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledJson(item, values)]));
}

/** Shorter ones would blank out half of every line. */
const LEAST_LENGTH = 4;

export type Mask = (text: string) => string;

/** Puts something in the place of each secret, also where it stands encoded for an address or inside JSON. */
export function maskOf(secrets: Iterable<readonly [value: string, instead: string]>, outer: Mask): Mask {
  const written = [...secrets]
    .filter(([value]) => value.length >= LEAST_LENGTH)
    .flatMap(([value, instead]) =>
      [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)].map((text) => [text, instead] as const),
    )
    // Longest first, so that a secret that contains another is masked whole.
    .toSorted(([a], [b]) => b.length - a.length);
  return (text) => written.reduce((masked, [value, instead]) => masked.replaceAll(value, instead), outer(text));
}
