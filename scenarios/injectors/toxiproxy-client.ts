import { request } from 'undici';
import { z } from 'zod';

/** A wedged server holds a request for 25 s; nobody who waits to lift a fault can wait as long. */
const PATIENCE_MS = 3000;

/** What came back. `silent`: it may have been done or not. `refused`: nobody listens, it was not done. */
export type Heard =
  | { readonly type: 'answer'; readonly status: number; readonly json: unknown; readonly error: string }
  | { readonly type: 'silent' | 'refused'; readonly error: string };

export type Method = 'GET' | 'POST' | 'DELETE';

const errorBody = z.object({ error: z.string() });
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export interface CallOptions {
  readonly lease?: string | null;
  readonly patienceMs?: number;
}

/** One call of a Toxiproxy HTTP interface, under a lease where there is one. Never throws. */
export async function call(
  url: string,
  method: Method,
  path: string,
  body: unknown,
  signal: AbortSignal,
  { lease = null, patienceMs = PATIENCE_MS }: CallOptions = {},
): Promise<Heard> {
  try {
    const response = await request(url + path, {
      method,
      // Calls are few and servers get restarted: no socket is kept that might turn out dead.
      reset: true,
      headers: {
        'user-agent': 'pulsedrill',
        'content-type': 'application/json',
        ...(lease === null ? {} : { 'x-pulsedrill-lease': lease }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    });
    const text = await response.body.text();
    const json = jsonOf(text);
    const said = errorBody.safeParse(json);
    const error = `${response.statusCode} ${said.success ? said.data.error : text.trim().slice(0, 200)}`.trim();
    return { type: 'answer', status: response.statusCode, json, error };
  } catch (error) {
    if (signal.aborted) return { type: 'silent', error: 'aborted' };
    const known = error instanceof Error ? error : new Error(String(error));
    if (known.name === 'TimeoutError') return { type: 'silent', error: `no answer within ${patienceMs} ms` };
    const code = 'code' in known ? String(known.code) : '';
    return { type: NOBODY_THERE.has(code) ? 'refused' : 'silent', error: known.message || code };
  }
}

/** Errors are JSON whatever their content type says, and sometimes an HTML page. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const toxicSchema = z.object({
  name: z.string(),
  type: z.string(),
  stream: z.string(),
  toxicity: z.number(),
  attributes: z.record(z.string(), z.number()),
});

/** A proxy as the server tells it; servers add keys of their own. */
export const proxySchema = z.object({
  name: z.string(),
  listen: z.string(),
  upstream: z.string(),
  enabled: z.boolean(),
  toxics: z.array(toxicSchema),
});

export type ProxyDefinition = z.output<typeof proxySchema>;
export type ToxicDefinition = z.output<typeof toxicSchema>;

export const leasePath = (lease: string) => `/leases/${encodeURIComponent(lease)}`;
export const proxyPath = (name: string) => `/proxies/${encodeURIComponent(name)}`;
export const toxicPath = (proxy: string, toxic: string) => `${proxyPath(proxy)}/toxics/${encodeURIComponent(toxic)}`;

/** The same call as a line for a shell. */
export function curl(url: string, method: Method, path: string, body?: unknown): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const data = body === undefined ? '' : ` -d ${quote(JSON.stringify(body))}`;
  return `curl -fsS -X ${method}${data} ${quote(url + path)}`;
}
