import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inflated } from '../../../probes/http/encoding.ts';
import { testContext, testEnvironment } from '../context.ts';
import { open, runOnce, served } from './asking.ts';

const TEXT = JSON.stringify({ status: 'running', list: Array.from({ length: 500 }, (_, n) => n % 3) });
const expected = [{ json: { path: '$.status', equals: 'running' } }];

function answering(body: Buffer | string, headers: Readonly<Record<string, string>>) {
  return served((_request, response) => response.writeHead(200, headers).end(body));
}

describe('an http probe inflates', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['identity', Buffer.from(TEXT)],
  ])('%s, and reports the bytes on the wire beside those of the body', async (encoding, body) => {
    await using server = await answering(body, { 'content-encoding': encoding });
    const seen = await runOnce({ url: server.url, expect: expected });
    expect(seen).toMatchObject({ outcome: 'good', values: { bytes: body.length, bodyBytes: TEXT.length } });
  });

  it('says what it can read, unless the configuration says otherwise', async () => {
    await using server = await served((request, response) => response.end(String(request.headers['accept-encoding'])));
    const url = server.url;
    expect(await runOnce({ url, expect: [{ body: { contains: 'gzip, deflate, br, zstd' } }] })).toMatchObject({
      outcome: 'good',
    });
    const headers = { 'Accept-Encoding': 'identity' };
    expect(await runOnce({ url, headers, expect: [{ body: { matches: '^identity$' } }] })).toMatchObject({
      outcome: 'good',
    });
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(20_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(20_000_000))],
    ['zstd', zstdCompressSync(Buffer.alloc(20_000_000))],
    ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(20_000_000)))],
  ])('no bomb in %s: the cap is that of the inflated body', async (encoding, bomb) => {
    expect(bomb.length).toBeLessThan(100_000);
    await using server = await answering(bomb, { 'content-encoding': encoding });
    const seen = await runOnce({ url: server.url, maxBodyBytes: 100_000 });
    expect(seen).toMatchObject({
      outcome: 'bad',
      reason: 'body-too-large',
      detail: 'expected a body of at most 100000 bytes, got more when inflated',
    });
  });

  it.each([
    ['gzip', gzipSync(TEXT).subarray(0, -9), /^expected a body in gzip, got one that cannot be inflated: /],
    ['br', Buffer.from('no brotli'), /^expected a body in br, got one that cannot be inflated: /],
    ['compress', Buffer.from('x'), /^expected an encoding of gzip, deflate, br, zstd, got compress$/],
    ['gzip, gzip, gzip', gzipSync('x'), /^expected at most 2 content encodings, got 3$/],
  ])('nothing that is not what %s says', async (encoding, body, detail) => {
    await using server = await answering(body, { 'content-encoding': encoding });
    const seen = await runOnce({ url: server.url });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'protocol' });
    expect(seen.detail).toMatch(detail);
  });

  it('nothing where no body came', async () => {
    await using server = await served((_request, response) => {
      response.writeHead(204, { 'content-encoding': 'gzip' }).end();
    });
    expect(await runOnce({ url: server.url, method: 'HEAD' })).toMatchObject({ outcome: 'good' });
  });

  it('whatever was deflated, to what it was', async () => {
    const ways = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
    const way = fc.constantFrom<keyof typeof ways>('gzip', 'deflate', 'br', 'zstd');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), way, async (bytes, name) => {
        const body = Buffer.from(bytes);
        expect(await inflated(ways[name](body), [name], 2000)).toEqual(body);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an http probe judges the body', () => {
  it.each([
    [{ schema: { type: 'object', required: ['status'] } }, null],
    [
      { schema: { type: 'object', properties: { list: { items: { maximum: 1 } } } } },
      'expected a body of its schema (/list/2 must be <= 1), got 2 there',
    ],
    [
      { schema: { type: 'array' } },
      expect.stringMatching(
        /^expected a body of its schema \(the top must be array\), got \{"status":"running","list":\[0,1,2,.*… there$/,
      ),
    ],
    [
      { schema: false },
      expect.stringMatching(/^expected a body of its schema \(the top boolean schema is false\), got /),
    ],
    [{ schema: { $schema: 'http://json-schema.org/draft-07/schema#', definitions: { a: {} }, type: 'object' } }, null],
    [{ schema: { properties: { status: { type: 'string', format: 'date-time' } } } }, null],
    [{ size: { min: TEXT.length, max: TEXT.length } }, null],
    [{ size: { max: 10 } }, `expected a body of at most 10 bytes, got ${TEXT.length}`],
    [{ size: { min: 9999 } }, `expected a body of at least 9999 bytes, got ${TEXT.length}`],
    [{ name: 'prices', json: { path: '$.x', exists: true } }, 'prices: expected $.x to exist, got nothing there'],
  ])('%j', async (expectation, detail) => {
    await using server = await answering(TEXT, {});
    const seen = await runOnce({ url: server.url, expect: [expectation] });
    expect(seen).toMatchObject({
      outcome: detail === null ? 'good' : 'bad',
      reason: detail === null ? null : 'assertion',
      detail,
    });
  });

  it.each([
    [{ name: 'content-type', equals: 'text/plain' }, null],
    [{ name: 'Content-Type', contains: 'plain' }, null],
    [{ name: 'content-type', matches: '^text/' }, null],
    [{ name: 'content-type', exists: true }, null],
    [{ name: 'x-none', exists: false }, null],
    [{ name: 'content-type', equals: 'x' }, 'expected header content-type to be "x", got "text/plain"'],
    [{ name: 'content-type', contains: 'x/' }, 'expected header content-type to contain "x/", got "text/plain"'],
    [{ name: 'content-type', matches: '^x' }, 'expected header content-type to match /^x/u, got "text/plain"'],
    [{ name: 'x-none', exists: true }, 'expected header x-none, got none'],
    [{ name: 'content-type', exists: false }, 'expected no header content-type, got "text/plain"'],
  ])('and the header, %j', async (header, detail) => {
    await using server = await answering('ok', { 'content-type': 'text/plain' });
    const seen = await runOnce({ url: server.url, expect: [{ header }] });
    expect(seen).toMatchObject({ outcome: detail === null ? 'good' : 'bad', detail });
  });

  it('and the phases: one beyond its limit is named, one that did not happen took no time', async () => {
    await using server = await served((_request, response) => {
      setTimeout(() => response.end('ok'), 60);
    });
    const url = server.url;
    const slow = await runOnce({ url, expect: [{ phases: { tls: '1ms', firstByte: '20ms' } }] });
    expect(slow).toMatchObject({ outcome: 'bad', reason: 'assertion' });
    expect(slow.detail).toMatch(/^expected firstByte within 20 ms, got \d+\.\d ms$/);
    const total = await runOnce({ url, expect: [{ phases: { total: '20ms' } }] });
    expect(total.detail).toMatch(/^expected total within 20 ms, got \d+\.\d ms$/);
    expect(await runOnce({ url, expect: [{ phases: { tls: '1ms', firstByte: '1m' } }] })).toMatchObject({
      outcome: 'good',
    });
  });

  it.each([
    [{ body: { matches: '^(a+)+$' } }],
    [{ json: { path: '$.a', matches: '^(a+)+$' } }],
    [{ schema: { properties: { a: { type: 'string', pattern: '^(a+)+$' } } } }],
    [{ header: { name: 'x-a', matches: '^(a+)+$' } }],
  ])('and stops a pattern that would hang the process: %j', async (expectation) => {
    const endless = `${'a'.repeat(60)}!`;
    const isText = 'body' in expectation;
    await using server = await answering(isText ? endless : JSON.stringify({ a: endless }), { 'x-a': endless });
    const seen = await runOnce({ url: server.url, expect: [expectation] });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'internal', readings: [] });
    expect(seen.detail).toMatch(/^the expectations about \d+ bytes were not judged within 50 ms: a pattern, /);
  });

  it('and shows no secret of the configuration, also not the half that a cut would leave', async () => {
    const token = 'tok-0123456789-abcdefghijklmnopqrstuvwxyz';
    await using server = await answering(`${'x'.repeat(60)}${token}`, {});
    const secrets = new Map([[token, '${TOKEN}']]);
    const probe = open(
      { url: server.url, expect: [{ body: { contains: 'never' } }] },
      { ...testEnvironment, artefacts: { folder: '/nowhere', secrets } },
    );
    const seen = await probe.run(testContext());
    expect(seen.detail).toBe(`expected a body that contains "never", got "${'x'.repeat(60)}\${TOKEN}"`);
  });
});
