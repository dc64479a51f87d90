import { createHmac, createPrivateKey, randomBytes } from 'node:crypto';
import { createServer as createSecureServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import type { Sign } from '../../../probes/http/sign.ts';
import { checkDocument } from '../../../runner/config/load.ts';
import { selfSigned } from '../certificates.ts';
import { listening } from '../context.ts';
import { runOnce, served, told } from './asking.ts';

const SECRET = 'hmac-secret-of-a-test';
const hmac = (text: string) => createHmac('sha256', SECRET).update(text).digest('hex');

describe('an http probe shows who it is', () => {
  it.each([
    [{ bearer: 'token-1234' }, 'Bearer token-1234'],
    [{ basic: { username: 'ada', password: 'pä:ss' } }, `Basic ${Buffer.from('ada:pä:ss').toString('base64')}`],
  ])('%j', async (auth, authorization) => {
    await using server = await served((request, response) => response.end(request.headers.authorization));
    const seen = await runOnce({ url: server.url, auth, expect: [{ body: { contains: authorization } }] });
    expect(seen).toMatchObject({ outcome: 'good' });
  });

  it('and keeps what it makes of a password out of every text', async () => {
    await using server = await served((request, response) => response.end(request.headers.authorization));
    const auth = { basic: { username: 'ada', password: 'lovelace' } };
    const seen = await runOnce({ url: server.url, auth, expect: [{ body: { contains: 'never' } }] }, { verbose: true });
    expect(seen.detail).toBe('expected a body that contains "never", got "Basic {basic}"');
    expect(seen.transcript).toContain('> authorization: Basic {basic}');
  });

  it('by a certificate of its own, with a key behind a passphrase', async () => {
    const client = selfSigned('prober.example');
    const own = selfSigned('localhost');
    const options = { ...own, ca: client.cert, requestCert: true, rejectUnauthorized: true };
    await using server = await listening(createSecureServer(options, (_request, response) => response.end('ok')));
    const part = { url: `https://localhost:${server.port}/`, ca: own.cert };
    expect(await runOnce({ ...part, clientCertificate: client })).toMatchObject({ outcome: 'good' });
    const passphrase = 'of-a-test';
    const locked = createPrivateKey(client.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase,
    });
    const clientCertificate = { cert: client.cert, key: String(locked), passphrase };
    expect(await runOnce({ ...part, clientCertificate })).toMatchObject({ outcome: 'good' });
    expect(told({ ...part, clientCertificate: { ...clientCertificate, passphrase: 'wrong' } })).toHaveLength(1);
    const stranger = selfSigned('stranger.example');
    const refused = await runOnce({ ...part, clientCertificate: stranger });
    expect(refused).toMatchObject({ outcome: 'bad' });
    expect(['tls-other', 'reset', 'closed']).toContain(refused.reason);
  });

  it.each([
    [{ auth: {} }, ['auth: one of bearer and basic']],
    [{ auth: { bearer: 'a\nb' } }, ['auth.bearer: a token']],
    [{ auth: { basic: { username: 'a:b', password: 'c' } } }, ['auth.basic.username: a user name without a colon']],
    [
      { clientCertificate: { ...selfSigned('a.example'), key: selfSigned('b.example').key } },
      ['clientCertificate: a certificate, its key and the passphrase of the key'],
    ],
    [{ sign: 'no function' }, ['sign: a function']],
  ])('and says what is wrong with a configuration', (part, expected) => {
    expect(told({ url: 'https://127.0.0.1/', ...part })).toEqual(expected);
  });

  it('and takes secrets only as references', () => {
    const probe = {
      id: 'p',
      kind: 'http',
      service: 's',
      auth: { bearer: 'literal' },
      secrets: { key: 'literal' },
      clientCertificate: selfSigned('a.example'),
      steps: [
        { name: 'login', url: 'https://127.0.0.1/', capture: { token: '$.token' } },
        { name: 'next', url: 'https://127.0.0.1/', auth: { bearer: '{token}' } },
      ],
    };
    const loaded = checkDocument({ probes: [probe], objectives: [] }, 'a.yaml', '/srv', {});
    const lines = loaded.ok ? [] : loaded.lines;
    expect(lines.filter((line) => line.includes('a reference to the environment'))).toEqual(
      ['auth.bearer', 'secrets.key', 'clientCertificate.key'].map(
        (path) =>
          `a.yaml: probes[0].${path}: expected a reference to the environment such as "\${TOKEN}", got a literal value`,
      ),
    );
  });
});

describe('an http probe signs its requests', () => {
  const secrets = { key: SECRET };

  it('in headers, over method, path, body and time', async () => {
    const sign: Sign = ({ method, path, body, nowMs }, { key = '' }) => {
      const timestamp = String(Math.floor(nowMs));
      const text = `${timestamp}${method}${path}${body ?? ''}`;
      return { 'x-time': timestamp, 'x-sign': createHmac('sha256', key).update(text).digest('hex') };
    };
    await using server = await served((request, response, body) => {
      const right = hmac(`${String(request.headers['x-time'])}${request.method}${request.url}${body}`);
      response.writeHead(request.headers['x-sign'] === right ? 200 : 500).end();
    });
    const part = { url: `${server.url}/orders?a=1`, method: 'POST', body: { n: 1 }, sign, secrets };
    expect(await runOnce(part)).toMatchObject({ outcome: 'good', values: { status: 200 } });
  });

  it('in the address, where a venue wants it there', async () => {
    const sign: Sign = async ({ path }) => {
      const query = `${path.split('?')[1]}&timestamp=5`;
      return { headers: { 'x-key': 'k' }, query: { timestamp: '5', signature: hmac(query) } };
    };
    await using server = await served((request, response) => response.end(request.url));
    const seen = await runOnce({ url: `${server.url}/account?recvWindow=50`, sign, secrets }, { verbose: true });
    expect(seen.outcome).toBe('good');
    expect(server.asked).toEqual([
      `GET /account?recvWindow=50&timestamp=5&signature=${hmac('recvWindow=50&timestamp=5')}`,
    ]);
    expect(seen.transcript?.[0]).toBe('> GET /account?recvWindow=50&timestamp=5&signature={signed}');
  });

  it('each hop of a redirect anew, and none at another origin', async () => {
    const sign: Sign = ({ path }) => ({ 'x-path': path });
    await using elsewhere = await served((request, response) => response.end(String(request.headers['x-path'])));
    await using server = await served((request, response) => {
      const location = request.url === '/a' ? '/b' : elsewhere.url;
      const isRight = request.headers['x-path'] === request.url;
      response.writeHead(isRight ? 302 : 500, { location }).end();
    });
    const expected = [{ body: { matches: '^undefined$' } }];
    const seen = await runOnce({ url: `${server.url}/a`, sign, redirects: 2, expect: expected });
    expect(seen).toMatchObject({ outcome: 'good', detail: null });
  });

  it.each([
    [() => JSON.parse(SECRET.slice(0, 4)), /^the function that signs requests failed: Unexpected token /],
    [() => null, /^the function that signs requests failed: it gave back no headers$/],
    [() => ({ a: 1 }), /^the function that signs requests failed: its a is no text$/],
    [() => ({ headers: {}, b: '' }), /it gave back headers or a query, and something else$/],
  ])('and what goes wrong there is no word about the service', async (sign, detail) => {
    await using server = await served((_request, response) => response.end());
    const seen = await runOnce({ url: server.url, sign });
    expect(seen).toMatchObject({ outcome: 'fault', reason: 'internal', readings: [] });
    expect(seen.detail).toMatch(detail);
    expect(server.asked).toEqual([]);
  });

  it('and does not wait longer than the run may take', async () => {
    const sign = () => new Promise(() => {});
    const seen = await runOnce({ url: 'http://127.0.0.1:1/', sign }, { timeoutMs: 50 });
    expect(seen).toMatchObject({ outcome: 'fault', detail: 'the request was not signed in time' });
  });

  it('whose nonces are its own affair', async () => {
    const sign: Sign = () => ({ 'x-nonce': randomBytes(8).toString('hex') });
    const nonces = new Set<unknown>();
    await using server = await served((request, response) => {
      nonces.add(request.headers['x-nonce']);
      response.end();
    });
    for (let run = 0; run < 3; run++)
      expect(await runOnce({ url: server.url, sign })).toMatchObject({ outcome: 'good' });
    expect(nonces.size).toBe(3);
  });
});

describe('an http probe asks in GraphQL', () => {
  const graphql = { query: 'query Q($s: String!) { price(symbol: $s) }', variables: { s: 'BTC' }, operationName: 'Q' };

  it('by POST, as JSON, and is good without errors', async () => {
    let came: unknown;
    await using server = await served((request, response, body) => {
      const { method, headers } = request;
      came = { method, type: headers['content-type'], accept: headers.accept, body: JSON.parse(body) as unknown };
      response.end('{"data":{"price":1},"errors":[]}');
    });
    const expected = [{ json: { path: '$.data.price', equals: 1 } }];
    expect(await runOnce({ url: server.url, graphql, expect: expected })).toMatchObject({ outcome: 'good' });
    const accept = 'application/graphql-response+json, application/json';
    expect(came).toEqual({ method: 'POST', type: 'application/json', accept, body: graphql });
  });

  it.each([
    ['{"errors":[{"message":"no such symbol"},{}]}', 'expected no GraphQL errors, got 2: "no such symbol"'],
    ['{"data":{},"errors":"broken"}', 'expected no GraphQL errors, got 1: "broken"'],
    ['<html>', expect.stringMatching(/^expected JSON, got "<html>" \(/)],
  ])('and %s is bad', async (body, detail) => {
    await using server = await served((_request, response) => response.end(body));
    const seen = await runOnce({ url: server.url, graphql });
    expect(seen).toMatchObject({ outcome: 'bad', reason: 'assertion', detail });
  });

  it.each([
    [{ graphql: { query: '{ a' } }, ['graphql.query: a GraphQL document (Syntax Error: Expected Name, found <EOF>.)']],
    [{ graphql, body: 'x' }, ['body: either graphql or a body']],
    [{ graphql, method: 'PUT' }, ['method: POST, which graphql uses']],
    [
      { expect: [{ schema: { propertis: {} } }] },
      ['expect.0.schema: a JSON Schema (strict mode: unknown keyword: "propertis")'],
    ],
    [
      { expect: [{ schema: { $ref: 'https://x.example/y' } }] },
      ["expect.0.schema: a JSON Schema (can't resolve reference https://x.example/y from id #)"],
    ],
  ])('and the configuration is checked before anything runs: %j', (part, expected) => {
    expect(told({ url: 'http://127.0.0.1/', ...part })).toEqual(expected);
  });
});
