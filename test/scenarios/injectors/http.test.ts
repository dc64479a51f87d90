import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { injectorsByKind } from '../../../runner/gameday/injectors.ts';
import type { Injector } from '../../../scenarios/injector.ts';
import { injectorSchema } from '../../../scenarios/injectors/specs.ts';
import { inject, MAY, PATIENT, problemOf, valueOf } from './answers.ts';

const TARGET = { injector: 'http', name: 'flag' };
const CALL = { type: 'call' } as const;
const UNPROVEN = { ok: true, value: { bit: null, says: '' } } as const;

/** A feature flag behind a token, and what is called. */
let server: Server;
let url: string;
let isOn = false;
let calls: string[] = [];
let answers: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}/flags/outage`;
});
afterAll(() => void server.close());
beforeEach(() => {
  isOn = false;
  calls = [];
  answers = () => false;
});
afterEach(() => server.closeAllConnections());

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const type = request.headers['content-type'];
  calls.push([request.method, ...(body === '' ? [] : [body, type])].join(' '));
  if (answers(request, response)) return;
  if (request.headers['x-token'] !== 'sesame-open') return void response.writeHead(403).end('no');
  if (request.method === 'PUT') isOn = true;
  if (request.method === 'DELETE') isOn = false;
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ on: isOn }));
}

function injectorOf(target: object = {}): Injector {
  const headers = { 'x-token': 'sesame-open' };
  const spec = injectorSchema.parse({
    kind: 'http',
    targets: [
      {
        name: 'flag',
        inject: { method: 'PUT', url, headers, body: { on: true } },
        undo: { method: 'DELETE', url, headers },
        clear: { url, headers, json: { path: '$.on', equals: false } },
        timeout: '500ms',
        within: '500ms',
        ...target,
      },
    ],
  });
  const injector = injectorsByKind([spec], { secrets: new Map([['sesame-open', '${FLAG_TOKEN}']]) }).get('http');
  if (injector === undefined) throw new Error('no injector was made');
  return injector;
}

describe('a call', () => {
  test('is made, seen to have worked, and undone by another process, as often as it likes', async () => {
    const injector = injectorOf();
    const undo = await inject(injector, TARGET, CALL);
    expect(isOn).toBe(true);
    expect(calls).toEqual(['GET', 'PUT {"on":true} application/json', 'GET']);
    expect(valueOf((await injector.stands?.(undo, PATIENT)) ?? { ok: true, value: false })).toBe(true);
    const another = injectorOf();
    valueOf(await another.undo(undo, PATIENT));
    expect(isOn).toBe(false);
    expect(valueOf((await another.stands?.(undo, PATIENT)) ?? { ok: true, value: true })).toBe(false);
    valueOf(await another.undo(undo, PATIENT));
  });

  test('is proven by a number that changes with it, and by one that does not to have had no effect', async () => {
    let rejected = 4;
    answers = (request, response) => {
      if (request.url !== '/stats') return false;
      response.writeHead(200).end(JSON.stringify({ rejected, text: 'four' }));
      return true;
    };
    const stats = new URL('/stats', url).href;
    const injector = injectorOf({ proof: { url: stats, json: '$.rejected' } });
    const undo = await inject(injector, TARGET, CALL);
    const proof = async () => valueOf((await injector.proof?.(TARGET, CALL, undo, PATIENT)) ?? UNPROVEN);
    expect(await proof()).toEqual({ bit: false, says: `$.rejected of ${stats} is still 4` });
    rejected = 9;
    expect(await proof()).toEqual({ bit: true, says: `$.rejected of ${stats} went from 4 to 9` });
    valueOf(await injector.undo(undo, PATIENT));
    const wrong = injectorOf({ proof: { url: stats, json: '$.text' } });
    expect(problemOf(await wrong.check(TARGET, CALL, PATIENT)).message).toBe(
      `proof: GET ${stats}: $.text is not one number of its answer`,
    );
  });

  test('without a proof is not said to have had an effect', async () => {
    const injector = injectorOf();
    const undo = await inject(injector, TARGET, CALL);
    const proof = valueOf((await injector.proof?.(TARGET, CALL, undo, PATIENT)) ?? UNPROVEN);
    expect(proof).toEqual({ bit: null, says: 'no proof is configured' });
  });

  test('leaves no secret in what is written down, and the command by hand fills it in', async () => {
    const undo = valueOf(await injectorOf().prepare(TARGET, CALL, PATIENT));
    expect(JSON.stringify(undo)).not.toContain('sesame-open');
    expect(undo.byHand).toBe(`curl -fsS -X DELETE -H 'x-token: '"\${FLAG_TOKEN}"'' ${url}`);
  });

  test('is refused where the fault is there already', async () => {
    isOn = true;
    expect(problemOf(await injectorOf().check(TARGET, CALL, PATIENT))).toEqual({
      code: 'conflict',
      message: `flag: GET ${url} says that the fault is there already`,
    });
    expect(calls).toEqual(['GET']);
  });

  test.each([
    ['a status that is no answer', { clear: {} }, 'status 403'],
    ['text', { text: 'on' }, 'its answer is not JSON'],
    ['too much', { text: 'x'.repeat(70_000) }, 'an answer of more than 65536 bytes'],
    ['nothing', { silent: true }, 'no answer within 500 ms'],
  ] as const)('is refused where the look gets %s', async (_, given, why) => {
    answers = (_request, response) => {
      if ('silent' in given) return true;
      if ('text' in given) response.writeHead(200).end(given.text);
      return 'text' in given;
    };
    const bare = 'clear' in given ? { clear: { url, json: { path: '$.on', equals: false } } } : {};
    expect(problemOf(await injectorOf(bare).check(TARGET, CALL, PATIENT))).toEqual({
      code: 'unreachable',
      message: `flag: GET ${url}: ${why}`,
    });
  });

  test('is refused where nobody listens', async () => {
    const clear = { url: 'http://127.0.0.1:9/', status: 200 };
    expect(problemOf(await injectorOf({ clear }).check(TARGET, CALL, PATIENT)).message).toMatch(
      /^flag: GET http:\/\/127\.0\.0\.1:9\/: connect ECONNREFUSED/,
    );
  });

  test('that is refused, or has no effect, is said', async () => {
    const injector = injectorOf();
    const undo = valueOf(await injector.prepare(TARGET, CALL, PATIENT));
    answers = ({ method }, response) => {
      if (method === 'PUT') response.writeHead(409).end('locked by sesame-open');
      return method === 'PUT';
    };
    expect(problemOf(await injector.inject(TARGET, CALL, undo, PATIENT, MAY)).message).toBe(
      `flag: PUT ${url}: status 409: locked by \${FLAG_TOKEN}`,
    );
    answers = ({ method }, response) => {
      if (method === 'PUT') response.writeHead(200).end();
      return method === 'PUT';
    };
    expect(problemOf(await injector.inject(TARGET, CALL, undo, PATIENT, MAY)).message).toBe(
      `flag: the call was accepted, but GET ${url} does not show it within 500 ms`,
    );
  });

  test('that cannot be undone is said; one that is gone may refuse its undo', async () => {
    const injector = injectorOf();
    const undo = await inject(injector, TARGET, CALL);
    answers = ({ method }, response) => {
      if (method === 'DELETE') response.writeHead(404).end('no such flag');
      return method === 'DELETE';
    };
    expect(problemOf(await injector.undo(undo, PATIENT)).message).toBe(
      `flag: DELETE ${url} came to nothing (status 404: no such flag), and GET ${url} still shows the fault within 500 ms`,
    );
    isOn = false;
    valueOf(await injector.undo(undo, PATIENT));
  });

  test('is not made without a lease', async () => {
    const injector = injectorOf();
    const undo = valueOf(await injector.prepare(TARGET, CALL, PATIENT));
    const may = () => Promise.resolve(false);
    expect(problemOf(await injector.inject(TARGET, CALL, undo, PATIENT, may)).message).toBe(
      'flag: not injected, the lease is over',
    );
    expect(calls).toEqual(['GET']);
  });

  test('may be looked for by its status alone', async () => {
    const clear = { url, status: 404 };
    answers = ({ method }, response) => {
      if (method === 'GET') response.writeHead(isOn ? 200 : 404).end();
      return method === 'GET';
    };
    const injector = injectorOf({ clear });
    const undo = await inject(injector, TARGET, CALL);
    valueOf(await injector.undo(undo, PATIENT));
    expect(isOn).toBe(false);
  });
});

test('a target that cannot be looked at is a configuration error', () => {
  const target = { name: 'flag', inject: { url: 'http://a/' }, undo: { url: 'http://a/', method: 'GET' }, clear: {} };
  const issues = injectorSchema.safeParse({ kind: 'http', targets: [target] }).error?.issues;
  expect(issues?.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
    'targets.0.undo.method: POST, PUT, PATCH or DELETE',
    'targets.0.clear.url: a URL such as "https://api.example/health"',
  ]);
  const blind = { ...target, undo: { url: 'http://a/' }, clear: { url: 'http://a/' } };
  expect(injectorSchema.safeParse({ kind: 'http', targets: [blind] }).error?.issues[0]?.message).toBe(
    'status, json or both',
  );
});

test('a fault that is no call is refused', async () => {
  expect(problemOf(await injectorOf().check(TARGET, { type: 'command' }, PATIENT)).message).toBe(
    'http cannot express command; it can: call',
  );
  expect(calls).toEqual([]);
});
