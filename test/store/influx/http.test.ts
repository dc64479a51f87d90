import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../probes/probe.ts';
import { startInfluxExport } from '../../../store/influx/exporter.ts';
import type { ExportState, InfluxConnection } from '../../../store/influx/exporter.ts';
import { NO_LAG } from '../../../store/influx/lag.ts';
import { openStore } from '../../../store/open.ts';
import type { LedgerStore } from '../../../store/open.ts';
import { T0, aResult } from '../../support/results.ts';
import { eventually } from '../../support/servers.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-influx-http-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Written {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly lines: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

const TAKEN: Answer = { status: 204 };

/** A stand-in where no real server can be made to answer so: it says what it is told to. */
async function startServer(answer: (written: Written) => Answer) {
  const requests: Written[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const written = { path: request.url ?? '', headers: request.headers, lines: text.toString().split('\n') };
      requests.push(written);
      const { status, headers = {}, body: json } = answer(written);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(json === undefined ? undefined : JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sleeps last until the test says so. */
function patientClock() {
  const slept: number[] = [];
  let wake: () => void = () => undefined;
  const clock: Clock = {
    wallMs: () => T0,
    monotonicMs: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        slept.push(ms);
        wake = resolve;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  return { clock, slept, wake: () => wake() };
}

const open = (): Promise<LedgerStore> => openStore({ path: join(folder, 'ledger.db'), objectives: [], stepMs: 60_000 });

function exportTo(connection: InfluxConnection, store: LedgerStore) {
  const states: ExportState[] = [];
  const time = patientClock();
  const exporter = startInfluxExport({
    store,
    connection,
    location: 'fra1',
    clock: time.clock,
    random: () => 0.5,
    onState: (state) => states.push(state),
  });
  return { exporter, states, ...time, [Symbol.asyncDispose]: () => exporter.close() };
}

const NOTHING_LEFT = NO_LAG;

describe('a write', () => {
  test('to 2.x names organization, bucket and precision, carries the token, and is compressed', async () => {
    await using server = await startServer(() => TAKEN);
    await using store = await open();
    await store.append(Array.from({ length: 20 }, (_, n) => aResult(n)));
    await using running = exportTo(
      { url: `${server.url}/base/`, org: 'sre & co', bucket: 'pulse', token: 's3cret' },
      store,
    );
    expect(await running.exporter.flush()).toEqual(NOTHING_LEFT);
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request?.path).toBe('/base/api/v2/write?org=sre%20%26%20co&bucket=pulse&precision=ns');
    expect(request?.headers).toMatchObject({ authorization: 'Token s3cret', 'content-encoding': 'gzip' });
    expect(request?.lines).toHaveLength(20);
  });

  test('to 1.x names the database, and the user by basic authentication', async () => {
    await using server = await startServer(() => TAKEN);
    await using store = await open();
    await store.append([aResult(0)]);
    await using running = exportTo({ url: server.url, database: 'a b', username: 'u', password: 'p:w' }, store);
    expect(await running.exporter.flush()).toEqual(NOTHING_LEFT);
    expect(server.requests[0]?.path).toBe('/write?db=a%20b');
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('u:p:w').toString('base64')}`);
  });
});

describe('an export that is held', () => {
  test('waits as long as it is told to, then longer each time, says so once, and goes on from its cursor', async () => {
    const answers: Answer[] = [
      { status: 503, headers: { 'retry-after': '7' }, body: { message: 'busy' } },
      { status: 503, body: { message: 'busy' } },
      { status: 503, body: { message: 'busy' } },
    ];
    await using server = await startServer(() => answers.shift() ?? TAKEN);
    await using store = await open();
    await store.append([aResult(0)]);
    await using running = exportTo({ url: server.url, org: 'o', bucket: 'b' }, store);
    for (const sleeps of [1, 2, 3, 4]) {
      await eventually(() => (running.slept.length === sleeps ? true : undefined), `sleep ${sleeps}`);
      running.wake();
    }
    await eventually(() => (running.slept.length === 5 ? true : undefined), 'the next look at the ledger');
    // 7 s as asked; three quarters of 2 s and of 4 s; then once a second.
    expect(running.slept).toEqual([7_000, 1_500, 3_000, 1_000, 1_000]);
    expect(running.states).toEqual([
      {
        state: 'held',
        why: 'InfluxDB answered 503: busy',
        retryInMs: 7_000,
        lag: { ...NOTHING_LEFT, results: 1, total: 1, oldestMs: T0 },
      },
      { state: 'shipping' },
    ]);
    expect(server.requests.map(({ lines }) => lines.length)).toEqual([1, 1, 1, 1]);
  });

  test('by a refused token says what InfluxDB said, without the token', async () => {
    await using server = await startServer(() => ({
      status: 401,
      body: { code: 'unauthorized', message: 'unauthorized access' },
    }));
    await using store = await open();
    await store.append([aResult(0)]);
    await using running = exportTo({ url: server.url, org: 'o', bucket: 'b', token: 's3cret' }, store);
    expect(await running.exporter.flush()).toEqual({ ...NOTHING_LEFT, results: 1, total: 1, oldestMs: T0 });
    const held = await eventually(() => running.states[0], 'it says that it is held');
    expect(held).toMatchObject({ state: 'held', why: 'InfluxDB answered 401: unauthorized access' });
  });

  test('passes over nothing when a whole batch is refused for a reason that does not speak of lines', async () => {
    await using server = await startServer(() => ({ status: 400, body: { message: 'tenant is asleep' } }));
    await using store = await open();
    await store.append([aResult(0), aResult(1)]);
    await using running = exportTo({ url: server.url, org: 'o', bucket: 'b' }, store);
    expect((await running.exporter.flush()).total).toBe(2);
    const held = await eventually(() => running.states[0], 'it says that it is held');
    expect(held).toMatchObject({ state: 'held', why: 'InfluxDB answered 400: tenant is asleep' });
  });

  test('closes at once, although InfluxDB does not answer', async () => {
    let asked = false;
    const silent = createServer(() => {
      asked = true;
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await using store = await open();
    await store.append([aResult(0)]);
    const running = exportTo({ url: `http://127.0.0.1:${address.port}`, org: 'o', bucket: 'b' }, store);
    await eventually(() => (asked ? true : undefined), 'InfluxDB is asked');
    await running.exporter.flush(AbortSignal.abort());
    await running.exporter.close();
    await new Promise((resolve) => silent.close(resolve));
    expect(running.states).toEqual([]);
  });
});

describe('a batch that InfluxDB objects to', () => {
  test('is halved until it is small enough', async () => {
    await using server = await startServer(({ lines }) =>
      lines.length > 3 ? { status: 413, body: { message: 'request entity too large' } } : TAKEN,
    );
    await using store = await open();
    await store.append(Array.from({ length: 10 }, (_, n) => aResult(n)));
    await using running = exportTo({ url: server.url, org: 'o', bucket: 'b' }, store);
    expect(await running.exporter.flush()).toEqual(NOTHING_LEFT);
    expect(running.states).toEqual([]);
    const taken = server.requests.filter(({ lines }) => lines.length <= 3).flatMap(({ lines }) => lines);
    expect(taken.map((line) => /run_id="([^"]+)"/.exec(line)?.[1])).toEqual(
      Array.from({ length: 10 }, (_, n) => aResult(n).runId),
    );
  });

  test('loses only the lines that are refused by themselves, and each is told', async () => {
    const isBad = (line: string): boolean => line.includes('value_status=5');
    await using server = await startServer(({ lines }) =>
      lines.some(isBad) ? { status: 422, body: { message: 'points beyond retention policy' } } : TAKEN,
    );
    await using store = await open();
    await store.append(
      Array.from({ length: 9 }, (_, n) => aResult(n, { values: { status: n % 4 === 0 ? 500 : 200 } })),
    );
    await using running = exportTo({ url: server.url, org: 'o', bucket: 'b' }, store);
    expect(await running.exporter.flush()).toEqual(NOTHING_LEFT);
    const rejected = running.states.filter((state) => state.state === 'rejected');
    expect(rejected.map(({ why }) => why)).toEqual(
      Array.from({ length: 3 }, () => 'InfluxDB answered 422: points beyond retention policy'),
    );
    expect(rejected.every(({ line }) => isBad(line))).toBe(true);
  });
});
