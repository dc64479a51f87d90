import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import type * as GraphqlParser from 'graphql/language/parser.js';
import { z } from 'zod';
import { jsonPath } from '../jsonpath.ts';
import { byteCount, duration, headers, httpUrl, pemCertificate, probeSchema } from '../spec.ts';
import { expectation, headerName, pattern } from './expectation.ts';
import { secureContextFor } from './secure-context.ts';
import type { Sign } from './sign.ts';
import { PLACEHOLDER, placeholdersIn } from './template.ts';

export { jsonExpectation } from './expectation.ts';

const load = createRequire(import.meta.url);

/** Its parser is loaded where there is a document: every command reads its configuration, and most have none. */
function graphqlProblem(value: unknown): string | null {
  if (typeof value !== 'string') return 'a text';
  const { parse }: typeof GraphqlParser = load('graphql/language/parser.js');
  try {
    parse(value);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const graphql = z.strictObject({
  query: z.custom<string>((value) => graphqlProblem(value) === null, {
    error: (issue) => `a GraphQL document (${graphqlProblem(issue.input) ?? 'unreadable'})`,
  }),
  variables: z.record(z.string(), z.json()).optional(),
  operationName: z.string().min(1, { error: 'the name of an operation' }).optional(),
});

const line = (error: string) =>
  z.custom<string>((value) => typeof value === 'string' && value !== '' && !/[\r\n\0]/.test(value), { error });

/** One of a bearer token and a pair of user name and password. */
export const authSchema = z
  .strictObject({
    bearer: line('a token').optional(),
    basic: z
      .strictObject({
        username: line('a user name without a colon').refine((name) => !name.includes(':'), {
          error: 'a user name without a colon',
        }),
        password: line('a password'),
      })
      .optional(),
  })
  .refine((given) => (given.bearer === undefined) !== (given.basic === undefined), {
    error: 'one of bearer and basic',
  });

const identity = z
  .strictObject({
    cert: pemCertificate(),
    key: z.string().includes('PRIVATE KEY-----', { error: 'a private key in PEM' }),
    passphrase: z.string().optional(),
  })
  .refine(fits, { error: 'a certificate, its key and the passphrase of the key' });

function fits(given: { cert: string; key: string; passphrase?: string | undefined }): boolean {
  try {
    return secureContextFor(new URL('https://x'), undefined, given) !== null;
  } catch {
    return false;
  }
}

/** One request, of a probe or of a step. */
const requestFields = {
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
  headers: headers().default({}),
  auth: authSchema.optional(),
  /** Text as it is sent, or a value that is sent as JSON. */
  body: z.json().optional(),
  /** Instead of method and body; an answer with errors is bad. */
  graphql: graphql.optional(),
  expect: z.array(expectation).default([]),
} as const;

const capture = z.union([jsonPath(), z.strictObject({ header: headerName(), matches: pattern().optional() })], {
  error: 'a JSONPath such as "$.token", or a header',
});

const step = z.strictObject({
  name: z.string().regex(/^[\w-]+$/, { error: 'a name of letters, digits, _ and - such as "login"' }),
  url: httpUrl(),
  ...requestFields,
  /** Values of the answer, for later steps: `{token}` in their addresses, headers and bodies. */
  capture: z.record(z.string().regex(/^[A-Za-z_]\w*$/, { error: 'a name such as "token"' }), capture).default({}),
});

const steps = () => z.array(step).min(1, { error: 'a list of steps' });

export const httpSpec = probeSchema('http', {
  /** Or `steps`. */
  url: httpUrl().optional(),
  ...requestFields,
  /** Requests one after the other; the first that is not good ends the run. */
  steps: steps().optional(),
  /** Steps that run whatever happened before. */
  cleanup: steps().optional(),
  /** Of the timeout, kept back for cleanup. Default: a fifth. */
  reserve: duration().optional(),
  /** Of TypeScript configurations: headers or query parameters computed from each request. */
  sign: z.custom<Sign>((value) => typeof value === 'function', { error: 'a function' }).optional(),
  /** Handed to `sign`; references to the environment. */
  secrets: z.record(z.string(), z.string()).default({}),
  /** Redirects to follow; the next one is bad. With 0 a redirect is the answer. */
  redirects: z
    .int({ error: 'a whole number up to 20' })
    .min(0)
    .max(20, { error: 'a whole number up to 20' })
    .default(0),
  /** Use one connection an origin for all runs; DNS, TCP and TLS are then measured only when it is made. */
  keepAlive: z.boolean().default(false),
  /** `auto`: HTTP/2 where the peer chooses it by ALPN, else HTTP/1.1. */
  protocol: z.enum(['auto', 'http/1.1', 'h2']).default('auto'),
  /** Of the addresses of a name, those that are tried. `auto`: as the system orders them, until one answers. */
  family: z.literal(['auto', 4, 6], { error: 'auto, 4 or 6' }).default('auto'),
  /** Certificates to trust instead of the system's, PEM. */
  ca: pemCertificate().optional(),
  /** Who we are, in mutual TLS. */
  clientCertificate: identity.optional(),
  /** The response's body, inflated, beyond this many bytes is not read; the run is bad, `body-too-large`. */
  maxBodyBytes: byteCount().default(1_048_576),
})
  .refine((spec) => typeof spec !== 'object' || spec === null || spec.url !== undefined || spec.steps !== undefined, {
    path: ['url'],
    error: 'a URL such as "https://api.example/health"',
    // Said beside whatever else is wrong.
    when: () => true,
  })
  .superRefine((spec, ctx) => {
    const report = (path: readonly PropertyKey[], message: string): void => {
      ctx.addIssue({ code: 'custom', path: [...path], message });
    };
    if (spec.steps === undefined) {
      if (spec.cleanup !== undefined) report(['cleanup'], 'steps before it');
    } else {
      for (const key of ['url', 'body', 'graphql'] as const) {
        if (spec[key] !== undefined) report([key], 'either steps or a request of its own');
      }
      if (spec.expect.length > 0) report(['expect'], 'expectations of a step');
      if (spec.method !== 'GET') report(['method'], 'the method of a step');
    }
    if (spec.cleanup === undefined && spec.reserve !== undefined) report(['reserve'], 'cleanup steps');
    if (spec.reserve !== undefined && spec.reserve >= spec.timeout) report(['reserve'], 'less than the timeout');
    const known = new Set<string>();
    const names = new Set<string>();
    const check = (request: Checked, path: readonly PropertyKey[]): void => {
      checkRequest(request, spec, (rest, message) => report([...path, ...rest], message));
    };
    if (spec.url !== undefined) check({ ...spec, url: spec.url }, []);
    for (const list of ['steps', 'cleanup'] as const) {
      for (const [index, one] of (spec[list] ?? []).entries()) {
        check(one, [list, index]);
        if (names.has(one.name)) report([list, index, 'name'], 'a name of its own');
        names.add(one.name);
        for (const [path, text] of templatesOf(one)) {
          const stranger = placeholdersIn(text).find((name) => !known.has(name));
          if (stranger !== undefined) report([list, index, ...path], `a value that an earlier step captures`);
        }
        for (const name of Object.keys(one.capture)) known.add(name);
      }
    }
  });

type Checked = Pick<Step, 'url' | 'body' | 'graphql' | 'method' | 'expect'>;

function checkRequest(
  { url, body, graphql: query, method, expect }: Checked,
  { protocol, family, clientCertificate }: Pick<z.output<typeof httpSpec>, 'protocol' | 'family' | 'clientCertificate'>,
  report: (path: readonly PropertyKey[], message: string) => void,
): void {
  const { protocol: scheme, hostname } = new URL(url.replaceAll(PLACEHOLDER, 'x'));
  const secure = scheme === 'https:';
  const literal = isIP(hostname.replaceAll(/^\[|\]$/g, ''));
  if (!secure && protocol === 'h2') report(['url'], 'an https URL, without which there is no ALPN to choose h2');
  if (!secure && clientCertificate !== undefined) report(['url'], 'an https URL, to which a certificate can be shown');
  if (literal !== 0 && family !== 'auto' && literal !== family) report(['url'], `an address of IPv${family}`);
  if (query !== undefined && body !== undefined) report(['body'], 'either graphql or a body');
  if (query !== undefined && method !== 'GET' && method !== 'POST') report(['method'], 'POST, which graphql uses');
  for (const [index, { certificate }] of expect.entries()) {
    if (!secure && certificate !== undefined) report(['expect', index, 'certificate'], 'an https URL to ask');
  }
}

/** Where a placeholder that nobody captures can only be a slip; in bodies braces have other meanings too. */
function* templatesOf(one: Step): Iterable<readonly [readonly PropertyKey[], string]> {
  yield [['url'], one.url];
  for (const [name, value] of Object.entries(one.headers)) yield [['headers', name], value];
  if (one.auth?.bearer !== undefined) yield [['auth', 'bearer'], one.auth.bearer];
}

export type HttpSpec = z.output<typeof httpSpec>;

/** Of every request that the probe makes, ms. */
export function phaseLimitsOf({ expect, steps = [], cleanup = [] }: HttpSpec): readonly number[] {
  const expectations = [expect, ...[...steps, ...cleanup].map((each) => each.expect)].flat();
  return expectations.flatMap(({ phases = {} }) => Object.values(phases)).filter((ms) => ms !== undefined);
}
export type Step = z.output<typeof step>;
export type Auth = z.output<typeof authSchema>;
export type Capture = z.output<typeof capture>;
