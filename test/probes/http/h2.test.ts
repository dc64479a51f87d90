import { createSecureServer, constants, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../certificates.ts';
import { listening, testContext } from '../context.ts';
import { eventually } from '../../support/servers.ts';
import { open, runOnce, told } from './asking.ts';

const certificate = selfSigned('localhost');

async function serving(answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void) {
  const server: Http2SecureServer = createSecureServer(certificate);
  const sessions = new Set<{ readonly destroyed: boolean; destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answer(stream, headers);
  });
  const at = await listening(server);
  return {
    part: { url: `https://localhost:${at.port}/a?b=c`, ca: certificate.cert },
    sessions,
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  };
}

describe('an http probe over HTTP/2', () => {
  it('sends method, path, headers and body, without those of the connection', async () => {
    let came: IncomingHttpHeaders = {};
    let body = '';
    await using server = await serving((stream, headers) => {
      came = headers;
      stream.on('data', (chunk) => {
        body += String(chunk);
      });
      stream.on('end', () => {
        stream.respond({ ':status': 201 });
        stream.end('made');
      });
    });
    const headers = { Host: 'api.example', Connection: 'keep-alive', 'X-A': 'b' };
    const seen = await runOnce({ ...server.part, method: 'PUT', headers, body: { n: 1 }, protocol: 'h2' });
    expect(seen).toMatchObject({ outcome: 'good', values: { status: 201, bytes: 4, requests: 1, addressFamily: 4 } });
    expect(body).toBe('{"n":1}');
    expect(came).toMatchObject({
      ':method': 'PUT',
      ':path': '/a?b=c',
      ':authority': 'api.example',
      'x-a': 'b',
      'content-type': 'application/json',
    });
    expect(came['connection']).toBeUndefined();
  });

  it('leaves no session behind after a fresh run', async () => {
    await using server = await serving((stream) => {
      stream.respond({ ':status': 204 }, { endStream: true });
    });
    const probe = open(server.part);
    for (let run = 0; run < 3; run++) {
      expect(await probe.run(testContext())).toMatchObject({
        outcome: 'good',
        values: { status: 204, connections: 1 },
      });
    }
    expect(server.sessions.size).toBe(3);
    await eventually(() => ([...server.sessions].every(({ destroyed }) => destroyed) ? true : undefined), 'all closed');
  });

  it('asks once, also when the peer invites it to ask again', async () => {
    let streams = 0;
    await using server = await serving((stream) => {
      streams++;
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    const seen = await runOnce(server.part);
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'reset', values: { requests: 1 } });
    expect(seen.detail).toContain('NGHTTP2_REFUSED_STREAM');
    expect(streams).toBe(1);
  });

  it.each([
    ['closed', (stream: ServerHttp2Stream) => stream.session?.socket.destroy()],
    ['closed', (stream: ServerHttp2Stream) => stream.session?.destroy()],
    ['reset', (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ] as const)('is %s when the peer ends it before its answer, as the peer does it', async (reason, end) => {
    await using server = await serving((stream) => end(stream));
    const seen = await runOnce(server.part);
    expect(seen).toMatchObject({ outcome: 'bad', reason, values: { status: null, httpVersion: 2 } });
  });

  it('is a timeout when the answer never ends', async () => {
    await using server = await serving((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half');
    });
    const seen = await runOnce(server.part, { timeoutMs: 300 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'timeout', values: { status: 200, bytes: 4 } });
    expect(seen.detail).toBe('no complete answer within 300 ms');
  });

  it('makes a new connection when a kept one has been closed between two runs', async () => {
    await using server = await serving((stream) => {
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
    const probe = open({ ...server.part, keepAlive: true });
    expect(await probe.run(testContext())).toMatchObject({ outcome: 'good' });
    for (const session of server.sessions) session.destroy();
    await eventually(async () => {
      const seen = await probe.run(testContext());
      return seen.outcome === 'good' && seen.values['connections'] === 1 ? true : undefined;
    }, 'a fresh connection');
  });

  it('is refused by the configuration without TLS', () => {
    expect(told({ url: 'http://127.0.0.1/', protocol: 'h2' })).toEqual([
      'url: an https URL, without which there is no ALPN to choose h2',
    ]);
  });
});
