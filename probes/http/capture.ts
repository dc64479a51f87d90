import type { JSONValue } from 'json-p3';
import { select } from '../jsonpath.ts';
import { bad, type Verdict } from '../network.ts';
import { tookTooLong } from './assertions.ts';
import { bounded } from './bounded.ts';
import type { AnswerHeaders } from './exchange.ts';
import type { Capture } from './spec.ts';

/** Tokens are long; what is longer is none, and would be sent back with every request. */
const LONGEST = 8192;

/** Takes what it finds, also from an answer that fails later: what is captured is masked. @returns what is missing */
export function takeCaptures(
  captures: Readonly<Record<string, Capture>>,
  headers: AnswerHeaders,
  body: Buffer | null,
  values: Map<string, string | number | boolean>,
): Verdict | null {
  let missing: Verdict | null = null;
  let json: JSONValue | undefined;
  for (const [name, capture] of Object.entries(captures)) {
    if (typeof capture === 'string') json ??= parsed(body);
    const found = typeof capture === 'string' ? first(capture, json) : inHeader(capture, headers);
    const where = typeof capture === 'string' ? capture : `header ${capture.header}`;
    if (found === null) missing ??= tookTooLong(`${name} at ${where} was not found`);
    else if (isUsable(found.value)) values.set(name, found.value);
    else {
      const wanted = `expected one line or a number to capture as ${name} at ${where}`;
      missing ??= bad('assertion', `${wanted}, got ${kindOf(found.value)}`);
    }
  }
  return missing;
}

function parsed(body: Buffer | null): JSONValue | undefined {
  try {
    return JSON.parse(body?.toString() ?? '');
  } catch {
    return undefined;
  }
}

/** Null when looking took too long. */
type Found = { readonly value: unknown } | null;

function first(path: string, json: JSONValue | undefined): Found {
  if (json === undefined) return { value: undefined };
  return path.includes('?') ? bounded(() => select(path, json)[0]) : { value: select(path, json)[0] };
}

function inHeader({ header, matches }: Exclude<Capture, string>, headers: AnswerHeaders): Found {
  const came = headers[header.toLowerCase()];
  const lines = came === undefined ? [] : typeof came === 'string' ? [came] : came;
  if (matches === undefined) return { value: lines[0] };
  return bounded(() => {
    for (const line of lines) {
      const found = matches.exec(line);
      if (found !== null) return found[1] ?? found[0];
    }
    return undefined;
  });
}

function isUsable(value: unknown): value is string | number | boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  // A control character in a header would be a request of somebody else's making.
  return typeof value === 'string' && value !== '' && value.length <= LONGEST && !/\p{Cc}/u.test(value);
}

/** Not the value: what was to be captured is probably a secret. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') {
    return value.length > LONGEST
      ? `a text of ${value.length} characters`
      : value === ''
        ? 'an empty text'
        : 'several lines';
  }
  return Array.isArray(value) ? 'a list' : 'a group of keys';
}
