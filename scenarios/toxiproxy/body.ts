/**
 * What clients may send, read as leniently as they are used to and no more: unknown fields are passed over, the case of a
 * field's name does not matter, null means "not given".
 */
import { z } from 'zod';
import { TTL_MS } from './leases.ts';
import type { Problem, Reply } from './registry.ts';

const text = z.string({ error: 'expected a string' }).optional();

export const proxyBody = z.object({
  name: text,
  listen: text,
  upstream: text,
  enabled: z.boolean({ error: 'expected true or false' }).optional(),
});

export const populateBody = z.array(proxyBody, { error: 'expected an array of proxies' });

export const toxicBody = z.object({
  name: text,
  type: text,
  stream: text,
  toxicity: z
    .number({ error: 'expected a number' })
    .min(0, { error: 'expected 0 to 1' })
    .max(1, { error: 'expected 0 to 1' })
    .optional(),
  attributes: z.record(z.string(), z.unknown(), { error: 'expected an object' }).optional(),
});

/** Field names come in lower case. */
export const leaseBody = z.object({
  holder: z.string({ error: 'expected a string' }).min(1, { error: 'expected who holds it' }),
  ttlms: z
    .int({ error: 'expected milliseconds' })
    .min(TTL_MS.least, { error: `expected ${TTL_MS.least} or more` })
    .max(TTL_MS.most, { error: `expected at most ${TTL_MS.most}` }),
});

export const badBody = (what: string): Problem => ({ status: 400, message: `bad request body: ${what}` });

const refused = (what: string): Reply<never> => ({ ok: false, problem: badBody(what) });

/** Field names in lower case, nulls left out, all the way down. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => tidy(item) ?? {});
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => [name.toLowerCase(), tidy(field)]),
  );
}

export function readBody<T>(schema: z.ZodType<T>, body: string): Reply<T> {
  if (body.trim() === '') return refused('EOF');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return refused(error instanceof Error ? error.message : 'not JSON');
  }
  const parsed = schema.safeParse(tidy(value) ?? {});
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const path = pathText(issue?.path ?? []);
  return refused(`${path === '' ? '' : `${path}: `}${issue?.message ?? 'not understood'}`);
}

/** `[0].name`, `attributes.latency`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
