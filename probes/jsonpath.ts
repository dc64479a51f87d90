import { createRequire } from 'node:module';
import type * as JsonP3 from 'json-p3';
import type { JSONPathQuery, JSONValue } from 'json-p3';
import { z } from 'zod';

const load = createRequire(import.meta.url);
const compiled = new Map<string, JSONPathQuery>();

/** Parsed once a path (RFC 9535), however often it is asked; what parses is loaded with the first. @throws when it is no JSONPath. */
function queryOf(path: string): JSONPathQuery {
  let query = compiled.get(path);
  if (query === undefined) {
    const { compile }: typeof JsonP3 = load('json-p3');
    query = compile(path);
    compiled.set(path, query);
  }
  return query;
}

/** Every value that the path selects, in document order. */
export function select(path: string, document: JSONValue): readonly JSONValue[] {
  return queryOf(path).query(document).values();
}

export function jsonPath() {
  return z.custom<string>((value) => typeof value === 'string' && isPath(value), {
    error: 'a JSONPath such as "$.status"',
  });
}

function isPath(text: string): boolean {
  try {
    queryOf(text);
    return true;
  } catch {
    return false;
  }
}
