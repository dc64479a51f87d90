/** One request to InfluxDB through its official client, with every answer named. Retrying is the caller's: it has the ledger. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpError, InfluxDB } from '@influxdata/influxdb-client';
import { authorizationOf, type InfluxConnection } from './connection.ts';

export type WriteOutcome =
  | { readonly type: 'accepted' }
  /** At least one of these lines will never be accepted; on some versions the others have been. */
  | { readonly type: 'bad-lines'; readonly message: string }
  | { readonly type: 'too-large'; readonly message: string }
  /** Not now, or not with this configuration: nothing is wrong with the lines. */
  | { readonly type: 'held'; readonly message: string; readonly retryAfterMs: number | null };

export interface InfluxWriter extends Disposable {
  /** @param body lines, a line feed between two */
  write(body: string, signal: AbortSignal): Promise<WriteOutcome>;
}

/** How long InfluxDB may take to answer. */
const TIMEOUT_MS = 10_000;
/** Bytes from which a body is compressed. */
const GZIP_FROM = 1_000;

/** @throws TypeError when the URL is none */
export function createInfluxWriter(connection: InfluxConnection, timeoutMs = TIMEOUT_MS): InfluxWriter {
  const isSecure = new URL(connection.url).protocol === 'https:';
  const agent = isSecure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  return {
    write: (body, signal) => write({ connection, agent, timeoutMs }, body, signal),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

async function write(
  {
    connection,
    agent,
    timeoutMs,
  }: { readonly connection: InfluxConnection; readonly agent: HttpAgent | HttpsAgent; readonly timeoutMs: number },
  body: string,
  signal: AbortSignal,
): Promise<WriteOutcome> {
  const ended = new AbortController();
  const client = new InfluxDB({
    url: connection.url,
    timeout: timeoutMs,
    headers: authorizationOf(connection),
    transportOptions: { agent, signal: AbortSignal.any([signal, ended.signal]) },
  });
  let status: number | undefined;
  try {
    // The client's transport, without its buffer of lines, which would look at every character again.
    await client.transport.request(
      writePath(connection),
      body,
      { method: 'POST', headers: { 'content-type': 'text/plain; charset=utf-8' }, gzipThreshold: GZIP_FROM },
      (_headers, statusCode) => {
        status = statusCode;
      },
    );
  } catch (error) {
    // The client gives up at its timeout but leaves the request running.
    ended.abort();
    return outcomeOf(error);
  }
  // Who answers a page with 200 is a gateway, and has written nothing.
  if (status === 204 || status === 201) return { type: 'accepted' };
  return {
    type: 'held',
    message: `InfluxDB answered ${status ?? 'nothing'} where 204 is expected`,
    retryAfterMs: null,
  };
}

/** 1.x knows only its own path; nanoseconds are its default. */
export function writePath(connection: InfluxConnection): string {
  if ('database' in connection) return `/write?db=${encodeURIComponent(connection.database)}`;
  const { org, bucket } = connection;
  return `/api/v2/write?org=${encodeURIComponent(org)}&bucket=${encodeURIComponent(bucket)}&precision=ns`;
}

function outcomeOf(error: unknown): WriteOutcome {
  if (!(error instanceof HttpError)) {
    const message = error instanceof Error ? error.message || error.name : String(error);
    return { type: 'held', message: `InfluxDB cannot be reached: ${oneLine(message)}`, retryAfterMs: null };
  }
  const message = `InfluxDB answered ${error.statusCode}: ${oneLine(saidIn(error.json) ?? error.message)}`;
  switch (error.statusCode) {
    case 400:
    case 422:
      return { type: 'bad-lines', message };
    case 413:
      return { type: 'too-large', message };
    default:
      return { type: 'held', message, retryAfterMs: retryAfterMs(error.headers?.['retry-after']) };
  }
}

/** What an answer says that is no success: 1.x as `error`, 2.x and 3.x as `message`. Null: it is from somebody else. */
export function saidIn(json: unknown): string | null {
  if (typeof json !== 'object' || json === null) return null;
  const { error, message }: { readonly error?: unknown; readonly message?: unknown } = json;
  return [error, message].find((each) => typeof each === 'string') ?? null;
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** Seconds, as RFC 9110 has them (the client takes them for milliseconds); a date is left to our own backoff. */
function retryAfterMs(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}
