/** The `sources` section: where the platform's own telemetry is, and what may be asked of it. */
import { z } from 'zod';
import { authSchema } from '../../probes/http/spec.ts';
import { durationText } from '../../probes/duration.ts';
import { duration, headers, httpUrl, pemCertificate } from '../../probes/spec.ts';

const id = () => z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'an id of a-z, 0-9 and hyphens' });

/** Every minute of it is kept in mind. */
const LONGEST_CATCH_UP_MS = 7 * 86_400_000;

const common = {
  id: id(),
  url: httpUrl(),
  headers: headers().default({}),
  /** Certificates to trust instead of the system's, PEM. */
  ca: pemCertificate().optional(),
  /** Of one question. */
  timeout: duration().default(10_000),
  /** How long after its end a minute is settled: scrapes, remote writes and flushes must be over by then. */
  lag: duration().default(30_000),
  /** A minute that is overdue for longer makes its objective Unknown. */
  stale: duration().default(600_000),
  /** How far back what was missed is asked for. */
  catchUp: duration()
    .refine((ms) => ms <= LONGEST_CATCH_UP_MS, { error: `at most ${durationText(LONGEST_CATCH_UP_MS)}` })
    .default(86_400_000),
};

const prometheus = z.strictObject({ kind: z.literal('prometheus'), ...common, auth: authSchema.optional() });

const influxdb = z
  .strictObject({
    kind: z.literal('influxdb'),
    ...common,
    database: z.string().min(1, { error: 'the name of a database' }),
    username: z.string().min(1).optional(),
    password: z.string().optional(),
    token: z.string().min(1).optional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: 'username and password together, or neither',
  })
  .refine(({ username, token }) => username === undefined || token === undefined, {
    error: 'either username and password, or a token',
  });

const source = z.discriminatedUnion('kind', [prometheus, influxdb], {
  error: 'a source of kind prometheus or influxdb',
});

export type SourceDocument = z.output<typeof source>;

export const sourcesSchema = z
  .array(source)
  .superRefine((sources, context) => {
    sources.forEach((each, index) => {
      const report = (key: string, message: string): void => {
        context.addIssue({ code: 'custom', path: [index, key], message });
      };
      if (sources.findIndex((other) => other.id === each.id) !== index) report('id', 'an id of its own');
      if (each.lag >= each.stale) report('lag', `less than stale (${durationText(each.stale)})`);
      if (each.catchUp < each.stale) report('catchUp', `at least stale (${durationText(each.stale)})`);
    });
  })
  .default([]);

const query = () => z.string().regex(/\S/, { error: 'a query' });

/** What is asked of a source: counts of good and valid events, or the median of a slice, in seconds. */
export const bindingSchema = z.strictObject({
  source: z.string().min(1, { error: 'the id of a source' }),
  good: query().optional(),
  valid: query().optional(),
  median: query().optional(),
});

export const bindSchema = z.record(z.string(), bindingSchema, { error: 'bindings by the id of a row' }).default({});
