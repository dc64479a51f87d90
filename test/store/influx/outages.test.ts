/** A real InfluxDB behind what goes wrong on the way to it. During each: no result lost, none twice, order kept. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runner/clock.ts';
import { startToxiproxy, type Toxiproxy } from '../../../scenarios/toxiproxy/server.ts';
import { startInfluxExport, type ExportState, type InfluxExporter } from '../../../store/influx/exporter.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import { startInfluxd, type Influxd } from '../../support/influxd.ts';
import { aResult } from '../../support/results.ts';
import { eventually, isMissing } from '../../support/servers.ts';

const RESULTS = Array.from({ length: 400 }, (_, n) => aResult(n));

let folder = '';
let influxd: Influxd;
let proxy: Toxiproxy;
let store: LedgerStore;

describe.skipIf(isMissing('influxd', 'influxdb'))('an export', () => {
  beforeAll(async () => {
    influxd = await startInfluxd();
    proxy = await startToxiproxy({ port: 0, seed: 7 });
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await influxd[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-outages-'));
    await influxd.query(`DROP DATABASE "${influxd.database}"`);
    await influxd.query(`CREATE DATABASE "${influxd.database}"`);
    store = await openStore({ path: join(folder, 'ledger.db'), objectives: [], stepMs: 60_000 });
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const append = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 20) await store.append(RESULTS.slice(n, n + 20));
  };

  function exportTo(url: string, timeoutMs = 10_000) {
    const states: ExportState[] = [];
    const exporter = startInfluxExport({
      store,
      connection: { url, database: influxd.database },
      location: 'fra1',
      clock: systemClock,
      random: () => 0,
      onState: (state) => states.push(state),
      pollMs: 20,
      batchRows: 40,
      timeoutMs,
    });
    const held = () => eventually(() => states.find(({ state }) => state === 'held'), 'it says that it is held');
    return { exporter, states, held, [Symbol.asyncDispose]: () => exporter.close() };
  }

  const arrived = async (): Promise<readonly unknown[]> =>
    (await influxd.query('SELECT run_id FROM pulsedrill_run')).map((row) => row['run_id']);

  /** What has arrived is the beginning of what there is: nothing was passed over, nothing came twice or out of order. */
  async function inOrder(): Promise<number> {
    const found = await arrived();
    expect(found).toEqual(RESULTS.slice(0, found.length).map(({ runId }) => runId));
    return found.length;
  }

  async function complete(exporter: InfluxExporter): Promise<void> {
    await eventually(
      async () => ((await exporter.flush()).total === 0 ? true : undefined),
      'everything is shipped',
      60_000,
    );
    expect(await inOrder()).toBe(RESULTS.length);
  }

  test('to a server that accepts and never answers gives up, says so, and ends with every result there once', async () => {
    await using way = await startWay('silent');
    await using running = exportTo(way.url, 300);
    await append(0, 100);
    await eventually(async () => ((await inOrder()) > 0 ? true : undefined), 'the first results arrive');
    await way.toxic({ name: 'silence', type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
    await append(100, 400);
    expect(await running.held()).toMatchObject({ why: 'InfluxDB cannot be reached: Request timed out' });
    expect(await inOrder()).toBeLessThan(RESULTS.length);
    await way.lift('silence');
    await complete(running.exporter);
  });

  test('to a server on a slow disk takes its time, in order, and loses nothing', async () => {
    await using way = await startWay('slow');
    await way.toxic({ name: 'disk', type: 'bandwidth', stream: 'upstream', attributes: { rate: 20 } });
    await way.toxic({ name: 'flush', type: 'latency', stream: 'downstream', attributes: { latency: 50 } });
    await using running = exportTo(way.url);
    await append(0, 400);
    await eventually(async () => ((await inOrder()) > 40 ? true : undefined), 'some have arrived');
    await complete(running.exporter);
    expect(running.states).toEqual([]);
  });

  test.each([
    [429, 'slow down'],
    [503, 'engine is closed'],
  ])('that is answered %d with Retry-After waits that long, and loses nothing', async (status, message) => {
    let refusals = 0;
    await using front = await startFront((_lines, response) => {
      refusals += 1;
      if (refusals < 3 || refusals > 4) return false;
      const headers = { 'content-type': 'application/json', 'retry-after': '1' };
      response.writeHead(status, headers).end(JSON.stringify({ error: message }));
      return true;
    });
    await append(0, 400);
    await using running = exportTo(front.url);
    expect(await running.held()).toMatchObject({ why: `InfluxDB answered ${status}: ${message}` });
    // Not by `flush`, which tries at once.
    await eventually(async () => ((await inOrder()) === RESULTS.length ? true : undefined), 'everything has arrived');
    const [first, second] = front.refusedMs;
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
    expect(front.taken).toEqual(RESULTS.map(({ runId }) => runId));
  });

  test('through a gateway that finds bodies too large is cut until they pass, in order', async () => {
    await using front = await startFront((lines, response) => {
      if (lines.length <= 7) return false;
      response.writeHead(413, { 'content-type': 'text/html' }).end('<h1>413 Request Entity Too Large</h1>');
      return true;
    });
    await append(0, 400);
    await using running = exportTo(front.url);
    await complete(running.exporter);
    expect(running.states).toEqual([]);
    expect(front.taken).toEqual(RESULTS.map(({ runId }) => runId));
  });
});

/** A way to InfluxDB that can be made ill. */
async function startWay(name: string) {
  const call = async (method: string, path: string, body?: object) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${proxy.url}${path}`, { method, ...content });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return text;
  };
  const made = await call('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream: new URL(influxd.url).host });
  const { listen }: { listen: string } = JSON.parse(made);
  return {
    url: `http://${listen}`,
    toxic: (body: object) => call('POST', `/proxies/${name}/toxics`, body),
    lift: (toxic: string) => call('DELETE', `/proxies/${name}/toxics/${toxic}`),
    [Symbol.asyncDispose]: async () => {
      await call('DELETE', `/proxies/${name}`);
    },
  };
}

/** A gateway before InfluxDB that answers some requests itself. @param refuse whether it has answered */
async function startFront(refuse: (lines: readonly string[], response: ServerResponse) => boolean) {
  const taken: string[] = [];
  const refusedMs: number[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const lines = plain.toString().split('\n');
    if (refuse(lines, response)) {
      refusedMs.push(performance.now());
      return;
    }
    const answer = await fetch(`${influxd.url}${request.url ?? ''}`, { method: 'POST', body: plain });
    for (const line of lines) taken.push(/ run_id="([^"]+)"/.exec(line)?.[1] ?? '');
    response.writeHead(answer.status).end(await answer.text());
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    taken,
    refusedMs,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
