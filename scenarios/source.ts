/** Where the queries of a scenario go: the platform's telemetry, by a name that its conditions use. */
import { z } from 'zod';
import { headers, httpUrl } from '../probes/spec.ts';
import { text } from './step.ts';

const fields = {
  name: text('a name such as "platform"'),
  url: httpUrl(),
  headers: headers().default({}),
};

const kinds = [
  z.strictObject({ kind: z.literal('prometheus'), ...fields }),
  z.strictObject({ kind: z.literal('influxdb'), ...fields, database: text('the name of a database') }),
] as const;

export const sourceSchema = z.discriminatedUnion('kind', kinds, { error: 'a source: prometheus or influxdb' });

export type Source = z.output<typeof sourceSchema>;
