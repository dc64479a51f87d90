import { describe, expect, test } from 'vitest';
import { freePort } from '../../support/servers.ts';
import { BACKENDS, keysOf, listenOf, openBench, tcpServer, toxicNamesOf } from './support.ts';

describe.each(BACKENDS)('the interface of the $name server', (backend) => {
  test('tells its version in its own spelling', async () => {
    await using bench = await openBench(backend);
    const reply = await bench.call('GET', '/version');
    expect(reply.status).toBe(200);
    expect(reply.type).toBe('application/json;charset=utf-8');
    expect(reply.text).toMatch(/^\{"version": "[^"]+"\}\n$/);
  });

  test('has an empty object when there is no proxy', async () => {
    await using bench = await openBench(backend);
    expect(await bench.call('GET', '/proxies')).toMatchObject({ status: 200, type: 'application/json', text: '{}' });
  });

  test('answers 404 in plain text to unknown paths and trailing slashes, 405 with nothing to a wrong method', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    for (const path of ['/nope', '/proxies/', '/proxies/p/', '/proxies/p/toxics/', '/metrics', '/proxies/a%2Fb']) {
      const reply = await bench.call('GET', path);
      expect([path, reply.status, reply.text]).toEqual([path, 404, '404 page not found\n']);
    }
    for (const [method, path] of [
      ['PUT', '/proxies'],
      ['DELETE', '/proxies'],
      ['HEAD', '/proxies'],
      ['OPTIONS', '/version'],
      ['GET', '/reset'],
      ['DELETE', '/proxies/p/toxics'],
    ] as const) {
      const reply = await bench.call(method, path);
      expect([method, path, reply.status, reply.text]).toEqual([method, path, 405, '']);
    }
  });

  test('turns browsers away from what it knows, and gives every answer an id', async () => {
    await using bench = await openBench(backend);
    const browser = { 'user-agent': 'Mozilla/5.0 (X11)' };
    const reply = await bench.call('GET', '/proxies', undefined, browser);
    expect([reply.status, reply.text]).toEqual([403, 'User agent not allowed\n']);
    expect((await bench.call('GET', '/nope', undefined, browser)).status).toBe(404);
    const heard = await bench.call('GET', '/proxies', undefined, { 'user-agent': 'mozilla/5.0' });
    expect(heard.status).toBe(200);
    expect(heard.headers.get('x-toxiproxy-request-id')).toBeTruthy();
  });

  test('creates a proxy enabled, on the port that it got, and refuses a second of the name', async () => {
    await using bench = await openBench(backend);
    const reply = await bench.call('POST', '/proxies', {
      name: 'p',
      upstream: 'nowhere:1',
      listen: 'localhost:0',
      extra: 1,
    });
    expect(reply).toMatchObject({
      status: 201,
      type: 'application/json',
      json: { name: 'p', upstream: 'nowhere:1', enabled: true, toxics: [] },
    });
    expect(listenOf(reply)).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(await bench.call('GET', '/proxies/p')).toMatchObject({ status: 200, json: reply.json });
    expect(await bench.call('POST', '/proxies', { name: 'p', upstream: 'nowhere:1' })).toMatchObject({
      status: 409,
      text: '{"error":"proxy already exists","status":409}\n',
    });
  });

  test('asks for the name before the upstream', async () => {
    await using bench = await openBench(backend);
    for (const body of [{}, 'null', { upstream: 'a:1' }, { name: '' }]) {
      expect((await bench.call('POST', '/proxies', body)).json).toEqual({
        error: 'missing required field: name',
        status: 400,
      });
    }
    expect((await bench.call('POST', '/proxies', { name: 'p' })).json).toEqual({
      error: 'missing required field: upstream',
      status: 400,
    });
  });

  test('says of a body that it is bad when it is empty, malformed or of the wrong type', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    await bench.toxic('p', { type: 'latency' });
    const path = '/proxies/p/toxics/latency_downstream';
    for (const [method, route, body] of [
      ['POST', '/proxies', undefined],
      ['POST', '/proxies', '{'],
      ['POST', '/proxies', { name: 5 }],
      ['POST', '/proxies/p', undefined],
      ['PATCH', '/proxies/p', '{"enabled":"no"}'],
      ['POST', '/populate', { name: 'p' }],
      ['POST', '/proxies/p/toxics', '[]'],
      ['PATCH', path, undefined],
    ] as const) {
      const reply = await bench.call(method, route, body);
      expect([method, route, reply.status]).toEqual([method, route, 400]);
      expect(reply.json).toMatchObject({ error: expect.stringMatching(/^bad request body: ./), status: 400 });
    }
  });

  test('takes names that need encoding, and field names in any case', async () => {
    await using bench = await openBench(backend);
    expect(await bench.call('POST', '/proxies', { NAME: 'sp ace', Upstream: 'localhost:1' })).toMatchObject({
      status: 201,
    });
    expect(await bench.call('GET', '/proxies/sp%20ace')).toMatchObject({ status: 200, json: { name: 'sp ace' } });
  });

  test('keeps the address of a disabled proxy as it was written, until it is first bound', async () => {
    await using bench = await openBench(backend);
    const body = { name: 'p', upstream: 'localhost:1', listen: '127.0.0.1:0', enabled: false };
    expect((await bench.call('POST', '/proxies', body)).json).toMatchObject({ listen: '127.0.0.1:0', enabled: false });
    const listen = listenOf(await bench.call('PATCH', '/proxies/p', { enabled: true }));
    expect(listen).not.toBe('127.0.0.1:0');
    expect((await bench.call('PATCH', '/proxies/p', { enabled: false })).json).toMatchObject({ listen });
    expect((await bench.call('POST', '/proxies/p', { enabled: true })).json).toMatchObject({
      listen,
      enabled: true,
    });
  });

  test('changes only what a PATCH names, and never the name', async () => {
    await using bench = await openBench(backend);
    const listen = await bench.proxy('p', 'localhost:1');
    for (const method of ['PATCH', 'POST']) {
      const reply = await bench.call(method, '/proxies/p', {
        name: 'q',
        upstream: `localhost:${method.length}`,
        toxics: [],
      });
      expect(reply).toMatchObject({
        status: 200,
        json: { name: 'p', upstream: `localhost:${method.length}`, enabled: true },
      });
    }
    expect((await bench.call('PATCH', '/proxies/p', '{}')).json).toMatchObject({ name: 'p', listen });
    expect((await bench.call('PATCH', '/proxies/q', '{}')).json).toEqual({ error: 'proxy not found', status: 404 });
  });

  test('deletes a proxy and forgets it', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    expect(await bench.call('DELETE', '/proxies/p')).toMatchObject({ status: 204, text: '' });
    for (const path of ['/proxies/p', '/proxies/p/toxics', '/proxies/p/toxics/t']) {
      expect(await bench.call('GET', path)).toMatchObject({
        status: 404,
        json: { error: 'proxy not found', status: 404 },
      });
    }
    expect((await bench.call('DELETE', '/proxies/p')).status).toBe(404);
  });

  test('does not create a proxy that cannot be bound', async () => {
    await using bench = await openBench(backend);
    await using taken = await tcpServer(() => {});
    const reply = await bench.call('POST', '/proxies', { name: 'p', upstream: 'a:1', listen: taken.address });
    expect(reply).toMatchObject({
      status: 500,
      json: { error: `listen tcp ${taken.address}: bind: address already in use`, status: 500 },
    });
    const nope = await bench.call('POST', '/proxies', { name: 'p', upstream: 'a:1', listen: 'nope' });
    expect(nope.json).toEqual({ error: 'listen tcp: address nope: missing port in address', status: 500 });
    expect((await bench.call('GET', '/proxies')).text).toBe('{}');
  });

  test('leaves a proxy whose new address cannot be bound with that address, disabled', async () => {
    await using bench = await openBench(backend);
    await using taken = await tcpServer(() => {});
    const listen = await bench.proxy('p', 'localhost:1');
    expect((await bench.call('PATCH', '/proxies/p', { listen: 'nope' })).json).toEqual({
      error: 'address nope: missing port in address',
      status: 500,
    });
    expect((await bench.call('GET', '/proxies/p')).json).toMatchObject({ listen, enabled: true });
    expect((await bench.call('PATCH', '/proxies/p', { listen: taken.address })).status).toBe(500);
    expect((await bench.call('GET', '/proxies/p')).json).toMatchObject({ listen: taken.address, enabled: false });
  });

  test('populates: leaves alone what is there, replaces what differs, and takes no toxics', async () => {
    await using bench = await openBench(backend);
    const port = await freePort();
    const same = { name: 'same', listen: `localhost:${port}`, upstream: 'localhost:1' };
    expect(await bench.call('POST', '/populate', [same])).toMatchObject({ status: 201 });
    await bench.toxic('same', { type: 'latency' });
    await bench.proxy('other', 'localhost:1');
    await bench.toxic('other', { type: 'latency' });
    const reply = await bench.call('POST', '/populate', [
      { ...same, enabled: false, toxics: [] },
      { name: 'other', listen: '127.0.0.1:0', upstream: 'localhost:1', enabled: false },
      { name: 'new', listen: '127.0.0.1:0', upstream: 'localhost:2', toxics: [{ type: 'latency' }] },
    ]);
    expect(reply).toMatchObject({
      status: 201,
      json: {
        proxies: [
          { name: 'same', listen: `127.0.0.1:${port}`, enabled: true, toxics: [{ name: 'latency_downstream' }] },
          { name: 'other', enabled: false, toxics: [] },
          { name: 'new', enabled: true, toxics: [] },
        ],
      },
    });
    expect((await bench.call('POST', '/populate', [])).text).toMatch(/^\{"proxies":null\}\n?$/);
  });

  test('populates nothing when one entry is incomplete, and says which', async () => {
    await using bench = await openBench(backend);
    const whole = { name: 'p', listen: '127.0.0.1:0', upstream: 'a:1' };
    for (const [entry, error] of [
      [{ upstream: 'a:1' }, 'missing required field: name at proxy 2'],
      [{ name: 'q' }, 'missing required field: upstream at proxy 2'],
    ] as const) {
      const reply = await bench.call('POST', '/populate', [whole, entry]);
      expect(reply).toMatchObject({ status: 400, type: 'application/json' });
      expect(reply.json).toEqual({ error, status: 400, proxies: null });
    }
    expect((await bench.call('GET', '/proxies')).text).toBe('{}');
  });

  test('populates as far as it can bind', async () => {
    await using bench = await openBench(backend);
    await using taken = await tcpServer(() => {});
    const reply = await bench.call('POST', '/populate', [
      { name: 'p', listen: '127.0.0.1:0', upstream: 'a:1' },
      { name: 'q', listen: taken.address, upstream: 'a:1' },
      { name: 'r', listen: '127.0.0.1:0', upstream: 'a:1' },
    ]);
    expect(reply).toMatchObject({ status: 500, json: { status: 500, proxies: [{ name: 'p' }] } });
    expect(keysOf(await bench.call('GET', '/proxies'))).toEqual(['p']);
  });

  test('resets: everything enabled, every toxic gone, nothing else touched', async () => {
    await using bench = await openBench(backend);
    const listen = await bench.proxy('p', 'localhost:1');
    await bench.proxy('q', 'localhost:1');
    await bench.toxic('q', { type: 'latency' });
    await bench.call('PATCH', '/proxies/p', { enabled: false });
    expect(await bench.call('POST', '/reset', 'whatever')).toMatchObject({ status: 204, text: '' });
    expect((await bench.call('GET', '/proxies')).json).toMatchObject({
      p: { enabled: true, listen, upstream: 'localhost:1', toxics: [] },
      q: { enabled: true, toxics: [] },
    });
  });
});

describe.each(BACKENDS)('toxics over the interface of the $name server', (backend) => {
  test('are created with 200 and every default, in the stated order of keys', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    const reply = await bench.call('POST', '/proxies/p/toxics', { type: 'latency' });
    expect(reply).toMatchObject({ status: 200, type: 'application/json' });
    expect(reply.text).toBe(
      '{"attributes":{"latency":0,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}',
    );
    expect((await bench.call('GET', '/proxies/p/toxics/latency_downstream')).json).toEqual(reply.json);
  });

  test.each([
    ['noop', {}, {}],
    ['latency', { latency: 5, jitter: 2 }, { latency: 5, jitter: 2 }],
    ['bandwidth', { rate: 9 }, { rate: 9 }],
    ['slow_close', { delay: 9 }, { delay: 9 }],
    ['timeout', { timeout: 9 }, { timeout: 9 }],
    ['reset_peer', {}, { timeout: 0 }],
    ['slicer', { average_size: 9 }, { average_size: 9, size_variation: 0, delay: 0 }],
    ['limit_data', { bytes: 9 }, { bytes: 9 }],
  ])('of type %s have their attributes', async (type, given, attributes) => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    const reply = await bench.call('POST', '/proxies/p/toxics', { type, attributes: given });
    expect(reply).toMatchObject({ status: 200, json: { type, attributes } });
  });

  test('take a stream in any case and echo it', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    const reply = await bench.call('POST', '/proxies/p/toxics', { type: 'noop', stream: 'UPSTREAM' });
    expect(reply.json).toMatchObject({ name: 'noop_UPSTREAM', stream: 'UPSTREAM' });
  });

  test('are unique by name over both streams', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    await bench.toxic('p', { name: 't', type: 'noop' });
    expect(
      await bench.call('POST', '/proxies/p/toxics', { name: 't', type: 'noop', stream: 'upstream' }),
    ).toMatchObject({
      status: 409,
      json: { error: 'toxic already exists', status: 409 },
    });
  });

  test('are refused for a wrong stream, type or attribute, in this order', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    const post = async (body: unknown) => (await bench.call('POST', '/proxies/p/toxics', body)).json;
    const stream = { error: 'stream was invalid, can be either upstream or downstream', status: 400 };
    expect(await post({ stream: '' })).toEqual(stream);
    expect(await post({ stream: 'sideways', type: 'nope' })).toEqual(stream);
    expect(await post({ type: 'nope' })).toEqual({ error: 'invalid toxic type', status: 400 });
    expect(await post({})).toEqual({ error: 'invalid toxic type', status: 400 });
    for (const latency of ['5', 1.5]) {
      expect(await post({ type: 'latency', attributes: { latency } })).toMatchObject({
        error: expect.stringMatching(/^bad request body: ./),
        status: 400,
      });
    }
    expect((await bench.call('GET', '/proxies/p/toxics')).json).toEqual([]);
    expect((await bench.call('POST', '/proxies/q/toxics', '')).json).toEqual({ error: 'proxy not found', status: 404 });
  });

  test('merge a PATCH into their attributes, and keep type, stream and name', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    await bench.toxic('p', { name: 't', type: 'latency', attributes: { latency: 5, jitter: 2 } });
    const body = { name: 'u', type: 'noop', stream: 'upstream', toxicity: 0.5, attributes: { jitter: 3 } };
    for (const method of ['PATCH', 'POST']) {
      expect(await bench.call(method, '/proxies/p/toxics/t', body)).toMatchObject({
        status: 200,
        json: {
          name: 't',
          type: 'latency',
          stream: 'downstream',
          toxicity: 0.5,
          attributes: { latency: 5, jitter: 3 },
        },
      });
    }
    expect((await bench.call('PATCH', '/proxies/p/toxics/u', '{}')).json).toEqual({
      error: 'toxic not found',
      status: 404,
    });
  });

  test('are listed upstream first, each stream in order of creation', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    for (const [name, stream] of [
      ['d1', 'downstream'],
      ['u1', 'upstream'],
      ['d2', 'downstream'],
      ['u2', 'upstream'],
    ]) {
      await bench.toxic('p', { name, stream, type: 'noop' });
    }
    expect(toxicNamesOf(await bench.call('GET', '/proxies/p/toxics'))).toEqual(['u1', 'u2', 'd1', 'd2']);
    expect(toxicNamesOf(await bench.call('GET', '/proxies/p'))).toEqual(['u1', 'u2', 'd1', 'd2']);
  });

  test('go with 204, and are then not found', async () => {
    await using bench = await openBench(backend);
    await bench.proxy('p', 'localhost:1');
    await bench.toxic('p', { type: 'noop' });
    expect(await bench.call('DELETE', '/proxies/p/toxics/noop_downstream')).toMatchObject({ status: 204, text: '' });
    expect((await bench.call('DELETE', '/proxies/p/toxics/noop_downstream')).json).toEqual({
      error: 'toxic not found',
      status: 404,
    });
  });
});
