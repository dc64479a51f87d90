import type { SandboxClock } from '../clock.ts';
import { Link } from '../link.ts';
import type { Address } from '../listen.ts';
import type { Random } from '../random.ts';
import type { FeedName } from './failover.ts';
import type { GatewayReport } from './reports.ts';
import { reportSchema } from './reports.ts';

export interface GatewaysOptions {
  readonly upstreams: Readonly<Record<FeedName, Address>>;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly clock: SandboxClock;
  readonly random: Random;
  /** Connected, for the first time or again. */
  readonly onOpen: (exchange: FeedName) => void;
  readonly onReport: (report: GatewayReport) => void;
}

/** The order gateways of both exchanges. */
export class Gateways {
  readonly #options: GatewaysOptions;
  readonly #links: Readonly<Record<FeedName, Link>>;

  constructor(options: GatewaysOptions) {
    this.#options = options;
    this.#links = { primary: this.#open('primary'), backup: this.#open('backup') };
  }

  isOpen(exchange: FeedName): boolean {
    return this.#links[exchange].isOpen;
  }

  /** False: not connected, nothing was sent. */
  send(exchange: FeedName, message: object): boolean {
    return this.#links[exchange].send(JSON.stringify(message));
  }

  close(): void {
    this.#links.primary.close();
    this.#links.backup.close();
  }

  #open(exchange: FeedName): Link {
    const { upstreams, connectTimeoutMs, idleTimeoutMs, clock, random } = this.#options;
    const { host, port } = upstreams[exchange];
    return new Link({
      url: `ws://${host}:${port}/`,
      connectTimeoutMs,
      idleTimeoutMs,
      clock,
      random,
      onOpen: () => this.#options.onOpen(exchange),
      onMessage: (text) => this.#receive(text),
    });
  }

  /** What cannot be read is dropped: the exchange's own errors, and messages of a newer exchange. */
  #receive(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    const report = reportSchema.safeParse(message);
    if (report.success) this.#options.onReport(report.data);
  }
}
