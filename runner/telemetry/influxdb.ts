/** InfluxDB by InfluxQL, the one query language that 1.x, 2.x and 3.x all answer. */
import { z } from 'zod';
import { durationText } from '../../probes/duration.ts';
import type { SourceDocument } from '../config/sources.ts';
import { below, createPoster, oneLine } from './post.ts';
import { samplesOf, type Answer, type Series, type StepSpan, type TelemetrySource } from './source.ts';

type Spec = Extract<SourceDocument, { kind: 'influxdb' }>;

const answerSchema = z.object({
  error: z.string().optional(),
  results: z
    .array(
      z.object({
        error: z.string().optional(),
        partial: z.boolean().optional(),
        series: z
          .array(
            z.object({
              tags: z.record(z.string(), z.string()).default({}),
              columns: z.array(z.string()),
              values: z.array(z.array(z.unknown())),
            }),
          )
          .default([]),
      }),
    )
    .optional(),
});

export function createInfluxdb(spec: Spec): TelemetrySource {
  const poster = createPoster(spec, { ...influxdbAuthorization(spec), ...spec.headers });
  const url = below(spec.url, 'query');
  return {
    id: spec.id,
    async ask(query, span, split, signal) {
      const form = { db: spec.database, epoch: 'ms', q: filled(query, span) };
      const posted = await poster.post(url, form, signal);
      return posted.ok ? answerOf(posted.status, posted.json, split) : posted;
    },
    [Symbol.asyncDispose]: () => poster[Symbol.asyncDispose](),
  };
}

export function influxdbAuthorization({
  username,
  password = '',
  token,
}: Pick<Spec, 'username' | 'password' | 'token'>): Readonly<Record<string, string>> {
  if (token !== undefined) return { authorization: `Token ${token}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

function filled(query: string, { fromMs, toMs, stepMs }: StepSpan): string {
  return query
    .replaceAll('$time', `time >= ${fromMs}ms AND time < ${toMs}ms`)
    .replaceAll('$range', durationText(stepMs));
}

function answerOf(status: number, json: unknown, split: Parameters<typeof samplesOf>[1]): Answer {
  const read = answerSchema.safeParse(json);
  if (!read.success) return { ok: false, reason: `answers ${status}, and not as InfluxDB does` };
  const { error, results = [] } = read.data;
  const [result, another] = results;
  const said = error ?? result?.error;
  if (said !== undefined) return { ok: false, reason: `answers ${status}: ${oneLine(said)}` };
  if (result === undefined) return { ok: false, reason: `answers ${status} without a result` };
  if (another !== undefined) return { ok: false, reason: 'several statements where one is expected' };
  if (result.partial === true) return { ok: false, reason: 'only a part of the answer: it has too many rows' };
  const found: Series[] = [];
  for (const { tags, columns, values } of result.series) {
    if (columns.length !== 2) {
      return { ok: false, reason: `the columns ${columns.join(', ')} where a time and one number are expected` };
    }
    const points: (readonly [number, string])[] = [];
    for (const [time, value] of values) {
      if (typeof time !== 'number') return { ok: false, reason: 'a time that is no number' };
      // An interval without points, unless the query fills it.
      if (value === null || value === undefined) continue;
      points.push([time, typeof value === 'number' ? String(value) : JSON.stringify(value)]);
    }
    found.push({ labels: tags, points });
  }
  return samplesOf(found, split);
}
