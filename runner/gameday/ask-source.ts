/** One number from the platform's telemetry: an instant query to Prometheus, or the last value of an InfluxQL query. */
import { request } from 'undici';
import { z } from 'zod';
import type { Source } from '../../scenarios/source.ts';
import type { QueryCheck } from '../../scenarios/standing.ts';

/** One number needs no more; an answer that goes on for ever is none. */
const MOST_BYTES = 1_000_000;

const sample = z.tuple([z.number(), z.string()]);
const prometheusSchema = z.object({
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
  ]),
});
const influxSchema = z.object({
  results: z.array(
    z.object({
      error: z.string().optional(),
      series: z
        .array(z.object({ columns: z.array(z.string()), values: z.array(z.array(z.unknown())).default([]) }))
        .default([]),
    }),
  ),
});
const errorSchema = z.object({ error: z.string() });

/** Null: it has no result. Rejects with why it could not be asked, or said something else than one number. */
export async function askSource(source: Source, { query }: QueryCheck, signal: AbortSignal): Promise<number | null> {
  const isPrometheus = source.kind === 'prometheus';
  const url = new URL(isPrometheus ? 'api/v1/query' : 'query', `${source.url.replace(/\/+$/, '')}/`);
  if (isPrometheus) url.searchParams.set('query', query);
  else {
    url.searchParams.set('q', query);
    url.searchParams.set('db', source.database);
  }
  const response = await request(url, { headers: { ...source.headers, accept: 'application/json' }, signal });
  const json = jsonOf(await textOf(response.body));
  if (response.statusCode !== 200) {
    const said = errorSchema.safeParse(json);
    throw new Error(`${response.statusCode}${said.success ? ` ${said.data.error}` : ''}`);
  }
  return isPrometheus ? ofPrometheus(json) : ofInflux(json);
}

async function textOf(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes, expected one number`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function ofPrometheus(json: unknown): number | null {
  const parsed = prometheusSchema.safeParse(json);
  if (!parsed.success) throw new Error('expected a vector or a scalar, got something else');
  const { data } = parsed.data;
  if (data.resultType === 'scalar') return finite(Number(data.result[1]));
  if (data.result.length > 1) throw new Error(`expected one series, got ${data.result.length}`);
  const [first] = data.result;
  return first === undefined ? null : finite(Number(first.value[1]));
}

function ofInflux(json: unknown): number | null {
  const parsed = influxSchema.safeParse(json);
  if (!parsed.success) throw new Error('expected the results of a query, got something else');
  const error = parsed.data.results.find((result) => result.error !== undefined)?.error;
  if (error !== undefined) throw new Error(error);
  const series = parsed.data.results.flatMap((result) => result.series);
  if (series.length > 1) throw new Error(`expected one series, got ${series.length}`);
  const [first] = series;
  if (first === undefined) return null;
  const columns = first.columns.filter((column) => column !== 'time');
  if (columns.length !== 1) throw new Error(`expected one value, got ${columns.join(', ')}`);
  const value = first.values.at(-1)?.[first.columns.indexOf(columns[0] ?? '')];
  return typeof value === 'number' ? finite(value) : null;
}

/** "NaN" and "+Inf" compare with nothing. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
