import type { Dispatcher } from 'undici';
import { abortVerdict, bad, networkVerdict, type Verdict } from '../network.ts';
import type { Phases, RunContext } from '../probe.ts';
import { encodingsOf } from './encoding.ts';
import type { Asked, Sink } from './h2.ts';
import type { Line, Milestones } from './line.ts';

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What one request brought back. `failure` is null when the whole answer was read. */
export interface Answer {
  readonly failure: Verdict | null;
  readonly status: number | null;
  readonly headers: AnswerHeaders;
  /** As it came over the wire; only when it was asked for or must be inflated. */
  readonly body: Buffer | null;
  /** Of the body, as they came over the wire. */
  readonly bytes: number;
  readonly phases: Phases;
  /** Request begun (DNS, TCP and TLS included) → last byte; null when the answer never ended. */
  readonly latencyMs: number | null;
  /** TCP connections tried. */
  readonly connections: number;
  /** Times that the request was written: more than one would be a hidden retry. */
  readonly requests: number;
  /** 1.1 or 2, and 4 or 6; null when it never came to a connection. */
  readonly httpVersion: number | null;
  readonly addressFamily: number | null;
  /** Wall-clock ms; only when it was asked for. */
  readonly certificateEndMs: number | null;
  /** The request was handed to the socket: the peer may have seen it. */
  readonly sent: boolean;
}

/** What a probe asks, computed once for all its runs. */
export interface Request {
  readonly options: Asked;
  readonly keepBody: boolean;
  readonly maxBodyBytes: number;
  readonly wantsCertificate?: boolean;
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

/** The callbacks of one request, in the order in which they come: from undici, or over HTTP/2 (a `Sink`). */
class Exchange implements Dispatcher.DispatchHandler, Sink {
  private readonly line: Line;
  private readonly request: Request;
  private readonly ctx: Within;
  private readonly resolve: (answer: Answer) => void;
  private readonly chunks: Buffer[] = [];
  private keepBody: boolean;
  private startedMs = 0;
  private requests = 0;
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
    this.keepBody = request.keepBody;
  }

  start(): void {
    this.line.rearm();
    this.startedMs = this.ctx.clock.monotonicMs();
    if (this.ctx.signal.aborted) {
      this.handleEvent();
      return;
    }
    this.ctx.signal.addEventListener('abort', this);
    this.line.ask(this.request.options, this);
  }

  /** The run's signal aborted (this object is its own listener, which spares each run a closure). */
  handleEvent(): void {
    this.fail(abortVerdict(this.ctx.signal, this.line.stage(), this.ctx.timeoutMs));
  }

  onRequestStart(): void {
    this.requests++;
  }

  onRequestSent(): void {
    if (this.line.isDraining()) this.line.whenDrained(() => this.sent());
    else this.sent();
  }

  onResponseStarted(): void {
    this.began();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.head(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.data(chunk);
  }

  onResponseEnd(): void {
    this.ended();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.settled) return;
    if (this.line.isChosen(error)) {
      this.line.ask(this.request.options, this);
    } else this.failed(error);
  }

  begun(): void {
    this.requests++;
  }

  sent(): void {
    this.sentMs ??= this.ctx.clock.monotonicMs();
  }

  began(): void {
    this.firstByteMs ??= this.ctx.clock.monotonicMs();
  }

  head(status: number, headers: Answer['headers']): void {
    this.status = status;
    this.headers = headers;
    this.keepBody ||= encodingsOf(headers['content-encoding']).length > 0;
  }

  data(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > this.request.maxBodyBytes) {
      this.fail(bad('body-too-large', `expected a body of at most ${this.request.maxBodyBytes} bytes, got more`));
    } else if (this.keepBody) this.chunks.push(chunk);
  }

  ended(): void {
    this.settle(null);
  }

  failed(error: Error): void {
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
    const { line } = this;
    this.resolve({
      failure,
      status: this.status,
      headers: this.headers,
      body: this.keepBody && failure === null ? joined(this.chunks) : null,
      bytes: this.bytes,
      phases: phasesOf(line.milestones, this.startedMs, this.sentMs, this.firstByteMs, failure === null ? endMs : null),
      latencyMs: failure === null ? endMs - this.startedMs : null,
      connections: line.connections,
      requests: this.requests,
      httpVersion: line.version(),
      addressFamily: line.addressFamily(),
      certificateEndMs: this.request.wantsCertificate === true ? line.certificateEndMs() : null,
      sent: this.requests > 0,
    });
    // Never before the answer's end: undici would take it for a reason to ask again.
    if (failure === null) line.release();
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}

function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : toMs - fromMs;
}

function phasesOf(
  made: Milestones,
  startedMs: number,
  sentMs: number | null,
  firstByteMs: number | null,
  endMs: number | null,
): Phases {
  return {
    dnsMs: between(made.startedMs, made.resolvedMs),
    connectMs: between(made.resolvedMs ?? made.startedMs, made.connectedMs),
    tlsMs: between(made.connectedMs, made.securedMs),
    sentMs: between(made.securedMs ?? made.connectedMs ?? startedMs, sentMs),
    firstByteMs: between(sentMs, firstByteMs),
    transferMs: between(firstByteMs, endMs),
  };
}
