import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

export interface Address {
  readonly host: string;
  /** 0: let the system choose. */
  readonly port: number;
}

const BRACKETED = /^\[([^\]]*)\]:(\d{1,5})$/;
const PLAIN = /^([^:]*):(\d{1,5})$/;

/**
 * `host:port` or `[v6]:port`. No host means loopback: a proxy that breaks things on purpose is put on every interface
 * only by whoever writes `0.0.0.0` or `[::]`.
 */
export function parseAddress(text: string): Address | { readonly problem: string } {
  const match = BRACKETED.exec(text) ?? PLAIN.exec(text);
  const port = Number(match?.[2]);
  if (match === null) {
    const problem = /:[^\]]*$/.test(text) ? 'invalid address or port' : 'missing port in address';
    return { problem: `address ${text}: ${problem}` };
  }
  if (port > 65_535) return { problem: `address ${match[2] ?? ''}: invalid port` };
  return { host: match[1] === '' || match[1] === undefined ? '127.0.0.1' : match[1], port };
}

export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** As `parseAddress`, with a host name turned into the number it stands for, IPv4 first. */
export async function resolveAddress(text: string): Promise<Address | { readonly problem: string }> {
  const address = parseAddress(text);
  if ('problem' in address || isIP(address.host) !== 0) return address;
  try {
    return { host: (await lookup(address.host, { order: 'ipv4first' })).address, port: address.port };
  } catch {
    return { problem: `lookup ${address.host}: no such host` };
  }
}
