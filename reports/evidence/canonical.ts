/**
 * Canonical JSON: one text for one value, so that its hash speaks for it. Keys in the order of their UTF-16 units, no space,
 * numbers as JavaScript writes them (RFC 8785), integers of any size as decimal strings by whoever calls.
 */
const DEEPEST = 32;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Keys that are `undefined` are left out. @throws TypeError for what JSON cannot say, such as NaN */
export function canonical(value: unknown): string {
  return textOf(value, 0);
}

function textOf(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw new TypeError(`deeper than ${DEEPEST} levels`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} is no number of JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${textOf(item, depth + 1)}`).join(',')}}`;
  }
  throw new TypeError(`${typeof value} is no value of JSON`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A text that somebody else may have written. What reads, and is not the canonical text of what was read, is refused: a key
 * that stands there twice, a number beyond what a double holds, a space.
 * @returns a problem as text where it is not canonical
 */
export function parseCanonical(
  text: string,
): { readonly ok: true; readonly value: unknown } | { ok: false; problem: string } {
  if (depthOf(text) > DEEPEST) return { ok: false, problem: `nested deeper than ${DEEPEST} levels` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'not JSON' };
  }
  let again: string;
  try {
    again = canonical(value);
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : 'not canonical' };
  }
  if (again === text) return { ok: true, value };
  let at = 0;
  while (at < text.length && text[at] === again[at]) at += 1;
  return {
    ok: false,
    problem: `not canonical JSON at character ${at} (a key twice, a space, or a number written otherwise)`,
  };
}

/** Of brackets outside strings, without reading on: a text of a million brackets costs one look at each. */
function depthOf(text: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (isText) {
      if (char === BACKSLASH) at += 1;
      else if (char === QUOTE) isText = false;
    } else if (char === QUOTE) isText = true;
    else if (char === OPEN_BRACKET || char === OPEN_BRACE) deepest = Math.max(deepest, (depth += 1));
    else if (char === CLOSE_BRACKET || char === CLOSE_BRACE) depth -= 1;
    if (deepest > DEEPEST) return deepest;
  }
  return deepest;
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];
