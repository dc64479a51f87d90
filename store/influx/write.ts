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
  write(lines: readonly string[], signal: AbortSignal): Promise<WriteOutcome>;
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
    write: (lines, signal) => write({ connection, agent, timeoutMs }, lines, signal),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

async function write(
  {
    connection,
    agent,
    timeoutMs,
  }: { readonly connection: InfluxConnection; readonly agent: HttpAgent | HttpsAgent; readonly timeoutMs: number },
  lines: readonly string[],
  signal: AbortSignal,
): Promise<WriteOutcome> {
  const ended = new AbortController();
  const client = new InfluxDB({
    url: connection.url,
    timeout: timeoutMs,
    headers: authorizationOf(connection),
    transportOptions: { agent, signal: AbortSignal.any([signal, ended.signal]) },
  });
  const [org, bucket] = 'bucket' in connection ? [connection.org, connection.bucket] : ['', ''];
  const api = client.getWriteApi(org, bucket, 'ns', {
    // One call, one request: no buffer, no timer and no retry inside the client.
    batchSize: lines.length + 1,
    maxBatchBytes: Number.MAX_SAFE_INTEGER,
    flushInterval: 0,
    maxRetries: 0,
    gzipThreshold: GZIP_FROM,
    // Without an answer here the client would print the error to the console.
    writeFailed: async (error) => {
      throw error;
    },
  });
  // 1.x knows only its own path; nanoseconds are its default.
  if ('database' in connection) api.path = `/write?db=${encodeURIComponent(connection.database)}`;
  try {
    api.writeRecords([...lines]);
    await api.flush();
    return { type: 'accepted' };
  } catch (error) {
    // The client gives up at its timeout but leaves the request running.
    ended.abort();
    return outcomeOf(error);
  }
}

function outcomeOf(error: unknown): WriteOutcome {
  if (!(error instanceof HttpError)) {
    const message = error instanceof Error ? error.message || error.name : String(error);
    return { type: 'held', message: `InfluxDB cannot be reached: ${oneLine(message)}`, retryAfterMs: null };
  }
  const message = `InfluxDB answered ${error.statusCode}: ${oneLine(said(error))}`;
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

/** 1.x says `error`, 2.x and 3.x say `message`. */
function said(error: HttpError): string {
  const json: unknown = error.json;
  if (typeof json === 'object' && json !== null && 'error' in json && typeof json.error === 'string') return json.error;
  return error.message;
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** Seconds, as RFC 9110 has them (the client takes them for milliseconds); a date is left to our own backoff. */
function retryAfterMs(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}
