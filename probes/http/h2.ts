/**
 * One request over HTTP/2, by `node:http2` itself: a client with a queue would send a refused stream again, and a probe
 * asks once.
 */
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';

/** What becomes of a request, in this order; `failed` may come at any time. */
export interface Sink {
  begun(): void;
  sent(): void;
  began(): void;
  head(status: number, headers: IncomingHttpHeaders): void;
  data(chunk: Buffer): void;
  ended(): void;
  failed(error: Error): void;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** As browsers have it: with Node's 64 KiB a long answer would wait for a round trip again and again. */
const WINDOW_BYTES = 4 * 1024 * 1024;

export function openSession(origin: string, socket: Socket): ClientHttp2Session {
  const session = connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
  });
  // The stream tells of it too, and is listened to.
  session.on('error', () => {});
  session.once('connect', () => {
    if (!session.destroyed) session.setLocalWindowSize(WINDOW_BYTES);
  });
  return session;
}

/** Those of HTTP/1.1's connection: HTTP/2 forbids them. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

function headersOf(origin: URL, { method, path, headers, body }: Asked): Record<string, string | number> {
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    ':method': method,
    ':path': path,
    ':scheme': origin.protocol.slice(0, -1),
    ':authority': own.find(([name]) => name === 'host')?.[1] ?? origin.host,
    ...Object.fromEntries(own.filter(([name]) => !OF_THE_CONNECTION.has(name))),
    ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
  };
}

function closedEarly(): Error {
  return Object.assign(new Error('the stream was closed before its answer was complete'), { code: 'STREAM_CLOSED' });
}

export function askStream(session: ClientHttp2Session, origin: URL, asked: Asked, sink: Sink): void {
  const stream = session.request(headersOf(origin, asked), { endStream: asked.body === null });
  sink.begun();
  let isOver = false;
  const over = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    tell();
  };
  if (asked.body !== null) stream.end(asked.body, () => sink.sent());
  else if (stream.pending) stream.once('ready', () => sink.sent());
  else sink.sent();
  // Interim answers (1xx) are first bytes too.
  stream.on('headers', () => sink.began());
  stream.on('response', (headers) => {
    sink.began();
    sink.head(Number(headers[constants.HTTP2_HEADER_STATUS]), headers);
  });
  stream.on('data', (chunk: Buffer) => sink.data(chunk));
  stream.on('end', () => {
    if (stream.rstCode === constants.NGHTTP2_NO_ERROR) over(() => sink.ended());
  });
  stream.on('error', (error) => over(() => sink.failed(error)));
  stream.on('close', () => {
    over(() => sink.failed(closedEarly()));
  });
}
