/** Prometheus, and whatever speaks its HTTP interface: a range query, evaluated at the end of each step. */
import { z } from 'zod';
import { durationText } from '../../probes/duration.ts';
import type { SourceDocument } from '../config/sources.ts';
import { below, createPoster, oneLine } from './post.ts';
import { samplesOf, type Answer, type Series, type StepSpan, type TelemetrySource } from './source.ts';

type Spec = Extract<SourceDocument, { kind: 'prometheus' }>;

const answerSchema = z.union([
  z.object({ status: z.literal('error'), error: z.string().default(''), errorType: z.string().default('error') }),
  z.object({
    status: z.literal('success'),
    data: z.object({
      resultType: z.string(),
      result: z.array(
        z.object({
          metric: z.record(z.string(), z.string()),
          values: z.array(z.tuple([z.number(), z.string()])).optional(),
        }),
      ),
    }),
  }),
]);

export function createPrometheus(spec: Spec): TelemetrySource {
  const poster = createPoster(spec, { ...prometheusAuthorization(spec), ...spec.headers });
  const url = below(spec.url, 'api/v1/query_range');
  return {
    id: spec.id,
    async ask(query, span, split, signal) {
      const posted = await poster.post(url, formOf(query, span), signal);
      return posted.ok ? answerOf(posted.status, posted.json, span, split) : posted;
    },
    [Symbol.asyncDispose]: () => poster[Symbol.asyncDispose](),
  };
}

export function prometheusAuthorization({ auth }: Pick<Spec, 'auth'>): Readonly<Record<string, string>> {
  if (auth?.bearer !== undefined) return { authorization: `Bearer ${auth.bearer}` };
  if (auth?.basic === undefined) return {};
  const { username, password } = auth.basic;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** Seconds with a fraction; the last evaluation is at the end of the last step. */
function formOf(query: string, { fromMs, toMs, stepMs }: StepSpan): Readonly<Record<string, string>> {
  return {
    query: query.replaceAll('$range', durationText(stepMs)),
    start: String((fromMs + stepMs) / 1000),
    end: String(toMs / 1000),
    step: String(stepMs / 1000),
  };
}

function answerOf(status: number, json: unknown, { stepMs }: StepSpan, split: Parameters<typeof samplesOf>[1]): Answer {
  const read = answerSchema.safeParse(json);
  if (!read.success) return { ok: false, reason: `answers ${status}, and not as Prometheus does` };
  if (read.data.status === 'error') {
    return { ok: false, reason: `answers ${status}: ${read.data.errorType}: ${oneLine(read.data.error)}` };
  }
  const { resultType, result } = read.data.data;
  if (resultType !== 'matrix') return { ok: false, reason: `answers with a ${resultType} where a matrix is expected` };
  const series = result.map(({ metric, values = [] }): Series => ({
    labels: metric,
    points: values.map(([seconds, text]) => [Math.round(seconds * 1000) - stepMs, text]),
  }));
  return samplesOf(series, split);
}
