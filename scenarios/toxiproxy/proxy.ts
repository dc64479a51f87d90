import { createServer, type Server } from 'node:net';
import { addressText, parseAddress, resolveAddress, type Address } from './address.ts';
import { Connection } from './connection.ts';
import { newCounters } from './counters.ts';
import type { Toxic } from './stage.ts';

/** What every proxy of a server shares. */
export interface ProxySite {
  readonly seed: number;
  readonly connectTimeoutMs: number;
}

const BIND_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
};

/** A listener, its connections and its toxics. Toxics outlive both. */
export class Proxy {
  readonly name: string;
  readonly counters = newCounters();
  /** As given until it was first bound; from then on the address it really has. */
  listen: string;
  upstream: string;
  /** The lease under which it was disabled; null when it is enabled, or disabled for good. */
  disabledUnder: string | null = null;
  readonly #site: ProxySite;
  readonly #connections = new Set<Connection>();
  /** In order of creation; each direction's chain has the same order. */
  #toxics: readonly Toxic[] = [];
  #server: Server | undefined;

  constructor(name: string, listen: string, upstream: string, site: ProxySite) {
    this.name = name;
    this.listen = listen;
    this.upstream = upstream;
    this.#site = site;
  }

  get enabled(): boolean {
    return this.#server !== undefined;
  }

  /** Upstream's toxics first, then downstream's, each in the order of its chain. */
  get toxics(): readonly Toxic[] {
    const of = (direction: string) => this.#toxics.filter((toxic) => toxic.direction === direction);
    return [...of('upstream'), ...of('downstream')];
  }

  /** Binds; null, or why not. */
  async start(): Promise<string | null> {
    if (this.#server !== undefined) return null;
    const address = await resolveAddress(this.listen);
    if ('problem' in address) return `listen tcp: ${address.problem}`;
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
      const { connections } = this.counters;
      connections.accepted += 1;
      connections.open += 1;
      const connection = new Connection(
        client,
        {
          upstream: upstreamOf(this.upstream),
          connectTimeoutMs: this.#site.connectTimeoutMs,
          counters: this.counters,
          seed: [this.#site.seed, this.name, connections.accepted],
          toxics: () => this.toxics,
        },
        () => {
          connections.open -= 1;
          this.#connections.delete(connection);
        },
      );
      this.#connections.add(connection);
    });
    const problem = await bind(server, address);
    if (problem !== null) return `listen tcp ${addressText(address)}: bind: ${problem}`;
    const bound = server.address();
    if (bound !== null && typeof bound === 'object') {
      this.listen = addressText({ host: bound.address, port: bound.port });
    }
    this.#server = server;
    this.disabledUnder = null;
    return null;
  }

  /** Gives the port back and closes every connection: new ones are refused, open ones see an end. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    this.counters.connections.cut += this.#connections.size;
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  /** Whether it would have to be bound anew to have this listener and upstream; or why that cannot be told. */
  async differs(listen: string, upstream: string): Promise<boolean | { readonly problem: string }> {
    const address = await resolveAddress(listen);
    if ('problem' in address) return address;
    return addressText(address) !== this.listen || upstream !== this.upstream;
  }

  toxic(name: string): Toxic | undefined {
    return this.#toxics.find((toxic) => toxic.name === name);
  }

  // Toxics change at once, on open connections too, and never wait for anybody.

  addToxic(toxic: Toxic): void {
    this.#toxics = [...this.#toxics, toxic];
    for (const connection of this.#connections) connection.add(toxic);
  }

  updateToxic(toxic: Toxic): void {
    this.#toxics = this.#toxics.map((other) => (other.name === toxic.name ? toxic : other));
    for (const connection of this.#connections) connection.update(toxic);
  }

  removeToxic(toxic: Toxic): void {
    this.#toxics = this.#toxics.filter((other) => other.name !== toxic.name);
    for (const connection of this.#connections) connection.remove(toxic);
  }
}

/** An upstream that is no address is found out when it is dialled, like one that does not answer. */
function upstreamOf(text: string): Address {
  const address = parseAddress(text);
  return 'problem' in address ? { host: '', port: 0 } : address;
}

/** Null, or the reason in the words that clients of this interface know. */
function bind(server: Server, { host, port }: Address): Promise<string | null> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(BIND_ERRORS[error.code ?? ''] ?? error.message));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      // Out of file descriptors, say: that client is lost, the proxy goes on.
      server.on('error', () => {});
      resolve(null);
    });
  });
}
