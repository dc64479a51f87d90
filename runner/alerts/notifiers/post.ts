import { request } from 'undici';
import type { Told } from '../alert.ts';

const MOST_ANSWER = 300;

/** One POST. What is overloaded, or cannot be reached, may be asked again; what refuses the request may not. */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Told> {
  try {
    const answer = await request(url, {
      method: 'POST',
      // Notices are few; a kept socket might turn out dead in the moment in which it matters.
      reset: true,
      headers: { 'content-type': 'application/json', 'user-agent': 'pulsedrill', ...headers },
      body,
      signal,
    });
    const { statusCode } = answer;
    const said = await beginning(answer.body);
    if (statusCode < 300) return { ok: true };
    const reason = `${statusCode} ${said}`.trim();
    const retry = statusCode === 408 || statusCode === 429 || statusCode >= 500;
    const afterMs = retryAfterMs(answer.headers['retry-after'], answer.headers['date']);
    return { ok: false, retry, reason, ...(afterMs === null ? {} : { afterMs }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    return { ok: false, retry: true, reason };
  }
}

async function beginning(body: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  // Leaving the loop ends the connection: nobody can make us read on.
  for await (const chunk of body) {
    text += chunk.toString('utf8');
    if (text.length >= MOST_ANSWER) break;
  }
  return text.slice(0, MOST_ANSWER).replaceAll(/\s+/g, ' ') + (text.length > MOST_ANSWER ? '…' : '');
}

type Header = string | string[] | undefined;

/** In seconds, or as a date by the server's own clock (RFC 9110). */
function retryAfterMs(header: Header, date: Header): number | null {
  const ms = /^\d+$/.test(String(header))
    ? Number(header) * 1000
    : Date.parse(String(header)) - Date.parse(String(date));
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}
