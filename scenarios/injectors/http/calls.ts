/** Calls and what comes back. Nothing is followed, kept alive or read beyond its bound. */
import type { JSONValue } from 'json-p3';
import { request } from 'undici';
import { select } from '../../../probes/jsonpath.ts';
import { jsonProblem } from '../../../probes/http/assertions.ts';
import { shellWords } from '../program.ts';
import type { Answer } from '../../injector.ts';
import { answer, failure } from '../answers.ts';
import type { Call, Clear, Proof } from './spec.ts';

export type Heard =
  | { readonly type: 'answer'; readonly status: number; readonly text: string }
  | { readonly type: 'silent'; readonly why: string };

const MOST_BYTES = 64 * 1024;

type Sent = { readonly method: string } & Pick<Call, 'url' | 'headers' | 'body'>;

/** Never throws. */
export async function send(
  { method, url, headers, body }: Sent,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Heard> {
  try {
    const response = await request(url, {
      method,
      // Calls are few, and servers get restarted: no socket is kept that might turn out dead.
      reset: true,
      headers: { 'user-agent': 'pulsedrill', ...contentType(body), ...headers },
      ...(body === undefined ? {} : { body: bodyText(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of response.body) {
      if (!Buffer.isBuffer(piece)) continue;
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > MOST_BYTES) return { type: 'silent', why: `an answer of more than ${MOST_BYTES} bytes` };
    }
    return { type: 'answer', status: response.statusCode, text: Buffer.concat(pieces).toString('utf8') };
  } catch (error) {
    if (signal.aborted) return { type: 'silent', why: 'stopped' };
    if (!(error instanceof Error)) return { type: 'silent', why: String(error) };
    if (error.name === 'TimeoutError') return { type: 'silent', why: `no answer within ${timeoutMs} ms` };
    return { type: 'silent', why: error.message || ('code' in error ? String(error.code) : error.name) };
  }
}

const contentType = (body: Call['body']) =>
  body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' };
const bodyText = (body: NonNullable<Call['body']> | null) => (typeof body === 'string' ? body : JSON.stringify(body));

/** Whether the fault is there, by the answer to a look; a text: it cannot be told. */
export type Seen = 'clear' | 'there' | { readonly untold: string };

export function seen(heard: Heard, { url, status, json }: Clear): Seen {
  if (heard.type === 'silent') return { untold: `GET ${url}: ${heard.why}` };
  if (json === undefined) {
    if (heard.status === status) return 'clear';
    // What is gone is an answer; what failed, or was forbidden, is none.
    const isAnswer = heard.status < 400 || heard.status === 404 || heard.status === 410;
    return isAnswer ? 'there' : { untold: `GET ${url}: status ${heard.status}` };
  }
  const isExpected = status === undefined ? heard.status >= 200 && heard.status < 300 : heard.status === status;
  if (!isExpected) return { untold: `GET ${url}: status ${heard.status}` };
  const document = parsed(heard.text);
  if (document === undefined) return { untold: `GET ${url}: its answer is not JSON` };
  return jsonProblem(document, json) === null ? 'clear' : 'there';
}

/** The number that a proof is about. */
export function counted(heard: Heard, { url, json }: Proof): Answer<number> {
  if (heard.type === 'silent') return failure('unreachable', `proof: GET ${url}: ${heard.why}`);
  if (heard.status !== 200) return failure('failed', `proof: GET ${url}: status ${heard.status}`);
  const document = parsed(heard.text);
  const [found, ...others] = document === undefined ? [] : select(json, document);
  if (typeof found === 'number' && others.length === 0) return answer(found);
  return failure('failed', `proof: GET ${url}: ${json} is not one number of its answer`);
}

function parsed(text: string): JSONValue | undefined {
  try {
    const document: JSONValue = JSON.parse(text);
    return document;
  } catch {
    return undefined;
  }
}

/** The same call as a line for a shell. */
export function curl({ method, url, headers, body }: Call): string {
  const own = { ...contentType(body), ...headers };
  const lines = Object.entries(own).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return shellWords([
    'curl',
    '-fsS',
    '-X',
    method,
    ...lines,
    ...(body === undefined ? [] : ['-d', bodyText(body)]),
    url,
  ]);
}
