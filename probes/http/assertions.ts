import type { JSONValue } from 'json-p3';
import { bad, excluded, fault, GOOD, type Verdict } from '../network.ts';
import type { Phases } from '../probe.ts';
import type { Reason } from '../reasons.ts';
import { bodyProblem, jsonTrouble, shown } from './body-assertions.ts';
import { bounded, LONGEST_MS } from './bounded.ts';
import type { AnswerHeaders } from './exchange.ts';
import type { Expectation, HeaderExpectation, JsonExpectation, PhaseLimits, StatusExpectation } from './expectation.ts';
import type { Mask } from './template.ts';

/** Of an answer: all that a verdict needs. It is made after the last byte, when no clock is running any more. */
export interface Response {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Inflated; null when nothing is said about it. */
  readonly body: Buffer | null;
  /** Of the inflated body. */
  readonly bodyBytes: number;
  readonly phases: Phases;
  readonly latencyMs: number;
  /** Days from now to the end of the peer's certificate; null when it was not asked for. */
  readonly certificateDays: number | null;
}

export function needsBody(expectations: readonly Expectation[]): boolean {
  return expectations.some(
    ({ json, schema, body }) => json !== undefined || schema !== undefined || body !== undefined,
  );
}

/** A user's pattern, schema or filter at work: what it takes is not ours to say. The guard costs a tenth of a millisecond. */
function mayTakeLong(expectations: readonly Expectation[]): boolean {
  return expectations.some(
    ({ header, json, schema, body }) =>
      schema !== undefined ||
      (json !== undefined && isSlow(json)) ||
      body?.matches !== undefined ||
      header?.matches !== undefined,
  );
}

function isSlow({ path, matches }: JsonExpectation): boolean {
  return matches !== undefined || path.includes('?');
}

/**
 * The policy's verdict on an answer: 2xx and 3xx are good, 4xx leaves the SLI, 5xx is bad, an answer that fails an
 * expectation is bad. An expected status makes its own class good (an expected 404) and the other classes of 2xx and 3xx
 * bad; it never makes a 4xx bad, because what the client got wrong is not the service's failure.
 */
export function judgeResponse(
  response: Response,
  expectations: readonly Expectation[],
  mask: Mask,
  isGraphql = false,
): Verdict {
  const judged = judgeStatus(response.status, expectations);
  if (judged !== null) return judged;
  if (expectations.length === 0 && !isGraphql) return GOOD;
  const judge = (): Verdict | null => judgeRest(response, expectations, mask, isGraphql);
  if (!mayTakeLong(expectations)) return judge() ?? GOOD;
  const within = bounded(judge);
  if (within !== null) return within.value ?? GOOD;
  return tookTooLong(`the expectations about ${response.bodyBytes} bytes were not judged`);
}

/** What a user's pattern takes is no word about the service. */
export function tookTooLong(what: string): Verdict {
  return fault('internal', `${what} within ${LONGEST_MS} ms: a pattern, schema or filter takes too long`);
}

function judgeStatus(status: number, expectations: readonly Expectation[]): Verdict | null {
  const missed = expectations.find((expect) => expect.status !== undefined && !statusMatches(status, expect.status));
  if (missed?.status !== undefined) {
    const detail = named(missed, `expected status ${statusText(missed.status)}, got ${status}`);
    const reason = classReason(status);
    return reason === 'http-4xx' ? excluded(reason, detail) : bad(reason ?? 'assertion', detail);
  }
  if (status < 400 || expectations.some((expect) => expect.status !== undefined)) return null;
  const detail = `expected a status below 400, got ${status}`;
  return status < 500 ? excluded('http-4xx', detail) : bad('http-5xx', detail);
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

function named({ name }: Expectation, problem: string): string {
  return name === undefined ? problem : `${name}: ${problem}`;
}

function judgeRest(
  response: Response,
  expectations: readonly Expectation[],
  mask: Mask,
  isGraphql: boolean,
): Verdict | null {
  for (const expect of expectations) {
    const problem =
      (expect.header === undefined ? null : headerProblem(response.headers, expect.header, mask)) ??
      (expect.certificate === undefined ? null : certificateProblem(response, expect.certificate.daysLeft)) ??
      (expect.phases === undefined ? null : phaseProblem(response, expect.phases)) ??
      (expect.size === undefined ? null : sizeProblem(response.bodyBytes, expect.size));
    if (problem !== null) return bad('assertion', named(expect, problem));
  }
  const found = response.body === null ? null : bodyProblem(response.body, expectations, mask, isGraphql);
  if (found === null) return null;
  return bad('assertion', found.expect === null ? found.problem : named(found.expect, found.problem));
}

function headerProblem(headers: AnswerHeaders, expect: HeaderExpectation, mask: Mask): string | null {
  const name = expect.name.toLowerCase();
  const came = headers[name];
  if (expect.exists === false)
    return came === undefined ? null : `expected no header ${name}, got ${shown(came, mask)}`;
  const wish =
    expect.equals !== undefined
      ? ` to be ${shown(expect.equals, mask)}`
      : expect.contains !== undefined
        ? ` to contain ${shown(expect.contains, mask)}`
        : expect.matches === undefined
          ? ''
          : ` to match ${String(expect.matches)}`;
  if (came === undefined) return `expected header ${name}${wish}, got none`;
  const values = typeof came === 'string' ? [came] : came;
  const holds = (value: string): boolean => {
    if (expect.equals !== undefined) return value === expect.equals;
    if (expect.contains !== undefined) return value.includes(expect.contains);
    return expect.matches?.test(value) ?? true;
  };
  return values.some(holds) ? null : `expected header ${name}${wish}, got ${shown(values.join(', '), mask)}`;
}

function certificateProblem({ certificateDays }: Response, least: number): string | null {
  const wanted = `expected a certificate with at least ${least} days left`;
  if (certificateDays === null) return `${wanted}, got none`;
  return certificateDays >= least ? null : `${wanted}, got ${Math.floor(certificateDays * 10) / 10}`;
}

/** A phase that did not happen took no time. */
function phaseProblem({ phases, latencyMs }: Response, limits: PhaseLimits): string | null {
  const took: Readonly<Record<keyof PhaseLimits, number | null>> = {
    dns: phases.dnsMs,
    connect: phases.connectMs,
    tls: phases.tlsMs,
    sent: phases.sentMs,
    firstByte: phases.firstByteMs,
    transfer: phases.transferMs,
    total: latencyMs,
  };
  for (const [phase, ms] of Object.entries(took)) {
    const limit: unknown = Reflect.get(limits, phase);
    if (typeof limit === 'number' && ms !== null && ms > limit) {
      return `expected ${phase} within ${limit} ms, got ${ms.toFixed(1)} ms`;
    }
  }
  return null;
}

function sizeProblem(
  bytes: number,
  { min = 0, max = Infinity }: { min?: number | undefined; max?: number | undefined },
) {
  if (bytes < min) return `expected a body of at least ${min} bytes, got ${bytes}`;
  return bytes > max ? `expected a body of at most ${max} bytes, got ${bytes}` : null;
}

/** What is wrong with a document, in one sentence; null when the expectation holds for every value at the path. */
export function jsonProblem(document: JSONValue, expect: JsonExpectation): string | null {
  const judge = (): string | null => jsonTrouble(document, expect, (text) => text);
  if (!isSlow(expect)) return judge();
  const within = bounded(judge);
  return within === null ? `expected ${expect.path} to be judged within ${LONGEST_MS} ms` : within.value;
}
