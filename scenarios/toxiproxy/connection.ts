import { connect, type Socket } from 'node:net';
import type { Address } from './address.ts';
import type { Counters } from './counters.ts';
import { Link } from './link.ts';
import { seededRandom } from '../random.ts';
import type { Toxic } from './stage.ts';

export interface ConnectionSite {
  readonly upstream: Address;
  readonly connectTimeoutMs: number;
  readonly counters: Counters;
  /** Seed of this connection's draws: the server's seed, the proxy's name, the connection's number. */
  readonly seed: readonly [number, string, number];
  /** Asked once, when the upstream has answered. */
  toxics(): readonly Toxic[];
}

const ignore = () => {};

/** A client and its upstream: dialled, linked in both directions, and gone when both sockets are closed. */
export class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #site: ConnectionSite;
  #links: { readonly upstream: Link; readonly downstream: Link } | undefined;
  #open = 2;

  /** `client` comes paused. Dialling does not hold up other connections, and is bounded. */
  constructor(client: Socket, site: ConnectionSite, onClosed: () => void) {
    this.#client = client;
    this.#site = site;
    const { upstream, connectTimeoutMs, counters } = site;
    this.#server = connect({ host: upstream.host, port: upstream.port, allowHalfOpen: true, noDelay: true });
    const dialling = setTimeout(() => this.#server.destroy(new Error('dial timeout')), connectTimeoutMs);
    this.#server.once('connect', () => {
      clearTimeout(dialling);
      this.#link();
    });
    for (const socket of [client, this.#server]) {
      // A peer's reset is followed by `close`, which is what ends a direction.
      socket.on('error', ignore);
      socket.once('close', () => {
        this.#open -= 1;
        if (this.#open > 0) return;
        this.#links?.upstream.dispose();
        this.#links?.downstream.dispose();
        onClosed();
      });
    }
    this.#server.once('close', () => {
      clearTimeout(dialling);
      if (this.#links !== undefined) return;
      if (!client.destroyed) counters.connections.failed += 1;
      // The client was accepted before we knew: it sees an end, not a refusal. Reading keeps that end from being a reset.
      client.resume();
      client.destroySoon();
    });
  }

  #link(): void {
    const { counters, seed } = this.#site;
    const randomOf = (direction: string) => (toxic: string) =>
      seededRandom(seed[0], seed[1], seed[2], direction, toxic);
    const ends = {
      cut: () => {
        counters.connections.cut += 1;
      },
      reset: () => {
        counters.connections.cut += 1;
        resetSocket(this.#client);
        resetSocket(this.#server);
      },
    };
    const { upstream, downstream } = counters;
    this.#links = {
      upstream: new Link(this.#client, this.#server, upstream, ends, randomOf('upstream')),
      downstream: new Link(this.#server, this.#client, downstream, ends, randomOf('downstream')),
    };
    for (const toxic of this.#site.toxics()) this.add(toxic);
    this.#client.resume();
  }

  add(toxic: Toxic): void {
    this.#links?.[toxic.direction].add(toxic);
  }

  update(toxic: Toxic): void {
    this.#links?.[toxic.direction].update(toxic);
  }

  remove(toxic: Toxic): void {
    this.#links?.[toxic.direction].remove(toxic.name);
  }

  /** Closes both ends at once; what was on its way is lost. */
  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }
}

/** A socket that has sent its end can no longer be reset, only closed. */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
