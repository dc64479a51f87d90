import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { WebSocket } from 'ws';
import { abortVerdict, bad, excluded, networkVerdict, type Stage, type Verdict } from '../network.ts';
import type { Clock, Phases } from '../probe.ts';
import type { LineSpec } from './spec.ts';

/** Fragments and buffered pieces of one message: far above what a venue sends, far below what hurts. */
const MOST_FRAGMENTS = 1024;
const MOST_PIECES = 16_384;

export type Dialled<T> =
  | { readonly ok: true; readonly line: T; readonly phases: Phases; readonly connectMs: number }
  | { readonly ok: false; readonly verdict: Verdict; readonly phases: Phases };

/**
 * Opens a WebSocket: ends when the handshake does, when it fails, or when the signal aborts. Leaves nothing behind.
 * @param attach is called in the very moment in which the socket opens, before any message can be missed.
 */
export function dial<T>(
  target: LineSpec,
  attach: (socket: WebSocket) => T,
  clock: Clock,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Dialled<T>> {
  const times = new Handshake(new URL(target.url), clock);
  if (signal.aborted) {
    return Promise.resolve({ ok: false, verdict: abortVerdict(signal, 'dns', timeoutMs), phases: times.phases(null) });
  }
  const socket = new WebSocket(target.url, {
    headers: { 'user-agent': 'pulsedrill', ...target.headers },
    perMessageDeflate: target.perMessageDeflate,
    maxPayload: target.maxMessageBytes,
    maxFragments: MOST_FRAGMENTS,
    maxBufferedChunks: MOST_PIECES,
    // The subscription answers pings itself, no more of them than the peer reads.
    autoPong: false,
    ...(target.ca === undefined ? {} : { ca: target.ca }),
    finishRequest: (request: ClientRequest) => {
      times.watch(request);
      request.end();
    },
  });
  return new Promise((resolve) => {
    const end = (dialled: Dialled<T>) => {
      signal.removeEventListener('abort', onAbort);
      socket.off('open', onOpen).off('error', onError).off('unexpected-response', onResponse);
      resolve(dialled);
    };
    const fail = (verdict: Verdict) => {
      end({ ok: false, verdict, phases: times.phases(null) });
      // What it still has to say about its own end interests nobody.
      socket.on('error', () => {});
      socket.terminate();
    };
    const onAbort = () => fail(abortVerdict(signal, times.stage(), timeoutMs));
    const onError = (error: Error) => fail(networkVerdict(error));
    const onResponse = (_request: ClientRequest, response: IncomingMessage) => fail(refusal(response.statusCode ?? 0));
    const onOpen = () => {
      const nowMs = clock.monotonicMs();
      end({ ok: true, line: attach(socket), phases: times.phases(nowMs), connectMs: nowMs - times.startedMs });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('open', onOpen).on('error', onError).on('unexpected-response', onResponse);
  });
}

/** The handshake was answered like any request: the policy for API calls applies. */
function refusal(status: number): Verdict {
  const detail = `expected a WebSocket, got status ${status}`;
  if (status >= 500) return bad('http-5xx', detail);
  if (status >= 400) return excluded('http-4xx', detail);
  return bad(status >= 300 ? 'http-3xx' : 'protocol', detail);
}

/** The instants of one handshake, monotonic ms. */
class Handshake {
  readonly startedMs: number;
  private readonly clock: Clock;
  private readonly named: boolean;
  private readonly secure: boolean;
  private resolvedMs: number | null = null;
  private connectedMs: number | null = null;
  private securedMs: number | null = null;

  constructor(url: URL, clock: Clock) {
    this.clock = clock;
    this.startedMs = clock.monotonicMs();
    this.named = isIP(url.hostname.replaceAll(/^\[|\]$/g, '')) === 0;
    this.secure = url.protocol === 'wss:';
  }

  watch(request: ClientRequest): void {
    request.once('socket', (socket: Socket) => {
      if (this.named) {
        socket.once('lookup', (error: Error | null) => {
          if (error === null) this.resolvedMs = this.clock.monotonicMs();
        });
      }
      socket.once('connect', () => {
        this.connectedMs = this.clock.monotonicMs();
      });
      socket.once('secureConnect', () => {
        this.securedMs = this.clock.monotonicMs();
      });
    });
  }

  stage(): Stage {
    if (this.connectedMs === null) return this.named && this.resolvedMs === null ? 'dns' : 'connect';
    return this.secure && this.securedMs === null ? 'tls' : 'answer';
  }

  phases(openMs: number | null): Phases {
    const { startedMs, resolvedMs, connectedMs, securedMs } = this;
    const readyMs = this.secure ? securedMs : connectedMs;
    return {
      dnsMs: resolvedMs === null ? null : resolvedMs - startedMs,
      connectMs: connectedMs === null ? null : connectedMs - (resolvedMs ?? startedMs),
      tlsMs: securedMs === null || connectedMs === null ? null : securedMs - connectedMs,
      sentMs: null,
      firstByteMs: openMs === null || readyMs === null ? null : openMs - readyMs,
      transferMs: null,
    };
  }
}

/** How long a peer may take to answer our goodbye, ms. */
const GOODBYE_MS = 250;

/**
 * Leaves in order, and by force when the peer does not answer or the signal aborts; resolves when the socket is gone.
 */
export async function hangUp(socket: WebSocket, clock: Clock, signal: AbortSignal): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const waiting = new AbortController();
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      waiting.abort();
      resolve();
    });
  });
  socket.on('error', () => {});
  if (!signal.aborted) {
    socket.close(1000);
    await clock.sleep(GOODBYE_MS, AbortSignal.any([waiting.signal, signal])).catch(() => {});
  }
  if (!waiting.signal.aborted) socket.terminate();
  await closed;
}
