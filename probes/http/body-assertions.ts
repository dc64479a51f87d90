import type { JSONValue } from 'json-p3';
import { isDeepStrictEqual } from 'node:util';
import { select } from '../jsonpath.ts';
import { cut } from '../network.ts';
import type { Expectation, JsonExpectation } from './expectation.ts';
import { breach } from './json-schema.ts';
import type { Mask } from './template.ts';

export interface BodyProblem {
  /** Null: not of an expectation, but of GraphQL itself. */
  readonly expect: Expectation | null;
  readonly problem: string;
}

type Parsed = { readonly json: JSONValue } | { readonly error: string };

/** The first expectation about the body that does not hold. It is parsed once, and only when somebody asks for JSON. */
export function bodyProblem(
  body: Buffer,
  expectations: readonly Expectation[],
  mask: Mask,
  isGraphql: boolean,
): BodyProblem | null {
  const text = body.toString();
  let document: Parsed | null = null;
  const asJson = (judge: (json: JSONValue) => string | null): string | null => {
    document ??= parsed(text);
    if ('json' in document) return judge(document.json);
    return `expected JSON, got ${shown(text, mask)} (${mask(document.error)})`;
  };
  const failed = isGraphql ? asJson((json) => graphqlProblem(json, mask)) : null;
  if (failed !== null) return { expect: null, problem: failed };
  for (const expect of expectations) {
    const { json, schema } = expect;
    const problem =
      textProblem(text, expect, mask) ??
      (json === undefined ? null : asJson((value) => jsonTrouble(value, json, mask))) ??
      (schema === undefined ? null : asJson((value) => schemaProblem(value, schema, mask)));
    if (problem !== null) return { expect, problem };
  }
  return null;
}

function textProblem(text: string, { body }: Expectation, mask: Mask): string | null {
  if (body?.contains !== undefined && !text.includes(body.contains)) {
    return `expected a body that contains ${shown(body.contains, mask)}, got ${shown(text, mask)}`;
  }
  if (body?.matches !== undefined && !body.matches.test(text)) {
    return `expected a body that matches ${String(body.matches)}, got ${shown(text, mask)}`;
  }
  return null;
}

function parsed(text: string): Parsed {
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function graphqlProblem(json: JSONValue, mask: Mask): string | null {
  const errors = typeof json === 'object' && json !== null && !Array.isArray(json) ? json['errors'] : undefined;
  if (errors === undefined || errors === null || (Array.isArray(errors) && errors.length === 0)) return null;
  const first: unknown = Array.isArray(errors) ? errors[0] : errors;
  const message: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'message') : first;
  const count = Array.isArray(errors) ? errors.length : 1;
  return `expected no GraphQL errors, got ${count}: ${shown(message ?? first, mask)}`;
}

function schemaProblem(json: JSONValue, schema: NonNullable<Expectation['schema']>, mask: Mask): string | null {
  const found = breach(schema, json);
  return found === null
    ? null
    : `expected a body of its schema (${mask(found.at)} ${mask(found.must)}), got ${shown(found.got, mask)} there`;
}

/** What is wrong with a document, in one sentence; null when the expectation holds for every value at the path. */
export function jsonTrouble(document: JSONValue, expect: JsonExpectation, mask: Mask): string | null {
  const values = select(expect.path, document);
  if (expect.exists === false) {
    return values.length === 0 ? null : `expected nothing at ${expect.path}, got ${shown(values[0], mask)}`;
  }
  const wanted = `expected ${expect.path} ${wish(expect, mask)}`;
  if (values.length === 0) return `${wanted}, got nothing there`;
  const wrong = values.find((value) => !holds(value, expect));
  return wrong === undefined ? null : `${wanted}, got ${shown(wrong, mask)}`;
}

function holds(value: JSONValue, expect: JsonExpectation): boolean {
  if (expect.equals !== undefined) return isDeepStrictEqual(value, expect.equals);
  if (expect.oneOf !== undefined) return expect.oneOf.some((candidate) => isDeepStrictEqual(value, candidate));
  if (expect.matches !== undefined) return typeof value === 'string' && expect.matches.test(value);
  return true;
}

function wish(expect: JsonExpectation, mask: Mask): string {
  if (expect.equals !== undefined) return `to be ${shown(expect.equals, mask)}`;
  if (expect.oneOf !== undefined) return `to be one of ${shown(expect.oneOf, mask)}`;
  if (expect.matches !== undefined) return `to match ${String(expect.matches)}`;
  return 'to exist';
}

/** More than is shown, so that a secret at the edge is whole when it is masked. */
const LOOKED_AT = 4096;

/** Masked before it is cut: half a secret is one too. */
export function shown(value: unknown, mask: Mask): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(mask(value.slice(0, LOOKED_AT)))
      : mask(JSON.stringify(value) ?? 'nothing');
  return cut(text, 80);
}
