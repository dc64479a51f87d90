import { z } from 'zod';
import { jsonPath } from '../jsonpath.ts';
import { byteCount, headers, httpUrl, pemCertificate, probeSchema } from '../spec.ts';

const STATUS_CLASS = /^[1-5]xx$/;
const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599;

function isStatusExpectation(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isStatus);
  return isStatus(value) || (typeof value === 'string' && STATUS_CLASS.test(value));
}

/** A pattern is compiled when it is read, so that a broken one is a configuration error. */
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

/** What a JSON body must say at a path: exactly one of `equals`, `oneOf`, `matches`, `exists`. */
export const jsonExpectation = z
  .strictObject({
    path: jsonPath(),
    equals: z.json().optional(),
    oneOf: z.array(z.json()).min(1).optional(),
    matches: pattern().optional(),
    exists: z.boolean().optional(),
  })
  .refine(
    (json) => [json.equals, json.oneOf, json.matches, json.exists].filter((value) => value !== undefined).length === 1,
    { error: 'one of equals, oneOf, matches and exists' },
  );

const textExpectation = z
  .strictObject({ contains: z.string().min(1).optional(), matches: pattern().optional() })
  .refine((body) => (body.contains === undefined) !== (body.matches === undefined), {
    error: 'one of contains and matches',
  });

const expectation = z
  .strictObject({
    status: z
      .custom<number | readonly number[] | '1xx' | '2xx' | '3xx' | '4xx' | '5xx'>(isStatusExpectation, {
        error: 'a status such as 200, [200, 204] or "2xx"',
      })
      .optional(),
    json: jsonExpectation.optional(),
    body: textExpectation.optional(),
  })
  .refine((expect) => expect.status !== undefined || expect.json !== undefined || expect.body !== undefined, {
    error: 'one of status, json and body',
  });

export const httpSpec = probeSchema('http', {
  url: httpUrl(),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
  headers: headers().default({}),
  /** Text as it is sent, or a value that is sent as JSON. */
  body: z.json().optional(),
  expect: z.array(expectation).default([]),
  /** Use one connection for all runs; DNS, TCP and TLS are then measured only when it is made. */
  keepAlive: z.boolean().default(false),
  /** Certificates to trust instead of the system's, PEM. */
  ca: pemCertificate().optional(),
  /** The response's body beyond this many bytes is not read; the run is bad, `body-too-large`. */
  maxBodyBytes: byteCount().default(1_048_576),
});

export type HttpSpec = z.output<typeof httpSpec>;
export type Expectation = z.output<typeof expectation>;
export type JsonExpectation = z.output<typeof jsonExpectation>;
export type StatusExpectation = NonNullable<Expectation['status']>;
