import type { WebSocket } from 'ws';
import { bad, networkVerdict, type Verdict } from '../network.ts';
import type { Clock } from '../probe.ts';
import { hangUp } from './dial.ts';
import { payloadReader, type Payload } from './payload.ts';
import type { LineSpec } from './spec.ts';

/** Close codes (RFC 6455, 7.4.1): the server does not want us; and, made up by our side, there was no closing at all. */
const POLICY_VIOLATION = 1008;
const ABNORMAL = 1006;
/** A peer that pings and does not read must not fill the memory with our answers. */
const MOST_WAITING_BYTES = 65_536;

/** Takes what a line hears. */
export interface Sink {
  /** Everything of use that it ever took. */
  readonly total: number;
  take(text: string, wallMs: number, monotonicMs: number): void;
  /** A frame that we have no way to read. */
  takeUnreadable(): void;
  interrupted(monotonicMs: number): void;
}

function farewell(code: number, why: string): Verdict {
  if (code === ABNORMAL) return bad('reset', 'the connection broke without a goodbye');
  const said = why === '' ? '' : ` (${why})`;
  return bad(
    code === POLICY_VIOLATION ? 'subscribe-rejected' : 'closed',
    `the server closed the connection with code ${code}${said}`,
  );
}

/** One connection that has been dialled: subscribes, and hands everything that comes to the sink. */
export class Subscription {
  private readonly socket: WebSocket;
  private readonly clock: Clock;
  private readonly sink: Sink;
  private readonly payload: (data: Buffer) => Payload;
  private readonly maxMessageBytes: number;
  private readonly ended = Promise.withResolvers<Verdict>();
  private failure: Verdict | null = null;
  /** Anything came, a pong included, since the last look. */
  private alive = true;
  /** What came in one read of the socket was received at one time, however long it takes to look at it. */
  private isFresh = true;
  private wallMs = 0;
  private monotonicMs = 0;
  /** Monotonic ms at which the ping left that is not answered yet. */
  private pingedMs: number | null = null;
  private pings = 0;
  /** The slowest answer to a ping since the last report, ms. */
  private slowestPongMs: number | null = null;

  constructor(
    socket: WebSocket,
    spec: Pick<LineSpec, 'payload' | 'maxMessageBytes'>,
    messages: readonly unknown[],
    sink: Sink,
    clock: Clock,
  ) {
    this.socket = socket;
    this.clock = clock;
    this.sink = sink;
    this.maxMessageBytes = spec.maxMessageBytes;
    this.payload = payloadReader(spec.payload, spec.maxMessageBytes);
    const expire = () => {
      this.isFresh = true;
    };
    socket.on('message', (data: Buffer, isBinary) => {
      if (this.isFresh) {
        this.isFresh = false;
        this.alive = true;
        this.wallMs = clock.wallMs();
        this.monotonicMs = clock.monotonicMs();
        queueMicrotask(expire);
      }
      if (isBinary) this.takeBinary(data);
      else sink.take(data.toString(), this.wallMs, this.monotonicMs);
    });
    socket.on('ping', (data) => {
      this.alive = true;
      if (socket.readyState === socket.OPEN && socket.bufferedAmount < MOST_WAITING_BYTES) socket.pong(data);
    });
    socket.on('pong', (data) => {
      this.alive = true;
      if (this.pingedMs === null || data.toString() !== String(this.pings)) return;
      this.slowestPongMs = Math.max(this.slowestPongMs ?? 0, clock.monotonicMs() - this.pingedMs);
      this.pingedMs = null;
    });
    socket.on('error', (error) => {
      this.failure ??= networkVerdict(error);
    });
    socket.on('close', (code, why) => this.ended.resolve(this.failure ?? farewell(code, why.toString())));
    for (const message of messages) socket.send(JSON.stringify(message));
    this.ping();
  }

  /** Resolves when the connection is gone, with the reason. Never rejects. */
  get end(): Promise<Verdict> {
    return this.ended.promise;
  }

  /** The slowest round trip of a ping since it was last asked for; null when none came back. */
  drainPing(): number | null {
    const ms = this.slowestPongMs;
    this.slowestPongMs = null;
    return ms;
  }

  /** A peer that vanished without a word is found out by the second look: nothing has come since the ping of the first. */
  look(afterMs: number): void {
    if (!this.alive) {
      this.failure ??= bad('timeout', `no sign of life for ${Math.round(afterMs / 1000)} s, not even a pong`);
      this.socket.terminate();
      return;
    }
    this.alive = false;
    this.ping();
  }

  /** Waits for the peer's goodbye, for a moment, unless the signal has aborted. */
  leave(signal: AbortSignal): Promise<void> {
    return hangUp(this.socket, this.clock, signal);
  }

  private ping(): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.pings++;
    this.pingedMs = this.clock.monotonicMs();
    this.socket.ping(String(this.pings));
  }

  private takeBinary(data: Buffer): void {
    const read = this.payload(data);
    if ('text' in read) this.sink.take(read.text, this.wallMs, this.monotonicMs);
    else if (read.problem === 'unreadable') this.sink.takeUnreadable();
    else {
      this.failure ??= bad('body-too-large', `expected at most ${this.maxMessageBytes} bytes, unpacked, got more`);
      this.socket.terminate();
    }
  }
}
