import { stripVTControlCharacters } from 'node:util';
import { bad, cut, excluded, fault, isTimeout, type Verdict } from '../network.ts';
import type { RunContext } from '../probe.ts';
import type { Reason } from '../reasons.ts';
import type { Sight } from './journey.ts';

/** Ends a journey with a verdict that is known already. */
export class Refusal extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.detail ?? '');
    this.verdict = verdict;
  }
}

/** Chromium's own names of network errors; the rest of `net::ERR_…` is told as it is. */
const CHROMIUM_ERRORS: readonly (readonly [RegExp, Reason])[] = [
  [/ERR_NAME_NOT_RESOLVED|ERR_DNS_/, 'dns'],
  [/ERR_CONNECTION_REFUSED/, 'connect-refused'],
  [/ERR_CONNECTION_TIMED_OUT/, 'connect-timeout'],
  [/ERR_ADDRESS_UNREACHABLE|ERR_INTERNET_DISCONNECTED/, 'unreachable'],
  [/ERR_CERT_DATE_INVALID/, 'tls-expired'],
  [/ERR_CERT_COMMON_NAME_INVALID/, 'tls-name'],
  [/ERR_CERT_|ERR_SSL_/, 'tls-other'],
  [/ERR_CONNECTION_RESET/, 'reset'],
  [/ERR_CONNECTION_CLOSED|ERR_EMPTY_RESPONSE/, 'closed'],
  [/ERR_TIMED_OUT/, 'timeout'],
  [/net::ERR_/, 'protocol'],
];

/** What was known when a journey ended without having arrived. */
export interface Stop {
  readonly error: unknown;
  readonly ctx: Pick<RunContext, 'signal' | 'timeoutMs'>;
  readonly step: string | null;
  /** What was being waited for: `to see "x"`. */
  readonly waitingFor: string | null;
  /** Status of the page on show; null before there is one. */
  readonly status: number | null;
  /** What could be seen instead; null when nothing answered. */
  readonly seen: string | null;
  readonly redact: (text: string) => string;
}

export function failureOf(stop: Stop): Verdict {
  const { error, ctx, redact } = stop;
  const { timeoutMs } = ctx;
  if (ctx.signal.aborted && error === ctx.signal.reason) {
    if (!isTimeout(error)) return fault('aborted', 'the run was stopped before it ended');
    const waited = stop.waitingFor ?? (stop.step === null ? 'the journey to end' : 'the step to end');
    return bad('timeout', redact(`${inStep(stop)}expected ${waited} within ${timeoutMs} ms${saw(stop)}`));
  }
  if (error instanceof Refusal) {
    return { ...error.verdict, detail: cut(redact(`${inStep(stop)}${error.verdict.detail ?? ''}`)) };
  }
  const text = messageOf(error);
  const network = CHROMIUM_ERRORS.find(([pattern]) => pattern.test(text));
  if (network !== undefined) return bad(network[1], `${inStep(stop)}${/net::ERR_\w+/.exec(text)?.[0] ?? ''}`);
  // An error page explains whatever was not found on it.
  const refused = statusVerdict(stop.status);
  if (refused !== null) return { ...refused, detail: cut(redact(`${inStep(stop)}${refused.detail}: ${text}`)) };
  const reason = isTimeout(error) ? 'timeout' : 'assertion';
  return bad(reason, redact(`${inStep(stop)}${text}${isTimeout(error) ? saw(stop) : ''}`));
}

function inStep({ step }: Stop): string {
  return step === null ? '' : `step ${JSON.stringify(step)}: `;
}

function saw({ seen, redact }: Stop): string {
  if (seen === null) return ', and the page did not answer';
  const text = cut(redact(seen), 60);
  return text === '' ? ', saw an empty page' : `, saw ${JSON.stringify(text)}`;
}

/** The line that says it. Assertion libraries carry what they compared; Playwright's call log stays in the trace. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const plain = stripVTControlCharacters(error.message);
  if (isTimeout(error)) {
    const waiting = /waiting for (?<what>.+)/.exec(plain)?.groups?.['what'];
    const within = /Timeout (?<ms>\d+)ms/.exec(plain)?.groups?.['ms'];
    if (waiting !== undefined && within !== undefined) return `expected ${waiting} within ${within} ms`;
  }
  const first = plain.split('\n', 1)[0] ?? '';
  if (!('expected' in error && 'actual' in error)) return first;
  return `${first} (expected ${shown(error.expected)}, got ${shown(error.actual)})`;
}

function shown(value: unknown): string {
  return cut(JSON.stringify(value) ?? String(value), 60);
}

export function statusVerdict(status: number | null): Verdict | null {
  if (status === null || status < 400) return null;
  const detail = `expected a page, got status ${status}`;
  return status < 500 ? excluded('http-4xx', detail) : bad('http-5xx', detail);
}

export function sightText({ selector, text }: Sight): string {
  if (text === undefined) return `to see ${selector ?? 'the page'}`;
  return `to see ${JSON.stringify(text)} in ${selector ?? 'the page'}`;
}
