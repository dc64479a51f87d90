import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askSource } from '../../../runner/gameday/ask-source.ts';
import { conditionSchema } from '../../../scenarios/condition.ts';
import type { Source } from '../../../scenarios/source.ts';
import type { QueryCheck } from '../../../scenarios/standing.ts';

let server: Server;
let url = '';
let answer: { readonly status?: number; readonly body: string } = { body: '' };
const asked: { url: string; authorization: string | undefined }[] = [];

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', authorization: request.headers.authorization });
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(answer.body);
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
const ask = (source: Source, what: QueryCheck) => askSource(source, what, new AbortController().signal);

const vector = (...values: string[]) =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  });

test('Prometheus is asked for one number, with the headers of its source', async () => {
  answer = { body: vector('4.5') };
  expect(await ask(prometheus(), promql)).toBe(4.5);
  expect(asked).toEqual([{ url: '/base/api/v1/query?query=sum%28up%29', authorization: 'Bearer x' }]);
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
  ['an error', { status: 400, body: JSON.stringify({ error: 'parse error' }) }, '400 parse error'],
  ['two series', { body: vector('1', '2') }, 'expected one series, got 2'],
  ['something else', { body: '<html>' }, 'expected a vector or a scalar, got something else'],
  ['a flood', { body: 'x'.repeat(1_000_001) }, 'more than 1000000 bytes, expected one number'],
])('Prometheus that answers with %s says so', async (_, said, message) => {
  answer = said;
  await expect(ask(prometheus(), promql)).rejects.toThrow(message);
});

const series = (...values: unknown[]) =>
  JSON.stringify({ results: [{ series: [{ columns: ['time', 'last'], values: values.map((value) => [0, value]) }] }] });

test('InfluxDB is asked for the last value of one column', async () => {
  answer = { body: series(1, 2) };
  expect(await ask(influxdb(), influxql)).toBe(2);
  expect(asked[0]?.url).toBe('/base/query?q=SELECT+last%28x%29+FROM+y&db=tp');
  answer = { body: JSON.stringify({ results: [{}] }) };
  expect(await ask(influxdb(), influxql)).toBeNull();
});

test('InfluxDB that does not know the database says so', async () => {
  answer = { body: JSON.stringify({ results: [{ error: 'database not found: tp' }] }) };
  await expect(ask(influxdb(), influxql)).rejects.toThrow('database not found: tp');
});
