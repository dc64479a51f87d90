import { z } from 'zod';
import { jsonPath } from '../../../probes/jsonpath.ts';
import { duration, headers, httpUrl } from '../../../probes/spec.ts';
import { targetName, uniqueNames } from '../spec.ts';

const STATUS = { error: 'a status such as 200' };
const status = () => z.int(STATUS).min(100, STATUS).max(599, STATUS);

/** Plain data: it stands in the journal as well. */
export const callSchema = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE'], { error: 'POST, PUT, PATCH or DELETE' }).default('POST'),
  url: httpUrl(),
  headers: headers().default({}),
  /** Text as it is sent, or a value that is sent as JSON. */
  body: z.json().optional(),
});

/** What a GET is answered while the fault is not there. */
export const clearSchema = z
  .strictObject({
    url: httpUrl(),
    headers: headers().default({}),
    status: status().optional(),
    json: z
      .strictObject({ path: jsonPath(), equals: z.json().optional(), exists: z.boolean().optional() })
      .refine(({ equals, exists }) => (equals === undefined) !== (exists === undefined), {
        error: 'one of equals and exists',
      })
      .optional(),
  })
  .refine((clear) => clear.status !== undefined || clear.json !== undefined, { error: 'status, json or both' });

/** A GET, and where the number stands in its answer. */
export const proofSchema = z.strictObject({ url: httpUrl(), headers: headers().default({}), json: jsonPath() });

const target = z
  .strictObject({
    name: targetName(),
    inject: callSchema,
    /** May be made twice, and after an injection that never happened. */
    undo: callSchema,
    clear: clearSchema,
    /** What is answered a number that changes with what the fault does: how many orders were rejected. */
    proof: proofSchema.optional(),
    /** How long one call may take. */
    timeout: duration().default(1_000),
    /** How long it may take until a call shows. */
    within: duration().default(2_000),
  })
  .transform(({ timeout, within, ...rest }) => ({ ...rest, timeoutMs: timeout, withinMs: within }));

export type HttpTarget = z.output<typeof target>;
export type Call = z.output<typeof callSchema>;
export type Proof = z.output<typeof proofSchema>;
export type Clear = z.output<typeof clearSchema>;

/** `gamedays.injectors[]`: calls to an admin interface, a feature flag, a kill switch. */
export const httpInjectorSchema = z.strictObject({
  kind: z.literal('http'),
  targets: uniqueNames(target),
});
