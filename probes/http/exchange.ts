import type { Dispatcher } from 'undici';
import { abortVerdict, bad, networkVerdict, type Verdict } from '../network.ts';
import type { Phases, RunContext } from '../probe.ts';
import type { Line, Milestones } from './line.ts';

/** What one request brought back. `failure` is null when the whole answer was read. */
export interface Answer {
  readonly failure: Verdict | null;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Only when it was asked for. */
  readonly body: Buffer | null;
  readonly bytes: number;
  readonly phases: Phases;
  /** Request begun (DNS, TCP and TLS included) → last byte; null when the answer never ended. */
  readonly latencyMs: number | null;
  readonly connections: number;
  /** The request was handed to the socket: the peer may have seen it. */
  readonly sent: boolean;
}

/** What a probe asks, computed once for all its runs. */
export interface Request {
  readonly options: Dispatcher.DispatchOptions;
  readonly keepBody: boolean;
  readonly maxBodyBytes: number;
}

/** The part of a run's context that one request needs. */
export interface Within extends Pick<RunContext, 'clock' | 'signal'> {
  /** For the text of a timeout; null when the allowance is no round figure. */
  readonly timeoutMs: number | null;
}

/** Sends one request over the line and waits for the last byte, the deadline, or the first failure. */
export function exchange(line: Line, request: Request, ctx: Within): Promise<Answer> {
  return new Promise((resolve) => {
    new Exchange(line, request, ctx, resolve).start();
  });
}

/** The callbacks of one request, in the order in which undici makes them. */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly line: Line;
  private readonly request: Request;
  private readonly ctx: Within;
  private readonly resolve: (answer: Answer) => void;
  private readonly chunks: Buffer[] = [];
  private startedMs = 0;
  private sentMs: number | null = null;
  private firstByteMs: number | null = null;
  private status: number | null = null;
  private headers: Answer['headers'] = {};
  private bytes = 0;
  private settled = false;

  constructor(line: Line, request: Request, ctx: Within, resolve: (answer: Answer) => void) {
    this.line = line;
    this.request = request;
    this.ctx = ctx;
    this.resolve = resolve;
  }

  start(): void {
    this.line.rearm();
    this.startedMs = this.ctx.clock.monotonicMs();
    if (this.ctx.signal.aborted) {
      this.handleEvent();
      return;
    }
    this.ctx.signal.addEventListener('abort', this);
    this.line.client.dispatch(this.request.options, this);
  }

  /** The run's signal aborted (this object is its own listener, which spares each run a closure). */
  handleEvent(): void {
    this.fail(abortVerdict(this.ctx.signal, this.line.stage(), this.ctx.timeoutMs));
  }

  onRequestStart(): void {}

  onRequestSent(): void {
    this.sentMs = this.ctx.clock.monotonicMs();
  }

  onResponseStarted(): void {
    this.firstByteMs ??= this.ctx.clock.monotonicMs();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > this.request.maxBodyBytes) {
      this.fail(bad('body-too-large', `expected a body of at most ${this.request.maxBodyBytes} bytes, got more`));
    } else if (this.request.keepBody) this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.settle(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(networkVerdict(error));
  }

  private fail(verdict: Verdict): void {
    if (this.settled) return;
    this.settle(verdict);
    void this.line.destroy();
  }

  private settle(failure: Verdict | null): void {
    if (this.settled) return;
    this.settled = true;
    const endMs = this.ctx.clock.monotonicMs();
    this.ctx.signal.removeEventListener('abort', this);
    this.resolve({
      failure,
      status: this.status,
      headers: this.headers,
      body: this.request.keepBody && failure === null ? joined(this.chunks) : null,
      bytes: this.bytes,
      phases: phasesOf(this.line.milestones, this.sentMs, this.firstByteMs, failure === null ? endMs : null),
      latencyMs: failure === null ? endMs - this.startedMs : null,
      connections: this.line.connections,
      sent: this.sentMs !== null,
    });
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}

function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : toMs - fromMs;
}

function phasesOf(made: Milestones, sentMs: number | null, firstByteMs: number | null, endMs: number | null): Phases {
  return {
    dnsMs: between(made.startedMs, made.resolvedMs),
    connectMs: between(made.resolvedMs ?? made.startedMs, made.connectedMs),
    tlsMs: between(made.connectedMs, made.securedMs),
    sentMs: null,
    firstByteMs: between(sentMs, firstByteMs),
    transferMs: between(firstByteMs, endMs),
  };
}
