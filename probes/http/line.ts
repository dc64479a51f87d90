import type { ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type SecureContext } from 'node:tls';
import { Client, type Dispatcher } from 'undici';
import type { Stage } from '../network.ts';
import type { Clock } from '../probe.ts';
import { askStream, openSession, type Asked, type Sink } from './h2.ts';

/** Monotonic instants of the making of one connection, ms; null where a step did not happen. */
export interface Milestones {
  startedMs: number | null;
  resolvedMs: number | null;
  connectedMs: number | null;
  securedMs: number | null;
}

export type Alpn = 'http/1.1' | 'h2';

export interface LineOptions {
  readonly origin: string;
  readonly keepAlive: boolean;
  readonly secureContext: SecureContext | null;
  /** What is offered to the peer, the better first. Default: HTTP/1.1 alone. */
  readonly alpn?: readonly Alpn[];
  /** Addresses of this family only; 0, the default: whatever answers first. */
  readonly family?: 0 | 4 | 6;
}

/** How long an idle kept connection may serve again, ms; the peer's own hint is honoured when it is shorter. */
const KEPT_MS = 600_000;

/** Takes a request back from undici, which is then asked over HTTP/2. One for all: a stack trace each would cost. */
const CHOSEN = new Error('the peer speaks HTTP/2');

/**
 * Ends a fresh connection of undici's in the words in which undici would end it a moment later, with an error that it
 * takes for no failure. To write down a stack trace each time would be a tenth of all the work of a run.
 */
const DONE = Object.assign(new Error('the answer is complete'), { code: 'UND_ERR_INFO' });

const HTTP1: readonly Alpn[] = ['http/1.1'];

/**
 * One connection at a time on sockets of our own making, so that each step can be timed: undici speaks HTTP/1.1 on it,
 * `node:http2` HTTP/2. It serves one request at a time; between fresh runs it holds no socket.
 */
export class Line {
  milestones: Milestones = { startedMs: null, resolvedMs: null, connectedMs: null, securedMs: null };
  /** TCP connections tried since the last `rearm`; a name with several addresses may need more than one. */
  connections = 0;
  private readonly client: Client;
  private readonly origin: URL;
  /** Sockets opened in the line's whole life. */
  opened = 0;
  private readonly options: LineOptions;
  private readonly clock: Clock;
  /** An address needs no resolving. */
  private readonly named: boolean;
  /** Of the last address tried, which is the one connected to. */
  private triedFamily: number | null;
  private socket: Socket | null = null;
  private session: ClientHttp2Session | null = null;

  constructor(options: LineOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
    this.origin = new URL(options.origin);
    const addressFamily = isIP(this.origin.hostname.replaceAll(/^\[|\]$/g, ''));
    this.named = addressFamily === 0;
    this.triedFamily = this.named ? null : addressFamily;
    this.client = new Client(options.origin, {
      allowH2: false,
      pipelining: options.keepAlive ? 1 : 0,
      keepAliveTimeout: KEPT_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) => {
        const socket = this.open(target.hostname, Number(target.port));
        const secure = this.options.secureContext !== null;
        const succeed = () => {
          socket.off('error', fail);
          if (!secure) return callback(null, socket);
          this.milestones.securedMs = this.clock.monotonicMs();
          const problem = this.settled(socket);
          return problem === null ? callback(null, socket) : callback(problem, null);
        };
        const fail = (error: Error) => {
          socket.off(secure ? 'secureConnect' : 'connect', succeed);
          callback(error, null);
        };
        socket.once(secure ? 'secureConnect' : 'connect', succeed).once('error', fail);
      },
    });
  }

  /** Forgets the last run's connection; a kept socket stays. */
  rearm(): void {
    this.milestones = { startedMs: null, resolvedMs: null, connectedMs: null, securedMs: null };
    this.connections = 0;
  }

  ask(asked: Asked, sink: Sink & Dispatcher.DispatchHandler): void {
    const { session } = this;
    if (session !== null && !session.closed && !session.destroyed) {
      session.ref();
      askStream(session, this.origin, asked, sink);
    } else {
      this.session = null;
      this.client.dispatch({ ...asked, reset: !this.options.keepAlive }, sink);
    }
  }

  /** Undici gave a request back because the peer chose HTTP/2. */
  isChosen(error: Error): boolean {
    return error === CHOSEN;
  }

  /** 1.1 or 2; null when it never came to that. */
  version(): number | null {
    if (this.stage() !== 'answer') return null;
    return this.session === null ? 1.1 : 2;
  }

  /** 4 or 6; null when no connection was made. */
  addressFamily(): number | null {
    return this.milestones.startedMs !== null && this.milestones.connectedMs === null ? null : this.triedFamily;
  }

  /** Wall-clock ms at which the peer's certificate ends; null without TLS. */
  certificateEndMs(): number | null {
    const certificate = this.socket instanceof TLSSocket ? this.socket.getPeerX509Certificate() : undefined;
    return certificate === undefined ? null : Date.parse(certificate.validTo);
  }

  /** What was written is more than the operating system has taken so far. */
  isDraining(): boolean {
    return this.socket?.writableNeedDrain === true;
  }

  whenDrained(then: () => void): void {
    this.socket?.once('drain', then);
  }

  stage(): Stage {
    const { startedMs, resolvedMs, connectedMs, securedMs } = this.milestones;
    if (startedMs === null) return 'answer';
    if (connectedMs === null) return resolvedMs === null && this.named ? 'dns' : 'connect';
    return this.options.secureContext !== null && securedMs === null ? 'tls' : 'answer';
  }

  /** The answer is complete. */
  release(): void {
    if (this.options.keepAlive) this.session?.unref();
    else if (this.session === null) this.socket?.destroy(DONE);
    else {
      this.session.destroy();
      this.session = null;
    }
  }

  /** A connection is there that the next request would go over. */
  isStanding(): boolean {
    return this.socket !== null && this.socket.readable && this.socket.writable;
  }

  /** Ends whatever is open, at once. */
  destroy(): Promise<void> {
    this.session?.destroy();
    this.socket?.destroy();
    return this.client.destroy();
  }

  /** Who speaks on a new TLS connection: null is undici. */
  private settled(socket: Socket): Error | null {
    const chosen = socket instanceof TLSSocket ? socket.alpnProtocol : null;
    if (chosen === 'h2') {
      this.session = openSession(this.options.origin, socket);
      return CHOSEN;
    }
    if (this.options.alpn?.includes('http/1.1') ?? true) return null;
    socket.destroy();
    return new Error(`expected the peer to choose h2 by ALPN, got ${chosen || 'no choice'}`);
  }

  private open(hostname: string, givenPort: number): Socket {
    const { secureContext, alpn = HTTP1, family = 0 } = this.options;
    const milestones = this.milestones;
    milestones.startedMs = this.clock.monotonicMs();
    const target = { host: hostname, port: givenPort || (secureContext === null ? 80 : 443), family };
    const socket =
      secureContext === null
        ? connectTcp({ ...target, noDelay: true })
        : connectTls({
            ...target,
            secureContext,
            ALPNProtocols: [...alpn],
            // An address cannot be a server name (RFC 6066, section 3).
            ...(this.named ? { servername: hostname } : {}),
          });
    if (secureContext !== null) socket.setNoDelay(true);
    if (this.named) {
      socket.once('lookup', (error: Error | null) => {
        if (error === null) milestones.resolvedMs = this.clock.monotonicMs();
      });
      socket.on('connectionAttempt', (_address, _port, tried) => {
        this.connections++;
        this.triedFamily = tried;
      });
    } else this.connections++;
    socket.once('connect', () => {
      milestones.connectedMs = this.clock.monotonicMs();
    });
    this.socket = socket;
    this.opened++;
    return socket;
  }
}
