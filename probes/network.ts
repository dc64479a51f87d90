import type { Outcome } from './probe.ts';
import type { Reason } from './reasons.ts';

/** How a run ended, in the terms of an observation. */
export interface Verdict {
  readonly outcome: Exclude<Outcome, 'skipped'>;
  readonly reason: Reason | null;
  readonly detail: string | null;
}

export const GOOD: Verdict = { outcome: 'good', reason: null, detail: null };

export function bad(reason: Reason, detail: string): Verdict {
  return { outcome: 'bad', reason, detail: cut(detail) };
}

export function excluded(reason: Reason, detail: string): Verdict {
  return { outcome: 'excluded', reason, detail: cut(detail) };
}

export function fault(reason: Reason, detail: string): Verdict {
  return { outcome: 'fault', reason, detail: cut(detail) };
}

/** Details are one line of at most this many characters. */
const LONGEST = 200;

export function cut(text: string, longest = LONGEST): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

const REASON_OF_CODE: Readonly<Record<string, Reason>> = {
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  ESERVFAIL: 'dns',
  ECONNREFUSED: 'connect-refused',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-name',
  HOSTNAME_MISMATCH: 'tls-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-other',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-other',
  EPROTO: 'tls-other',
  // No protocol in common: TLS only brought the news.
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'protocol',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'closed',
  ERR_HTTP2_STREAM_ERROR: 'reset',
  // Of our own making: the peer ended a stream without a word.
  STREAM_CLOSED: 'closed',
  WS_ERR_INVALID_UTF8: 'malformed',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'body-too-large',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'body-too-large',
};

/** Families of codes: OpenSSL's verification results, Node's TLS, the HTTP parser, undici's and ws's own complaints. */
const REASON_OF_PREFIX: readonly (readonly [string, Reason])[] = [
  ['EAI_', 'dns'],
  ['ERR_TLS_', 'tls-other'],
  ['ERR_SSL_', 'tls-other'],
  ['CERT_', 'tls-other'],
  ['UNABLE_TO_', 'tls-other'],
  ['HPE_', 'protocol'],
  ['ERR_HTTP2_', 'protocol'],
  ['UND_ERR_', 'protocol'],
  ['WS_ERR_', 'protocol'],
];

/** The machine that asks ran out of something: no fault of the one that is asked. */
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/** What undici says of a request that it will not send. */
const UNSENDABLE: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/** The code of an error; of the first attempt when several addresses were tried. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

export function reasonOfCode(code: string): Reason | null {
  return REASON_OF_CODE[code] ?? REASON_OF_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? null;
}

/** What a socket, TLS, HTTP or WebSocket error says about the service, or about ourselves. */
export function networkVerdict(error: unknown): Verdict {
  const code = codeOf(error);
  const text = code === '' || messageOf(error).includes(code) ? messageOf(error) : `${code}: ${messageOf(error)}`;
  if (EXHAUSTED.has(code)) return fault('internal', `this machine ran out of something: ${text}`);
  if (UNSENDABLE.has(code)) return fault('internal', `the request cannot be sent as it is configured: ${text}`);
  return bad(reasonOfCode(code) ?? 'protocol', text);
}

/** How far a connection got. */
export type Stage = 'dns' | 'connect' | 'tls' | 'answer';

const WAITED_FOR: Readonly<Record<Stage, readonly [Reason, string]>> = {
  dns: ['dns', 'no answer from DNS'],
  connect: ['connect-timeout', 'no TCP connection'],
  tls: ['timeout', 'no end of the TLS handshake'],
  answer: ['timeout', 'no complete answer'],
};

export function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

/**
 * The signal aborted: at a deadline, or because the process stops (which says nothing about the service).
 * @param timeoutMs how much time there was; null when that is no round figure.
 */
export function abortVerdict(signal: AbortSignal, stage: Stage, timeoutMs: number | null): Verdict {
  if (!isTimeout(signal.reason)) return fault('aborted', 'the run was stopped before it ended');
  const [reason, what] = WAITED_FOR[stage];
  return bad(reason, `${what} ${timeoutMs === null ? 'in time' : `within ${Math.round(timeoutMs)} ms`}`);
}
