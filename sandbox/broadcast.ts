import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/**
 * One message to many clients: serialised once by the caller, written in one system call per client and batch.
 *
 * A client that does not read is cut off once `maxBufferedBytes` wait for it: dropping messages would look like a gap in
 * the feed, and keeping them would let one reader eat the process.
 */
export class Broadcast {
  readonly #clients = new Map<WebSocket, Duplex>();
  readonly #watched = new WeakSet<WebSocket>();
  readonly #maxBufferedBytes: number;
  #corked = false;
  #dropped = 0;

  constructor(maxBufferedBytes: number) {
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** How many clients were cut off for not reading. */
  get dropped(): number {
    return this.#dropped;
  }

  /** `socket`: the TCP stream under the client, from the upgrade request. */
  add(client: WebSocket, socket: Duplex): void {
    this.#clients.set(client, socket);
    if (this.#watched.has(client)) return;
    this.#watched.add(client);
    client.once('close', () => this.remove(client));
  }

  remove(client: WebSocket): void {
    this.#clients.delete(client);
  }

  send(message: string): void {
    if (this.#clients.size === 0) return;
    this.#cork();
    const bytes = Buffer.from(message);
    for (const client of this.#clients.keys()) client.send(bytes, { binary: false });
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const batch = [...this.#clients];
    for (const [, socket] of batch) socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      for (const [client, socket] of batch) {
        socket.uncork();
        if (client.bufferedAmount <= this.#maxBufferedBytes) continue;
        this.#dropped += 1;
        this.remove(client);
        client.terminate();
      }
    });
  }
}
