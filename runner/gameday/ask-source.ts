/** One number from the platform's telemetry: an instant query to Prometheus, or the last value of an InfluxQL query. */
import { z } from 'zod';
import type { Source } from '../../scenarios/source.ts';
import type { QueryCheck } from '../../scenarios/standing.ts';
import type { SourceDocument } from '../config/sources.ts';
import { influxdbAuthorization } from '../telemetry/influxdb.ts';
import { below, createPoster, oneLine } from '../telemetry/post.ts';
import { prometheusAuthorization } from '../telemetry/prometheus.ts';

/** Of a scenario, or of the configuration. */
export type AskedSource = Source | SourceDocument;

const sample = z.tuple([z.number(), z.string()]);
const prometheusSchema = z.union([
  z.object({ status: z.literal('error'), error: z.string().default('an error') }),
  z.object({
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
      z.object({ resultType: z.literal('scalar'), result: sample }),
    ]),
  }),
]);
const influxSchema = z.object({
  error: z.string().optional(),
  results: z
    .array(
      z.object({
        error: z.string().optional(),
        series: z.array(z.object({ columns: z.array(z.string()), values: z.array(z.array(z.unknown())) })).default([]),
      }),
    )
    .default([]),
});

/** Null: it has no result. Rejects with why it could not be asked, or said something else than one number. */
export async function askSource(source: AskedSource, check: QueryCheck, signal: AbortSignal): Promise<number | null> {
  const isPrometheus = source.kind === 'prometheus';
  const ca = 'ca' in source && source.ca !== undefined ? { ca: source.ca } : {};
  await using poster = createPoster({ timeout: check.timeoutMs, ...ca }, headersOf(source));
  const form = isPrometheus ? { query: check.query } : { q: check.query, db: source.database };
  const posted = await poster.post(below(source.url, isPrometheus ? 'api/v1/query' : 'query'), form, signal);
  if (!posted.ok) throw new Error(posted.reason);
  return isPrometheus ? ofPrometheus(posted.status, posted.json) : ofInflux(posted.status, posted.json);
}

function headersOf(source: AskedSource): Readonly<Record<string, string>> {
  if (!('id' in source)) return source.headers;
  const authorization = source.kind === 'prometheus' ? prometheusAuthorization(source) : influxdbAuthorization(source);
  return { ...authorization, ...source.headers };
}

function ofPrometheus(status: number, json: unknown): number | null {
  const parsed = prometheusSchema.safeParse(json);
  if (!parsed.success) throw new Error(`answers ${status}, and not with a vector or a scalar`);
  if ('error' in parsed.data) throw new Error(`answers ${status}: ${oneLine(parsed.data.error)}`);
  const { data } = parsed.data;
  if (data.resultType === 'scalar') return finite(Number(data.result[1]));
  if (data.result.length > 1) throw new Error(`expected one series, got ${data.result.length}`);
  const [first] = data.result;
  return first === undefined ? null : finite(Number(first.value[1]));
}

function ofInflux(status: number, json: unknown): number | null {
  const parsed = influxSchema.safeParse(json);
  if (!parsed.success) throw new Error(`answers ${status}, and not as InfluxDB does`);
  const { error, results } = parsed.data;
  const said = error ?? results.find((result) => result.error !== undefined)?.error;
  if (said !== undefined) throw new Error(`answers ${status}: ${oneLine(said)}`);
  const series = results.flatMap((result) => result.series);
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
