import type { JSONValue } from 'json-p3';
import { isDeepStrictEqual } from 'node:util';
import { select } from '../jsonpath.ts';
import { bad, cut, excluded, GOOD, type Verdict } from '../network.ts';
import type { Reason } from '../reasons.ts';
import type { Expectation, JsonExpectation, StatusExpectation } from './spec.ts';

/** Of a response: all that a verdict needs. `body` is read only by expectations about it. */
export interface Response {
  readonly status: number;
  readonly body: Buffer | null;
}

export function needsBody(expectations: readonly Expectation[]): boolean {
  return expectations.some((expect) => expect.json !== undefined || expect.body !== undefined);
}

/**
 * The policy's verdict on an answer: 2xx and 3xx are good, 4xx leaves the SLI, 5xx is bad, a body that fails an
 * expectation is bad. An expected status makes its own class good (an expected 404) and the other classes of 2xx and 3xx
 * bad; it never makes a 4xx bad, because what the client got wrong is not the service's failure.
 */
export function judgeResponse(response: Response, expectations: readonly Expectation[]): Verdict {
  const expected = expectations.flatMap((expect) => (expect.status === undefined ? [] : [expect.status]));
  const missed = expected.find((status) => !statusMatches(response.status, status));
  if (missed !== undefined) {
    const detail = `expected status ${statusText(missed)}, got ${response.status}`;
    const reason = classReason(response.status);
    return reason === 'http-4xx' ? excluded(reason, detail) : bad(reason ?? 'assertion', detail);
  }
  if (expected.length === 0 && response.status >= 400) {
    const detail = `expected a status below 400, got ${response.status}`;
    return response.status < 500 ? excluded('http-4xx', detail) : bad('http-5xx', detail);
  }
  return bodyProblem(response.body, expectations) ?? GOOD;
}

function classReason(status: number): Reason | null {
  if (status >= 500) return 'http-5xx';
  if (status >= 400) return 'http-4xx';
  return status >= 300 ? 'http-3xx' : null;
}

function statusMatches(status: number, expected: StatusExpectation): boolean {
  if (typeof expected === 'number') return status === expected;
  if (typeof expected === 'string') return Math.floor(status / 100) === Number(expected[0]);
  return expected.includes(status);
}

function statusText(expected: StatusExpectation): string {
  return typeof expected === 'object' ? expected.join(' or ') : String(expected);
}

function bodyProblem(body: Buffer | null, expectations: readonly Expectation[]): Verdict | null {
  if (body === null) return null;
  const text = body.toString();
  let document: { readonly json: JSONValue } | { readonly error: string } | null = null;
  for (const { json, body: expected } of expectations) {
    if (expected?.contains !== undefined && !text.includes(expected.contains)) {
      return bad('assertion', `expected a body that contains ${shown(expected.contains)}, got ${shown(text)}`);
    }
    if (expected?.matches !== undefined && !expected.matches.test(text)) {
      return bad('assertion', `expected a body that matches ${String(expected.matches)}, got ${shown(text)}`);
    }
    if (json === undefined) continue;
    document ??= parsed(text);
    if ('error' in document) return bad('assertion', `expected JSON, got ${shown(text)} (${document.error})`);
    const problem = jsonProblem(document.json, json);
    if (problem !== null) return bad('assertion', problem);
  }
  return null;
}

function parsed(text: string): { readonly json: JSONValue } | { readonly error: string } {
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** What is wrong with a document, in one sentence; null when the expectation holds for every value at the path. */
export function jsonProblem(document: JSONValue, expect: JsonExpectation): string | null {
  const values = select(expect.path, document);
  if (expect.exists === false) {
    return values.length === 0 ? null : `expected nothing at ${expect.path}, got ${shown(values[0])}`;
  }
  const wanted = `expected ${expect.path} ${wish(expect)}`;
  if (values.length === 0) return `${wanted}, got nothing there`;
  const wrong = values.find((value) => !holds(value, expect));
  return wrong === undefined ? null : `${wanted}, got ${shown(wrong)}`;
}

function holds(value: JSONValue, expect: JsonExpectation): boolean {
  if (expect.equals !== undefined) return isDeepStrictEqual(value, expect.equals);
  if (expect.oneOf !== undefined) return expect.oneOf.some((candidate) => isDeepStrictEqual(value, candidate));
  if (expect.matches !== undefined) return typeof value === 'string' && expect.matches.test(value);
  return true;
}

function wish(expect: JsonExpectation): string {
  if (expect.equals !== undefined) return `to be ${shown(expect.equals)}`;
  if (expect.oneOf !== undefined) return `to be one of ${shown(expect.oneOf)}`;
  if (expect.matches !== undefined) return `to match ${String(expect.matches)}`;
  return 'to exist';
}

function shown(value: unknown): string {
  return cut(JSON.stringify(value) ?? 'nothing', 80);
}
