/** What an answer may be held against. What can be compiled is compiled here: a broken one is a configuration error. */
import { z } from 'zod';
import { jsonPath } from '../jsonpath.ts';
import { duration } from '../spec.ts';
import { compiledSchema } from './json-schema.ts';

const STATUS_CLASS = /^[1-5]xx$/;
const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;

function isStatusExpectation(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isStatus);
  return isStatus(value) || (typeof value === 'string' && STATUS_CLASS.test(value));
}

export function pattern() {
  return z
    .custom<string>((value) => typeof value === 'string' && value.length > 0 && isPattern(value), {
      error: 'a regular expression such as "^ok$"',
    })
    .transform((text) => new RegExp(text, 'u'));
}

function isPattern(text: string): boolean {
  try {
    void new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

export function headerName() {
  return z.string().regex(/^[!#$%&'*+.^_`|~\dA-Za-z-]+$/, { error: 'a header name such as "content-type"' });
}

const given = (...values: readonly unknown[]): number => values.filter((value) => value !== undefined).length;

/** What a JSON body must say at a path: exactly one of `equals`, `oneOf`, `matches`, `exists`. */
export const jsonExpectation = z
  .strictObject({
    path: jsonPath(),
    equals: z.json().optional(),
    oneOf: z.array(z.json()).min(1).optional(),
    matches: pattern().optional(),
    exists: z.boolean().optional(),
  })
  .refine((json) => given(json.equals, json.oneOf, json.matches, json.exists) === 1, {
    error: 'one of equals, oneOf, matches and exists',
  });

const headerExpectation = z
  .strictObject({
    name: headerName(),
    equals: z.string().optional(),
    contains: z.string().min(1).optional(),
    matches: pattern().optional(),
    exists: z.boolean().optional(),
  })
  .refine((header) => given(header.equals, header.contains, header.matches, header.exists) === 1, {
    error: 'one of equals, contains, matches and exists',
  });

const textExpectation = z
  .strictObject({ contains: z.string().min(1).optional(), matches: pattern().optional() })
  .refine((body) => given(body.contains, body.matches) === 1, { error: 'one of contains and matches' });

const bytes = () => z.int({ error: 'a whole number of bytes' }).min(0, { error: 'a whole number of bytes' });

const sizeExpectation = z
  .strictObject({ min: bytes().optional(), max: bytes().optional() })
  .refine((size) => given(size.min, size.max) > 0, { error: 'min, max or both' });

const limit = () => duration().optional();

const phaseLimits = z
  .strictObject({
    dns: limit(),
    connect: limit(),
    tls: limit(),
    sent: limit(),
    firstByte: limit(),
    transfer: limit(),
    /** All of them: request begun → last byte. */
    total: limit(),
  })
  .refine((limits) => given(...Object.values(limits)) > 0, {
    error: 'one or more of dns, connect, tls, sent, firstByte, transfer and total',
  });

const KINDS = ['status', 'header', 'json', 'schema', 'body', 'size', 'certificate', 'phases'] as const;

export const expectation = z
  .strictObject({
    /** Said in front of what failed. */
    name: z.string().min(1, { error: 'a name' }).optional(),
    status: z
      .custom<number | readonly number[] | '1xx' | '2xx' | '3xx' | '4xx' | '5xx'>(isStatusExpectation, {
        error: 'a status such as 200, [200, 204] or "2xx"',
      })
      .optional(),
    header: headerExpectation.optional(),
    json: jsonExpectation.optional(),
    schema: compiledSchema().optional(),
    body: textExpectation.optional(),
    size: sizeExpectation.optional(),
    certificate: z
      .strictObject({ daysLeft: z.number({ error: 'a number of days' }).positive({ error: 'a number of days' }) })
      .optional(),
    phases: phaseLimits.optional(),
  })
  .refine((expect) => KINDS.some((kind) => expect[kind] !== undefined), {
    error: `one of ${KINDS.slice(0, -1).join(', ')} and ${KINDS.at(-1)}`,
  });

export type Expectation = z.output<typeof expectation>;
export type JsonExpectation = z.output<typeof jsonExpectation>;
export type HeaderExpectation = z.output<typeof headerExpectation>;
export type PhaseLimits = z.output<typeof phaseLimits>;
export type StatusExpectation = NonNullable<Expectation['status']>;
