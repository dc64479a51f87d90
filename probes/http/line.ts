import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { Client } from 'undici';
import type { Stage } from '../network.ts';
import type { Clock } from '../probe.ts';

/** Monotonic instants of the making of one connection, ms; null where a step did not happen. */
export interface Milestones {
  startedMs: number | null;
  resolvedMs: number | null;
  connectedMs: number | null;
  securedMs: number | null;
}

export interface LineOptions {
  readonly origin: string;
  readonly keepAlive: boolean;
  readonly secureContext: SecureContext | null;
}

/** TLS settings are parsed once: doing it for each connection costs more than the handshake's own bookkeeping. */
export function secureContextFor(url: URL, ca: string | undefined): SecureContext | null {
  if (url.protocol !== 'https:') return null;
  return createSecureContext(ca === undefined ? {} : { ca });
}

/** How long an idle kept connection may serve again, ms; the peer's own hint is honoured when it is shorter. */
const KEPT_MS = 600_000;

/**
 * One undici client on sockets of our own making, so that each step of a connection can be timed. It serves one request
 * at a time; between fresh runs it holds no socket.
 */
export class Line {
  readonly client: Client;
  milestones: Milestones = { startedMs: null, resolvedMs: null, connectedMs: null, securedMs: null };
  /** Connections begun since the last `rearm`: more than one would be a hidden retry. */
  connections = 0;
  private readonly options: LineOptions;
  private readonly clock: Clock;
  /** An address needs no resolving. */
  private readonly named: boolean;
  private socket: Socket | null = null;

  constructor(options: LineOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
    this.named = isIP(new URL(options.origin).hostname.replaceAll(/^\[|\]$/g, '')) === 0;
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
          if (secure) this.milestones.securedMs = this.clock.monotonicMs();
          callback(null, socket);
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

  stage(): Stage {
    const { startedMs, resolvedMs, connectedMs, securedMs } = this.milestones;
    if (startedMs === null) return 'answer';
    if (connectedMs === null) return resolvedMs === null && this.named ? 'dns' : 'connect';
    return this.options.secureContext !== null && securedMs === null ? 'tls' : 'answer';
  }

  /** Ends whatever is open, at once. */
  destroy(): Promise<void> {
    this.socket?.destroy();
    return this.client.destroy();
  }

  private open(hostname: string, givenPort: number): Socket {
    const { secureContext } = this.options;
    const milestones = this.milestones;
    this.connections++;
    milestones.startedMs = this.clock.monotonicMs();
    const socket =
      secureContext === null
        ? connectTcp({ host: hostname, port: givenPort || 80, noDelay: true })
        : connectTls({
            host: hostname,
            port: givenPort || 443,
            secureContext,
            ALPNProtocols: ['http/1.1'],
            // An address cannot be a server name (RFC 6066, section 3).
            ...(this.named ? { servername: hostname } : {}),
          });
    if (secureContext !== null) socket.setNoDelay(true);
    if (this.named) {
      socket.once('lookup', (error: Error | null) => {
        if (error === null) milestones.resolvedMs = this.clock.monotonicMs();
      });
    }
    socket.once('connect', () => {
      milestones.connectedMs = this.clock.monotonicMs();
    });
    this.socket = socket;
    return socket;
  }
}
