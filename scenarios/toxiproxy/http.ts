import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ROUTES, type Response, type Route } from './api.ts';
import type { Registry } from './registry.ts';

const MAX_BODY_BYTES = 1024 * 1024;
/** Names the lease under which something is broken. */
const LEASE_HEADER = 'x-pulsedrill-lease';
/** Looking, and taking back, need no lease. */
const BY_ANYBODY = new Set(['GET', 'DELETE']);

export interface HttpOptions {
  /** When given, only requests whose Host header names one of these are heard (against DNS rebinding). */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** The control server, not yet listening. */
export function controlServer(registry: Registry, options: HttpOptions): Server {
  let requests = 0;
  return createServer((request, response) => {
    requests += 1;
    const id = requests.toString(16).padStart(12, '0');
    void answer(registry, options, request).then(
      (answered) => send(response, answered, id),
      () => send(response, plain(500, 'internal error'), id),
    );
  });
}

const plain = (status: number, text: string): Response => ({
  status,
  type: 'text/plain; charset=utf-8',
  text: `${text}\n`,
});

async function answer(registry: Registry, { allowedHosts }: HttpOptions, request: IncomingMessage): Promise<Response> {
  const found = route(request.url ?? '/');
  if (found === undefined) return plain(404, '404 page not found');
  const handler = found.route.methods[request.method ?? ''];
  if (handler === undefined) return { status: 405 };
  // A page in somebody's browser has no business here.
  if (request.headers['user-agent']?.startsWith('Mozilla/') === true) return plain(403, 'User agent not allowed');
  if (allowedHosts !== undefined && !allowedHosts.includes(hostOf(request))) return plain(403, 'Host not allowed');
  const lease = request.headers[LEASE_HEADER]?.toString() ?? null;
  if (lease !== null && !BY_ANYBODY.has(request.method ?? '') && !registry.leases.isHeld(lease)) {
    return { status: 412, body: { error: 'the lease is over, or never was: nothing was changed', status: 412 } };
  }
  const body = await read(request);
  if (body === null)
    return { status: 413, body: { error: `bad request body: longer than ${MAX_BODY_BYTES} bytes`, status: 413 } };
  return handler(registry, { names: found.names, body, lease });
}

/** Without the port. */
function hostOf(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

function route(url: string): { readonly route: Route; readonly names: readonly string[] } | undefined {
  const segments = (url.split('?', 1)[0] ?? '').split('/').slice(1);
  for (const candidate of ROUTES) {
    const { path } = candidate;
    if (path.length !== segments.length) continue;
    const names = segments.filter((_, index) => path[index] === '*').map(decode);
    const matches = path.every((part, index) => part === '*' || part === segments[index]);
    // A name is one segment, and not nothing.
    if (matches && names.every((name) => name !== '' && !name.includes('/'))) return { route: candidate, names };
  }
  return undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, text, type = 'application/json' }: Response, id: string): void {
  const isError = status >= 400;
  const content = text ?? (body === undefined ? '' : `${JSON.stringify(body)}${isError ? '\n' : ''}`);
  response.writeHead(status, {
    'x-toxiproxy-request-id': id,
    ...(content === '' ? {} : { 'content-type': type }),
    ...(isError ? { 'x-content-type-options': 'nosniff' } : {}),
  });
  response.end(content);
}
