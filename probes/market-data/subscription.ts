import type { WebSocket } from 'ws';
import { bad, networkVerdict, type Verdict } from '../network.ts';
import type { Clock } from '../probe.ts';
import { hangUp } from './dial.ts';
import type { Tape } from './tape.ts';

/** Close codes (RFC 6455, 7.4.1): the server does not want us; and, made up by our side, there was no closing at all. */
const POLICY_VIOLATION = 1008;
const ABNORMAL = 1006;

function farewell(code: number, why: string): Verdict {
  if (code === ABNORMAL) return bad('reset', 'the connection broke without a goodbye');
  const said = why === '' ? '' : ` (${why})`;
  return bad(
    code === POLICY_VIOLATION ? 'subscribe-rejected' : 'closed',
    `the server closed the connection with code ${code}${said}`,
  );
}

/** One connection that has been dialled: subscribes, and hands everything that comes to the tape. */
export class Subscription {
  private readonly socket: WebSocket;
  private readonly clock: Clock;
  private readonly ended = Promise.withResolvers<Verdict>();
  private failure: Verdict | null = null;
  /** Anything came, a pong included, since the last look. */
  private alive = true;

  constructor(socket: WebSocket, messages: readonly unknown[], tape: Tape, clock: Clock) {
    this.socket = socket;
    this.clock = clock;
    socket.on('message', (data, isBinary) => {
      const wallMs = clock.wallMs();
      this.alive = true;
      if (isBinary || !Buffer.isBuffer(data)) tape.takeUnreadable();
      else tape.take(data.toString(), wallMs);
    });
    socket.on('pong', () => {
      this.alive = true;
    });
    socket.on('error', (error) => {
      this.failure ??= networkVerdict(error);
    });
    socket.on('close', (code, why) => this.ended.resolve(this.failure ?? farewell(code, why.toString())));
    for (const message of messages) socket.send(JSON.stringify(message));
  }

  /** Resolves when the connection is gone, with the reason. Never rejects. */
  get end(): Promise<Verdict> {
    return this.ended.promise;
  }

  /** A peer that vanished without a word is found out by the second look: nothing has come since the ping of the first. */
  look(afterMs: number): void {
    if (!this.alive) {
      this.failure ??= bad('timeout', `no sign of life for ${Math.round(afterMs / 1000)} s, not even a pong`);
      this.socket.terminate();
      return;
    }
    this.alive = false;
    this.socket.ping();
  }

  /** @param inHaste without waiting for the peer's goodbye. */
  leave(inHaste: boolean): Promise<void> {
    return hangUp(this.socket, this.clock, inHaste);
  }
}
