import { describe, expect, it } from 'vitest';
import { startNginx } from '../../support/nginx.ts';
import { isMissing } from '../../support/servers.ts';
import { LONG_EXPIRED, selfSigned, type Certificate } from '../certificates.ts';
import { testContext } from '../context.ts';
import { open, runOnce } from './asking.ts';

const missing = isMissing('nginx', 'nginx-light');

function start(certificate: Certificate, more: string, files: Readonly<Record<string, string>> = {}) {
  return startNginx({
    files: { 'cert.pem': certificate.cert, 'key.pem': certificate.key, 'page.txt': 'fine '.repeat(4000), ...files },
    server: `ssl_certificate FOLDER/cert.pem; ssl_certificate_key FOLDER/key.pem; ${more}
      location = /status { default_type application/json; return 200 '{"protocol":"$server_protocol"}'; }
      location / { root FOLDER; }`,
  });
}

describe.skipIf(missing)('an http probe and a real nginx', () => {
  const valid = selfSigned('localhost');
  const plain = 'listen 127.0.0.1:PORT ssl;';
  const both = 'listen 127.0.0.1:PORT ssl http2;';
  const seenAs = (protocol: string) => [{ json: { path: '$.protocol', equals: protocol } }];

  it('speak HTTP/2 when both know it, HTTP/1.1 when one does not', async () => {
    await using server = await start(valid, both);
    const url = `https://localhost:${server.port}/status`;
    const modern = await runOnce({ url, ca: valid.cert, expect: seenAs('HTTP/2.0') });
    expect(modern).toMatchObject({ outcome: 'good', values: { httpVersion: 2, connections: 1, requests: 1 } });
    for (const ms of Object.values(modern.phases)) expect(ms).toBeGreaterThanOrEqual(0);
    const old = await runOnce({ url, ca: valid.cert, protocol: 'http/1.1', expect: seenAs('HTTP/1.1') });
    expect(old).toMatchObject({ outcome: 'good', values: { httpVersion: 1.1 } });
  });

  it('speak HTTP/1.1 when nginx knows nothing else, and that is bad when HTTP/2 is asked for', async () => {
    await using server = await start(valid, plain);
    const url = `https://localhost:${server.port}/status`;
    expect(await runOnce({ url, ca: valid.cert })).toMatchObject({ outcome: 'good', values: { httpVersion: 1.1 } });
    const seen = await runOnce({ url, ca: valid.cert, protocol: 'h2' });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'protocol' });
  });

  it('keep an HTTP/2 connection by choice, and the phases of its making are null then', async () => {
    await using server = await start(valid, both);
    const probe = open({ url: `https://localhost:${server.port}/status`, ca: valid.cert, keepAlive: true });
    const first = await probe.run(testContext());
    expect(first.phases.tlsMs).not.toBeNull();
    const second = await probe.run(testContext());
    expect(second).toMatchObject({ outcome: 'good', values: { httpVersion: 2, connections: 0, requests: 1 } });
    expect(second.phases).toMatchObject({ dnsMs: null, connectMs: null, tlsMs: null });
    expect(second.phases.sentMs).not.toBeNull();
    expect(second.phases.firstByteMs).not.toBeNull();
  });

  it('send a body over HTTP/2, and inflate what comes back', async () => {
    const inflating = `${both} gzip on; gzip_types text/plain;`;
    await using server = await start(valid, inflating);
    const url = `https://localhost:${server.port}/page.txt`;
    const seen = await runOnce({
      url,
      ca: valid.cert,
      expect: [{ body: { contains: 'fine' } }, { size: { min: 20_000 } }],
    });
    expect(seen).toMatchObject({ outcome: 'good', values: { httpVersion: 2, bodyBytes: 20_000 } });
    expect(seen.values['bytes']).toBeLessThan(2000);
    const posted = await runOnce({ url, ca: valid.cert, method: 'POST', body: 'x'.repeat(50_000) });
    expect(posted).toMatchObject({ outcome: 'excluded', detail: 'expected a status below 400, got 405' });
  });

  it('are cut off in the middle of an HTTP/2 body that is too large', async () => {
    await using server = await start(valid, both);
    const url = `https://localhost:${server.port}/page.txt`;
    const seen = await runOnce({ url, ca: valid.cert, maxBodyBytes: 1000 });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'body-too-large' });
  });

  it.each([
    ['tls-expired', selfSigned('localhost', LONG_EXPIRED)],
    ['tls-name', selfSigned('other.example')],
  ] as const)('give %s for a certificate that is', async (reason, certificate) => {
    await using server = await start(certificate, both);
    const seen = await runOnce({ url: `https://localhost:${server.port}/`, ca: certificate.cert });
    expect(seen).toMatchObject({ outcome: 'bad', reason, values: { status: null, requests: 0 } });
    expect(seen.phases.tlsMs).toBeNull();
  });

  it('give tls-other for a certificate that nobody vouches for', async () => {
    await using server = await start(valid, both);
    const seen = await runOnce({ url: `https://localhost:${server.port}/` });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'tls-other' });
  });

  it('know each other by certificates of both', async () => {
    const client = selfSigned('prober.example');
    const mutual = `${both} ssl_client_certificate FOLDER/clients.pem; ssl_verify_client on;`;
    await using server = await start(valid, mutual, { 'clients.pem': client.cert });
    const url = `https://localhost:${server.port}/status`;
    expect(await runOnce({ url, ca: valid.cert, clientCertificate: client })).toMatchObject({ outcome: 'good' });
    const unknown = await runOnce({ url, ca: valid.cert });
    expect(unknown).toMatchObject({ outcome: 'excluded', values: { status: 400 } });
  });

  it('tell how long a certificate has left, and fail when it is not long enough', async () => {
    await using server = await start(valid, both);
    const url = `https://localhost:${server.port}/status`;
    const seen = await runOnce({ url, ca: valid.cert, expect: [{ certificate: { daysLeft: 14 } }] });
    expect(seen.outcome).toBe('good');
    expect(seen.values['certificateDays']).toBeGreaterThan(14);
    const far = await runOnce({ url, ca: valid.cert, expect: [{ name: 'renewal', certificate: { daysLeft: 1e6 } }] });
    expect(far).toMatchObject({ outcome: 'bad', reason: 'assertion' });
    expect(far.detail).toMatch(/^renewal: expected a certificate with at least 1000000 days left, got \d+(\.\d)?$/);
  });
});
