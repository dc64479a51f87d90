import { describe, expect, it } from 'vitest';
import { abortVerdict, cut, networkVerdict } from '../../probes/network.ts';

const failure = (code: string, message = 'it failed') => Object.assign(new Error(message), { code });

describe('a network error', () => {
  it.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'connect-refused'],
    ['ETIMEDOUT', 'connect-timeout'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['CERT_HAS_EXPIRED', 'tls-expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-name'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-other'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls-other'],
    ['ECONNRESET', 'reset'],
    ['UND_ERR_SOCKET', 'closed'],
    ['HPE_INVALID_CONSTANT', 'protocol'],
    ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
    ['WS_ERR_INVALID_UTF8', 'malformed'],
    ['WS_ERR_UNEXPECTED_RSV_1', 'protocol'],
    ['E_NOBODY_KNOWS', 'protocol'],
  ])('%s is bad, %s', (code, reason) => {
    expect(networkVerdict(failure(code))).toEqual({ outcome: 'bad', reason, detail: `${code}: it failed` });
  });

  it('of several attempts is the first one', () => {
    const all = new AggregateError([failure('EHOSTUNREACH', 'connect EHOSTUNREACH ::1'), failure('ECONNREFUSED')]);
    expect(networkVerdict(all)).toMatchObject({ reason: 'unreachable', detail: 'connect EHOSTUNREACH ::1' });
  });

  it.each(['EMFILE', 'EADDRNOTAVAIL', 'UND_ERR_INVALID_ARG'])('%s is our own fault', (code) => {
    expect(networkVerdict(failure(code))).toMatchObject({ outcome: 'fault', reason: 'internal' });
  });
});

describe('an aborted wait', () => {
  const timedOut = AbortSignal.abort(new DOMException('too long', 'TimeoutError'));

  it.each([
    ['dns', 'dns', 'no answer from DNS within 200 ms'],
    ['connect', 'connect-timeout', 'no TCP connection within 200 ms'],
    ['tls', 'timeout', 'no end of the TLS handshake within 200 ms'],
    ['answer', 'timeout', 'no complete answer within 200 ms'],
  ] as const)('at its deadline names what it waited for: %s', (stage, reason, detail) => {
    expect(abortVerdict(timedOut, stage, 200)).toEqual({ outcome: 'bad', reason, detail });
  });

  it('for another reason says nothing about the service', () => {
    const stopped = AbortSignal.abort(new Error('stop'));
    expect(abortVerdict(stopped, 'answer', null)).toMatchObject({ outcome: 'fault', reason: 'aborted' });
  });
});

it('a detail is one line of at most 200 characters', () => {
  expect(cut('a\n b\t c')).toBe('a b c');
  expect(cut('x'.repeat(300))).toBe(`${'x'.repeat(199)}…`);
});
