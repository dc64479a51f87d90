import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { WebSocket } from 'ws';
import { Broadcast } from '../broadcast.ts';
import { problems } from '../knobs.ts';

const CHANNELS = ['trades', 'positions', 'signals', 'orders'] as const;
export type Channel = (typeof CHANNELS)[number];

const requestSchema = z.strictObject({
  action: z.enum(['subscribe', 'unsubscribe']),
  channels: z.array(z.enum(CHANNELS)).min(1),
});

/** `/ws`: says nothing until it is asked, then everything of the channels that were asked for, and a heartbeat. */
export class Stream {
  readonly #channels: Readonly<Record<Channel, Broadcast>>;
  readonly #everyone: Broadcast;
  /** What a new subscriber of a channel is told first. */
  readonly #greet: (channel: Channel) => object | null;

  constructor(maxBufferedBytes: number, greet: (channel: Channel) => object | null) {
    const broadcast = (): Broadcast => new Broadcast(maxBufferedBytes);
    this.#channels = { trades: broadcast(), positions: broadcast(), signals: broadcast(), orders: broadcast() };
    this.#everyone = broadcast();
    this.#greet = greet;
  }

  get clients(): number {
    return this.#everyone.size;
  }

  get dropped(): number {
    return [this.#everyone, ...Object.values(this.#channels)].reduce((sum, { dropped }) => sum + dropped, 0);
  }

  hasListeners(channel: Channel): boolean {
    return this.#channels[channel].size > 0;
  }

  add(client: WebSocket, socket: Duplex): void {
    this.#everyone.add(client, socket);
    client.on('message', (data: Buffer) => this.#request(client, socket, data.toString()));
  }

  publish(channel: Channel, event: object): void {
    if (this.hasListeners(channel)) this.#channels[channel].send(JSON.stringify(event));
  }

  heartbeat(us: number): void {
    this.#everyone.send(JSON.stringify({ type: 'heartbeat', timestamp: us }));
  }

  #request(client: WebSocket, socket: Duplex, text: string): void {
    const request = parse(text);
    if (typeof request === 'string') {
      client.send(JSON.stringify({ type: 'error', message: request }));
      return;
    }
    const { action, channels } = request;
    client.send(JSON.stringify({ type: `${action}d`, channels }));
    for (const channel of channels) {
      if (action === 'unsubscribe') {
        this.#channels[channel].remove(client);
        continue;
      }
      this.#channels[channel].add(client, socket);
      const greeting = this.#greet(channel);
      if (greeting !== null) client.send(JSON.stringify(greeting));
    }
  }
}

function parse(text: string): z.infer<typeof requestSchema> | string {
  try {
    const parsed = requestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : problems(parsed.error);
  } catch {
    return 'the message is not JSON';
  }
}
