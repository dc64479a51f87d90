import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sourcesSchema } from '../../../runner/config/sources.ts';
import { askSource, type AskedSource } from '../../../runner/gameday/ask-source.ts';
import { conditionSchema } from '../../../scenarios/condition.ts';
import type { Source } from '../../../scenarios/source.ts';
import type { QueryCheck } from '../../../scenarios/standing.ts';

let server: Server;
let url = '';
let answer: { readonly status?: number; readonly body: string } = { body: '' };
const asked: { url: string; form: string; authorization: string | undefined }[] = [];

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    let form = '';
    request.on('data', (chunk: Buffer) => {
      form += chunk.toString();
    });
    request.on('end', () => {
      asked.push({ url: request.url ?? '', form, authorization: request.headers.authorization });
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/base`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const prometheus = (): Source => ({ kind: 'prometheus', name: 'p', url, headers: { authorization: 'Bearer x' } });
const influxdb = (): Source => ({ kind: 'influxdb', name: 'i', url, headers: {}, database: 'tp' });

function check(words: object): QueryCheck {
  const [found] = conditionSchema.parse({ name: 'c', source: 's', value: { below: 1 }, ...words }).checks;
  if (found?.type !== 'query') throw new Error('no query');
  return found;
}
const promql = check({ promql: 'sum(up)' });
const influxql = check({ influxql: 'SELECT last(x) FROM y' });
const ask = (source: AskedSource, what: QueryCheck) => askSource(source, what, new AbortController().signal);

const vector = (...values: string[]) =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  });

test('Prometheus is asked for one number, with the headers of its source', async () => {
  answer = { body: vector('4.5') };
  expect(await ask(prometheus(), promql)).toBe(4.5);
  expect(asked).toEqual([{ url: '/base/api/v1/query', form: 'query=sum%28up%29', authorization: 'Bearer x' }]);
});

test.each<[string, string, number | null]>([
  ['no series', vector(), null],
  ['NaN', vector('NaN'), null],
  ['a scalar', JSON.stringify({ data: { resultType: 'scalar', result: [1, '7'] } }), 7],
])('Prometheus with %s', async (_, body, expected) => {
  answer = { body };
  expect(await ask(prometheus(), promql)).toBe(expected);
});

test.each<[string, { status?: number; body: string }, string]>([
  [
    'an error',
    { status: 400, body: JSON.stringify({ status: 'error', error: 'parse error' }) },
    'answers 400: parse error',
  ],
  ['two series', { body: vector('1', '2') }, 'expected one series, got 2'],
  ['something else', { body: '{}' }, 'answers 200, and not with a vector or a scalar'],
  ['no JSON', { body: '<html>' }, 'answers 200 with no JSON: "<html>"'],
  ['a flood', { body: 'x'.repeat(300_000) }, 'an answer of more than 262144 bytes'],
])('Prometheus that answers with %s says so', async (_, said, message) => {
  answer = said;
  await expect(ask(prometheus(), promql)).rejects.toThrow(message);
});

const series = (...values: unknown[]) =>
  JSON.stringify({ results: [{ series: [{ columns: ['time', 'last'], values: values.map((value) => [0, value]) }] }] });

test('InfluxDB is asked for the last value of one column', async () => {
  answer = { body: series(1, 2) };
  expect(await ask(influxdb(), influxql)).toBe(2);
  expect(asked).toEqual([{ url: '/base/query', form: 'q=SELECT+last%28x%29+FROM+y&db=tp', authorization: undefined }]);
  answer = { body: JSON.stringify({ results: [{}] }) };
  expect(await ask(influxdb(), influxql)).toBeNull();
});

test('a source of the configuration is asked with its own credentials', async () => {
  answer = { body: vector('1') };
  const [spec] = sourcesSchema.parse([{ id: 'p', kind: 'prometheus', url, auth: { bearer: 'of-the-configuration' } }]);
  if (spec === undefined) throw new Error('no source');
  expect(await ask(spec, promql)).toBe(1);
  expect(asked[0]?.authorization).toBe('Bearer of-the-configuration');
});

test('InfluxDB that does not know the database says so', async () => {
  answer = { body: JSON.stringify({ results: [{ error: 'database not found: tp' }] }) };
  await expect(ask(influxdb(), influxql)).rejects.toThrow('answers 200: database not found: tp');
});
