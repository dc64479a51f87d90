import { WebSocket } from 'ws';
import type { SandboxClock } from './clock.ts';
import type { Random } from './random.ts';

export interface LinkOptions {
  readonly url: string;
  /** Longest wait for TCP connect and WebSocket handshake. */
  readonly connectTimeoutMs: number;
  /** Longest silence of an open link (the other side sends heartbeats) before it is given up. */
  readonly idleTimeoutMs: number;
  readonly clock: SandboxClock;
  /** For the jitter of the backoff. */
  readonly random: Random;
  readonly onOpen: () => void;
  readonly onMessage: (text: string) => void;
}

const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 2_000;

/** A WebSocket client that never gives up: connects, watches for silence, and connects again with backoff, until closed. */
export class Link {
  readonly #options: LinkOptions;
  #socket: WebSocket | null = null;
  #retry: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #attempt = 0;
  #heardMs = 0;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** False: not connected, nothing was sent. True: written, which proves nothing about arrival. */
  send(text: string): boolean {
    if (!this.isOpen || this.#socket === null) return false;
    this.#socket.send(text);
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    this.#socket?.terminate();
  }

  #connect(): void {
    const { url, connectTimeoutMs, idleTimeoutMs, clock } = this.#options;
    const socket = new WebSocket(url, { handshakeTimeout: connectTimeoutMs, perMessageDeflate: false });
    this.#socket = socket;
    this.#heardMs = clock.monotonicMs();
    socket.on('open', () => {
      this.#heardMs = clock.monotonicMs();
      this.#options.onOpen();
    });
    socket.on('message', (data: Buffer) => {
      this.#heardMs = clock.monotonicMs();
      // Reset by data, not by the open socket: a fault proxy accepts connections that lead nowhere.
      this.#attempt = 0;
      this.#options.onMessage(data.toString());
    });
    // Every error is followed by 'close', which alone decides what happens next.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#reconnect());
    this.#watch = setInterval(
      () => {
        const silentMs = clock.monotonicMs() - this.#heardMs;
        if (silentMs > (this.isOpen ? idleTimeoutMs : connectTimeoutMs)) socket.terminate();
      },
      Math.max(10, idleTimeoutMs / 4),
    );
  }

  #reconnect(): void {
    clearInterval(this.#watch);
    if (this.#closed) return;
    const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#connect(), ceilingMs * (0.5 + this.#options.random() / 2));
  }
}
