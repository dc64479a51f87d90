/** Can a connection be made? Nothing is asked over it. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { networkVerdict } from '../../probes/network.ts';
import type { Clock } from '../../probes/probe.ts';

export interface Reached {
  /** DNS, TCP and TLS together, ms; null when it was not reached. */
  readonly ms: number | null;
  /** Why not; null when it was. */
  readonly why: string | null;
}

const LONGEST_MS = 5000;
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

/** @param ca certificates to trust instead of the system's, PEM */
export function reach(address: string, ca: string | undefined, clock: Clock): Promise<Reached> {
  const { protocol, hostname, port } = new URL(address);
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const to = { host, port: port === '' ? (PORTS[protocol] ?? 443) : Number(port) };
  const startMs = clock.monotonicMs();
  return new Promise((resolve) => {
    const socket: Socket = isSecure
      ? connectTls({ ...to, ...(ca === undefined ? {} : { ca }), servername: isName(host) ? host : '' })
      : connectTcp(to);
    const end = (reached: Reached): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reached);
    };
    const timer = setTimeout(() => end({ ms: null, why: `no connection within ${LONGEST_MS} ms` }), LONGEST_MS);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => end({ ms: clock.monotonicMs() - startMs, why: null }));
    socket.on('error', (error) => {
      const { reason, detail } = networkVerdict(error);
      end({ ms: null, why: `${reason ?? 'error'}: ${detail ?? error.message}` });
    });
  });
}

/** Server names in TLS are names; an address is none (RFC 6066). */
function isName(host: string): boolean {
  return !/^[\d.]+$/.test(host) && !host.includes(':');
}
