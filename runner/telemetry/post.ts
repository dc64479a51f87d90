/** One question over HTTP: bounded in time and size, every failure a reason. */
import { Agent, request } from 'undici';
import { networkVerdict } from '../../probes/network.ts';
import type { SourceDocument } from '../config/sources.ts';

export type Posted =
  | { readonly ok: true; readonly status: number; readonly json: unknown }
  | { readonly ok: false; readonly reason: string };

export interface Poster extends AsyncDisposable {
  post(url: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Posted>;
}

/** Read on the loop that measures: an answer of this size is taken apart in a millisecond. An hour of minutes has a hundredth. */
const MOST_BYTES = 256 * 1024;
/** Questions at a time; the others wait. */
const CONNECTIONS = 4;

export function createPoster(
  source: Pick<SourceDocument, 'timeout' | 'ca'>,
  headers: Readonly<Record<string, string>>,
): Poster {
  const { timeout, ca } = source;
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    ...(ca === undefined ? {} : { connect: { ca } }),
  });

  async function post(url: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Posted> {
    const deadline = AbortSignal.timeout(timeout);
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        dispatcher: agent,
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams(form).toString(),
        signal: AbortSignal.any([signal, deadline]),
      });
      const text = await readText(body);
      if (text === null) return { ok: false, reason: `an answer of more than ${MOST_BYTES} bytes` };
      return parsed(statusCode, text);
    } catch (error) {
      if (deadline.aborted) return { ok: false, reason: `no answer within ${timeout} ms` };
      const { reason, detail } = networkVerdict(error instanceof Error ? error : new Error(String(error)));
      return { ok: false, reason: `cannot be reached: ${reason}: ${oneLine(detail ?? '')}` };
    }
  }

  return { post, [Symbol.asyncDispose]: () => agent.destroy() };
}

async function readText(body: AsyncIterable<unknown> & { destroy(): unknown }): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      body.destroy();
      return null;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(status: number, text: string): Posted {
  try {
    return { ok: true, status, json: JSON.parse(text) };
  } catch {
    const said = text.trim() === '' ? 'nothing' : `no JSON: ${JSON.stringify(oneLine(text, 80))}`;
    return { ok: false, reason: `answers ${status} with ${said}` };
  }
}

export function oneLine(text: string, most = 200): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** `url` with a path below its own. */
export function below(url: string, path: string): string {
  return `${url.replace(/\/+$/, '')}/${path}`;
}
